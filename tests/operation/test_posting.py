"""Where a webhook may lead, and how it is sent there: never to a private place, never for ever."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from beliefgrid import posting
from beliefgrid.posting import PostError, is_public, post, target_of
from tests.operation.receiving import Receiver
from tests.support.missing import lacking


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_spelling(address: str) -> None:
    """This machine, private networks, the cloud's metadata, and IPv6 that wraps them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_known(address: str) -> None:
    """Else nothing could be sent."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/", "ftp://example.org/", "https:///path", "example.org",
        "https://user:pw@example.org/", "https://example.org/#part", "https://127.0.0.1/",
        "https://[::1]/", "https://localhost/", "https://db.internal/", "https://exa mple.org/",
        "https://example.org/\r\nX: y", "https://example.org:99999/", "https://ex\u00e4mple.org/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_once(address: str) -> None:
    """What cannot be a public https address is not stored."""
    with pytest.raises(ValueError, match=r"expected|Port|port|IPv6"):
        target_of(address, any_address=False)


def test_a_name_is_resolved_once_and_checked() -> None:
    """A name that leads to this machine is refused, also if one of its addresses is public."""
    asked = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1", "127.0.0.1"]

    with pytest.raises(PostError, match="private address"):
        asyncio.run(post("https://rebinding.example/", {}, b"{}", resolve=resolve))

    assert asked == ["rebinding.example"]


def test_the_connection_goes_to_the_address_that_was_checked(url: str, receiver: Receiver) -> None:
    """The name is sent along, but not looked up again."""
    asked = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    named = url.replace("127.0.0.1", "no-such-name.example")
    status = asyncio.run(post(named, {}, b"{}", any_address=True, resolve=resolve))

    assert status == 204
    assert asked == ["no-such-name.example"]
    assert receiver.got[0][0]["host"].startswith("no-such-name.example:")


@pytest.mark.parametrize("said", [b"", b"not http\r\n", b"x" * (2 * posting.MOST_HEAD)])
def test_an_answer_that_is_none_is_an_error(said: bytes) -> None:
    """Nothing, nonsense, and a line without an end."""

    async def story() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(said)
                await writer.drain()
                writer.write_eof()
                await reader.read()
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await post(f"http://127.0.0.1:{port}/", {}, b"{}", any_address=True)

    with pytest.raises(PostError):
        asyncio.run(story())


def test_a_receiver_that_never_answers_is_left_in_time() -> None:
    """Whatever it does, it costs a few seconds at most."""

    async def story() -> None:
        async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read()
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(dawdle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            await post(url, {}, b"{}", any_address=True, timeout_s=0.2)

    with pytest.raises(PostError, match=r"within 0\.2 seconds"):
        asyncio.run(story())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own making for hooks.example, with its key in the same file."""
    program = shutil.which("openssl")
    if program is None:
        lacking("openssl", "To run webhooks over TLS: apt-get install openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=hooks.example", "-addext",
         "subjectAltName=DNS:hooks.example", "-keyout", file, "-out", file.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


@pytest.mark.parametrize(
    ("name", "is_trusted", "says"),
    [
        ("hooks.example", True, "204"),
        ("hooks.example", False, "certificate verify failed"),
        ("other.example", True, "certificate is not valid for 'other.example'"),
    ],
)
def test_the_other_side_proves_who_it_is(
    certificate: Path, name: str, says: str, *, is_trusted: bool
) -> None:
    """Over TLS the certificate is checked against the name, although an address is called."""
    got = []

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            got.append(await reader.readuntil(b"{}"))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
            await reader.read()
        finally:
            writer.transport.abort()

    async def story() -> str:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate)
        trusted = ssl.create_default_context(cafile=certificate if is_trusted else None)
        async with await asyncio.start_server(take, "127.0.0.1", 0, ssl=ours) as server:
            url = f"https://{name}:{server.sockets[0].getsockname()[1]}/hook"
            try:
                return str(
                    await post(url, {}, b"{}", any_address=True, resolve=resolve, tls=trusted)
                )
            except PostError as error:
                return str(error)

    said = asyncio.run(story())

    assert says in said
    assert len(got) == (says == "204")
