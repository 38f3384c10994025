"""The headers that every answer carries."""

from beliefgrid.dashboard.policy import CONTENT_SECURITY_POLICY

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
)
NO_STORE = (b"cache-control", b"no-store")
