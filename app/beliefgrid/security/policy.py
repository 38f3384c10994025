"""The headers that every answer carries."""

from beliefgrid.dashboard.policy import CONTENT_SECURITY_POLICY

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
FOR_PAGES = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
FOR_DATA = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
