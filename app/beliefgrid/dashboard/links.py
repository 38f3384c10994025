"""Addresses of pages and static files, wherever the service is mounted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

from beliefgrid.assets import static_dir
from beliefgrid.dashboard.precompressed import version_of


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below a root path."""

    root: str
    version: str

    def page(self, path: str = "/", /, **query: Any) -> str:
        """Return the address of a page; parameters that are None or empty are left out."""
        return self.root + path + query_text(query)

    def study(self, study_id: str, page: str = "", /, **query: Any) -> str:
        """Return the address of a study's page."""
        below = f"/{page}" if page else ""
        return self.page(f"/studies/{quote(study_id, safe='')}{below}", **query)

    def trial(self, study_id: str, number: int) -> str:
        """Return the address of a trial's page."""
        return self.study(study_id, f"trials/{number}")

    def api(self, path: str, /, **query: Any) -> str:
        """Return the address of a REST resource."""
        return self.page(f"/api/v1{path}", **query)

    def static(self, path: str) -> str:
        """Return the address of a static file; it changes when any static file does."""
        return f"{self.root}/static/@{self.version}/{path}"

    def help(self, topic: str) -> str:
        """Return where it is said how a number is computed."""
        return f"{self.root}/help#{topic}"


def links_of(request: Request) -> Links:
    """Return the addresses as the request's client sees them."""
    return Links(root_of(request), static_version())


def root_of(request: Request) -> str:
    """Return the path that the service is mounted under, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def query_text(query: Mapping[str, Any]) -> str:
    """Return a query with its question mark; parameters that are None or empty are left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return "?" + urlencode(given) if given else ""


@lru_cache(maxsize=1)
def static_version() -> str:
    """Return a short name for the static files of this installation."""
    return version_of(static_dir())
