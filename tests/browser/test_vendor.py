"""The vendored charts library is the one that it says it is."""

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

from tests.support.missing import lacking

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
LIBRARY = VENDOR / "plotly.min.js"


def test_plotly_js_is_the_version_that_plotly_py_bundles() -> None:
    """Figures that Python validates are drawn by the same version of plotly.js."""
    head = LIBRARY.read_text(encoding="utf-8")[:200]

    found = re.search(r"core and heatmap - minified\) v([\d.]+)", head)

    assert found is not None
    assert found[1] == get_plotlyjs_version()


def test_vendored_files_have_the_stated_hashes() -> None:
    """Nobody changed a vendored file by hand."""
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    stated = {name: digest for digest, name in (line.split() for line in lines)}

    for name, digest in stated.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    assert set(stated) == {"plotly.min.js", "plotly.css"}


@pytest.mark.parametrize("name", ["plotly.min.js", "plotly.css"])
def test_gzipped_siblings_hold_the_same_bytes(name: str) -> None:
    """A browser gets the same library in either form."""
    assert gzip.decompress((VENDOR / f"{name}.gz").read_bytes()) == (VENDOR / name).read_bytes()


@pytest.mark.parametrize("name", ["plotly.min.js", "plotly.css"])
def test_brotli_siblings_hold_the_same_bytes(name: str) -> None:
    """The smaller form too; Node can read brotli, Python's standard library cannot."""
    node = shutil.which("node")
    if node is None:
        lacking("node", "To unpack brotli: apt-get install nodejs")
    script = (
        "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
    )

    unpacked = subprocess.run(
        [node, "-e", script],
        input=(VENDOR / f"{name}.br").read_bytes(),
        capture_output=True,
        check=True,
    )

    assert unpacked.stdout == (VENDOR / name).read_bytes()


def test_the_licence_is_beside_the_library() -> None:
    """The MIT licence asks for its text to go with every copy."""
    assert (VENDOR / "plotly.LICENSE.txt").read_text().startswith("MIT License")
