"""Static files arrive small, and are kept for as long as their address says."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from beliefgrid.dashboard.precompressed import PrecompressedStatic, version_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of static files, one of them compressed beforehand."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text("plain")
    (tmp_path / "js" / "main.js.gz").write_bytes(b"small")
    (tmp_path / "js" / "main.js.br").write_bytes(b"smaller")
    (tmp_path / "page.css").write_text("body {}")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    """A server of nothing but these files."""
    return TestClient(Starlette(routes=[Mount("/static", PrecompressedStatic(directory=folder))]))


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
def test_the_smallest_accepted_form_is_sent(
    client: TestClient, accepted: str, encoding: str | None
) -> None:
    """A browser gets brotli before gzip before nothing, with the type of the file itself."""
    with client.stream(
        "GET", "/static/js/main.js", headers={"Accept-Encoding": accepted}
    ) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "Accept-Encoding"


def test_text_without_a_compressed_sibling_is_compressed_once(client: TestClient) -> None:
    """Our own scripts have no build step, and are small on the wire all the same."""
    answer = client.get("/static/page.css", headers={"Accept-Encoding": "br, gzip"})
    again = client.get("/static/page.css", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.text == "body {}"
    assert answer.headers["content-encoding"] == "gzip"
    assert again.status_code == 304


def test_a_changed_file_is_compressed_anew(client: TestClient, folder: Path) -> None:
    """What a developer saves is what the next request gets."""
    client.get("/static/page.css")

    (folder / "page.css").write_text("body { margin: 0 }")

    assert client.get("/static/page.css").text == "body { margin: 0 }"


def test_a_versioned_address_is_kept_for_ever(client: TestClient) -> None:
    """The version in the address names the content; without one the browser must ask again."""
    versioned = client.get("/static/@abc/page.css")
    bare = client.get("/static/page.css")

    assert versioned.text == bare.text
    assert "immutable" in versioned.headers["cache-control"]
    assert bare.headers["cache-control"] == "no-cache"


def test_what_is_not_there_is_404(client: TestClient) -> None:
    """A version does not lead out of the folder."""
    assert client.get("/static/@abc/../conftest.py").status_code == 404
    assert client.get("/static/@abc/nothing.js").status_code == 404


def test_the_version_follows_the_content(folder: Path) -> None:
    """Any change of any file gives new addresses."""
    before = version_of(folder)
    assert version_of(folder) == before

    (folder / "page.css").write_text("body { margin: 0 }")

    assert version_of(folder) != before
