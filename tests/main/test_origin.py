"""Requests of other sites' pages do not get in."""

import pytest

from beliefgrid.security.headers import Knock
from beliefgrid.security.origin import is_host_allowed, is_ours, name_of

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8000", "localhost"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    """Port, case and brackets do not matter."""
    assert name_of(host) == name


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_other_names_are_not_answered(host: str) -> None:
    """A page whose name was pointed at this machine does not reach it."""
    assert not is_host_allowed(host, LOOPBACK)
    assert is_host_allowed(host, ("*",))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"origin": "http://localhost:8000"}, True),
        ({"origin": "https://localhost:8000"}, True),
        ({"origin": "http://localhost:8001"}, False),
        ({"origin": "http://localhost"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://localhost:8000.evil.example"}, False),
        ({"origin": "http://[broken"}, False),
        ({"origin": "file://localhost:8000"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"}, False),
        ({"origin": "https://grid.example", "x-forwarded-host": "grid.example"}, True),
    ],
)
def test_only_our_own_pages_may_change_things(headers: dict[str, str], *, ours: bool) -> None:
    """The browser says where a request comes from; a program says nothing."""
    given = {"host": "localhost:8000"} | headers
    request = Knock("POST", "/", {k.encode(): v for k, v in given.items()}, "id")

    assert is_ours(request) is ours
