"""Static files: small on the wire, and cached for as long as their address says."""

import gzip
import os
from functools import lru_cache
from hashlib import blake2b
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the smaller one first
WORTH_COMPRESSING = frozenset({".css", ".js", ".svg"})
A_YEAR = "public, max-age=31536000, immutable"


class PrecompressedStatic(StaticFiles):
    """Static files, sent in the smallest form that the browser accepts.

    A file with a `.br` or `.gz` beside it was compressed beforehand; other text is compressed
    when it is first asked for. `/@VERSION/js/main.js` is `/js/main.js` that never changes: what
    it imports relatively has the version in its address too, so a browser keeps all of it.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        path, is_version = _unversioned(path)
        accepted = _accepted(Headers(scope=scope))
        response = await self._compressed(path, accepted, scope)
        if response is None:
            response = await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = A_YEAR if is_version else "no-cache"
        return response

    async def _compressed(self, path: str, accepted: set[str], scope: Scope) -> Response | None:
        for encoding, suffix in ENCODINGS:
            if encoding in accepted and self._find(path + suffix):
                response = await super().get_response(path + suffix, scope)
                return _labelled(response, path, encoding)
        found = self._find(path)
        if "gzip" not in accepted or not found or Path(path).suffix not in WORTH_COMPRESSING:
            return None
        full_path, status = found
        body = _gzipped(full_path, status.st_mtime_ns)
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-gzip"'
        response = Response(body, headers={"ETag": tag})
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return _labelled(response, path, "gzip")

    def _find(self, path: str) -> tuple[str, os.stat_result] | None:
        full_path, status = self.lookup_path(path)
        return (full_path, status) if status is not None and Path(full_path).is_file() else None


def version_of(directory: Path) -> str:
    """Return a short name for what a folder of static files holds now."""
    digest = blake2b(digest_size=6)
    for file in sorted(found for found in directory.rglob("*") if found.is_file()):
        digest.update(file.relative_to(directory).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _unversioned(path: str) -> tuple[str, bool]:
    first, _, rest = path.partition("/")
    return (rest, True) if first.startswith("@") else (path, False)


def _accepted(headers: Headers) -> set[str]:
    words = headers.get("accept-encoding", "").split(",")
    return {word.split(";")[0].strip() for word in words}


def _labelled(response: Response, path: str, encoding: str) -> Response:
    kind, _ = guess_type(path)
    response.headers["Content-Encoding"] = encoding
    response.headers["Content-Type"] = f"{kind or 'application/octet-stream'}; charset=utf-8"
    return response


@lru_cache(maxsize=128)
def _gzipped(full_path: str, mtime_ns: int) -> bytes:
    del mtime_ns  # a changed file is another entry
    return gzip.compress(Path(full_path).read_bytes(), 9, mtime=0)
