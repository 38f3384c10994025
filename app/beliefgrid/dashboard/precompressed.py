"""Static files: compressed beforehand, and cached for as long as their address says."""

import os
from hashlib import blake2b
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the smaller one first
A_YEAR = "public, max-age=31536000, immutable"


class PrecompressedStatic(StaticFiles):
    """Static files; a file with a `.br` or `.gz` beside it is sent in that form.

    `/@VERSION/js/main.js` is `/js/main.js` that never changes: what it imports relatively has
    the version in its address too, so that a browser keeps all of it and asks for nothing.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file in the smallest form that the browser accepts."""
        path, is_version = _unversioned(path)
        encoding, suffix = self._form(path, Headers(scope=scope))
        response = await super().get_response(path + suffix, scope)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = A_YEAR if is_version else "no-cache"
        if encoding and response.status_code in {200, 304}:
            response.headers["Content-Encoding"] = encoding
            response.headers["Content-Type"] = _content_type(path)
        return response

    def _form(self, path: str, headers: Headers) -> tuple[str, str]:
        accepted = {
            word.split(";")[0].strip() for word in headers.get("accept-encoding", "").split(",")
        }
        for encoding, suffix in ENCODINGS:
            if encoding in accepted and self._is_file(path + suffix):
                return encoding, suffix
        return "", ""

    def _is_file(self, path: str) -> bool:
        full_path, found = self.lookup_path(path)
        return found is not None and os.path.isfile(full_path)


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


def _content_type(path: str) -> str:
    guessed, _ = guess_type(path)
    return f"{guessed or 'application/octet-stream'}; charset=utf-8"
