"""Behind a real nginx, under a path of its own: pages, files, API, login, events."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.api.support import STUDY
from tests.api.test_events import parsed
from tests.operation.conftest import make_token
from tests.support import nginx, sqlite
from tests.support.missing import lacking
from tests.support.server import running_server

ROOT = "/beliefgrid"
ADDRESS = re.compile(r'(?:href|src|action)="([^"#][^"]*)"')


@dataclass(frozen=True, slots=True)
class Site:
    """The service as a browser reaches it."""

    url: str
    token: str
    study: str

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        """Lend a client that has signed in through the form."""
        origin = self.url.removesuffix(ROOT)
        html = {"Accept": "text/html"}
        with httpx2.Client(base_url=origin, headers=html, timeout=20) as client:
            given, headers = {"token": self.token}, {"Origin": origin}
            answer = client.post(f"{ROOT}/login", data=given, headers=headers)
            assert answer.status_code == 303, answer.text
            assert answer.headers["location"] == f"{ROOT}/"
            yield client


@pytest.fixture(scope="module", autouse=True)
def _with_nginx() -> None:
    """Without nginx these tests are skipped loudly, and fail in CI."""
    try:
        nginx.find_nginx()
    except nginx.NginxMissingError as missing:
        lacking("nginx", str(missing))


@pytest.fixture(scope="module", params=["the path is taken off", "the path is kept"])
def site(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The service behind the proxy that the docs describe, and one that leaves the path alone."""
    folder = tmp_path_factory.mktemp("nginx")
    database = sqlite.copy_template(sqlite_template, folder)
    token = make_token(database, "admin")
    with running_server(
        folder, database, BELIEFGRID_ROOT_PATH=ROOT, BELIEFGRID_AUTH="on"
    ) as server:
        place = urlsplit(server.url).netloc
        location = nginx.documented_location().replace("127.0.0.1:8000", place)
        if request.param == "the path is kept":
            location = location.replace(f"{place}/;", f"{place};")
        with nginx.proxy(folder, location) as proxy:
            url = proxy + ROOT
            bearer = {"Authorization": f"Bearer {token}"}
            made = httpx2.post(f"{url}/api/v1/studies", json=STUDY, headers=bearer, timeout=20)
            yield Site(url, token, made.json()["id"])


def test_who_has_not_signed_in_is_sent_to_the_login(site: Site) -> None:
    """The login's address has the path, and the page works without a token."""
    answer = httpx2.get(f"{site.url}/", headers={"Accept": "text/html"})
    page = httpx2.get(site.url.removesuffix(ROOT) + answer.headers["location"])

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ROOT}/login?next=/"
    assert page.status_code == 200
    assert f'action="{ROOT}/login"' in page.text


def test_the_session_belongs_to_the_path(site: Site) -> None:
    """Other services under the same name never see the cookie."""
    with site.browser() as client:
        (cookie,) = client.cookies.jar

    assert cookie.path == ROOT


def test_every_address_on_the_pages_leads_somewhere(site: Site) -> None:
    """Links, scripts, styles and forms of the pages carry the path, and are there."""
    pages = [
        "/",
        "/studies/new",
        "/tokens",
        "/help",
        f"/studies/{site.study}",
        f"/studies/{site.study}/trials",
    ]
    with site.browser() as client:
        found = set()
        for page in pages:
            answer = client.get(ROOT + page)
            assert answer.status_code == 200, page
            found |= set(ADDRESS.findall(answer.text))
        local = {address.replace("&amp;", "&") for address in found if address.startswith("/")}
        strays = {address for address in local if not address.startswith(f"{ROOT}/")}
        files = {address for address in local if "/static/" in address}
        missing = {address for address in local if client.get(address).status_code == 404}

    assert strays == set()
    assert len(files) > 3
    assert missing == set()


def test_a_worker_asks_and_tells(site: Site) -> None:
    """The API works with a token, and its problems name addresses that are there."""
    bearer = {"Authorization": f"Bearer {site.token}"}
    with httpx2.Client(base_url=f"{site.url}/api/v1/", headers=bearer, timeout=20) as client:
        asked = client.post(f"studies/{site.study}/suggestions", json={}).json()["trials"][0]
        path = f"studies/{site.study}/trials/{asked['number']}/observation"
        told = client.post(path, json={"value": 0.5})
        problem = client.get("studies/st_gone").json()
        explained = client.get(site.url.removesuffix(ROOT) + problem["type"].partition("#")[0])

    assert told.status_code == 200
    assert problem["type"] == f"{ROOT}/api/v1/docs#study_unknown"
    assert explained.status_code == 200


def test_events_come_through_at_once(site: Site) -> None:
    """The proxy does not hold the stream back until it is long enough."""
    bearer = {"Authorization": f"Bearer {site.token}"}
    address = f"{site.url}/api/v1/studies/{site.study}"
    body = {"assignments": {"learning_rate": 0.1, "latent_dim": 8}}
    with httpx2.stream("GET", f"{address}/events", headers=bearer, timeout=20) as response:
        events = parsed(response.iter_lines())
        first = next(events)
        httpx2.post(f"{address}/trials", json=body, headers=bearer, timeout=20)
        sent = time.monotonic()
        kinds = []
        while "trial_queued" not in kinds:
            kinds.append(next(events)["event"])
        took = time.monotonic() - sent

    assert first["id"] == "1"
    assert took < 5


def test_metrics_and_health_are_below_the_path_too(site: Site) -> None:
    """What a probe through the proxy sees."""
    bearer = {"Authorization": f"Bearer {site.token}"}

    assert httpx2.get(f"{site.url}/healthz").status_code == 200
    assert httpx2.get(f"{site.url}/readyz").status_code == 200
    assert "beliefgrid_requests_total" in httpx2.get(f"{site.url}/metrics", headers=bearer).text


def test_a_page_of_another_site_changes_nothing_through_the_proxy(site: Site) -> None:
    """The proxy passes on what the origin check needs."""
    with site.browser() as client:
        path = f"{ROOT}/api/v1/studies/{site.study}"
        foreign = client.delete(path, headers={"Origin": "https://evil.example"})

    assert foreign.status_code == 403
    assert foreign.json()["code"] == "cross_site"


def test_the_configuration_that_is_shipped_is_valid(tmp_path: Path) -> None:
    """`nginx -t` on deploy/nginx.conf, with addresses for names that only compose knows."""
    text = Path("deploy/nginx.conf").read_text(encoding="utf-8")
    here = text.replace("replica-1:", "127.0.0.1:").replace("replica-2:", "127.0.0.2:")
    here = here.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's

    assert nginx.complaint_about(here, tmp_path) == ""
    assert "unknown directive" in nginx.complaint_about(here + "\nnonsense on;", tmp_path)
