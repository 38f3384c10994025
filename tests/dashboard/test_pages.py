"""Every page: drawn on the server, with few queries, and again by its parts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beliefgrid.dashboard.pages import trials
from beliefgrid.dashboard.policy import CONTENT_SECURITY_POLICY
from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import Api
from tests.dashboard.conftest import Filled, counted_statements, wait_for_posterior
from tests.support import sqlite

# The address of each page, and how many queries it may send.
PAGES = {
    "studies": ("/", 2),
    "new study": ("/studies/new", 0),
    "compare": ("/compare?study={study}", 2),
    "tokens": ("/tokens", 1),
    "help": ("/help", 0),
    "overview": ("/studies/{study}", 17),
    "posterior": ("/studies/{study}/posterior", 22),
    "trials": ("/studies/{study}/trials", 7),
    "trial": ("/studies/{study}/trials/1", 7),
    "convergence": ("/studies/{study}/convergence", 6),
    "importance": ("/studies/{study}/importance", 5),
    "information": ("/studies/{study}/information", 5),
    "calibration": ("/studies/{study}/calibration", 5),
    "strategies": ("/studies/{study}/strategies", 12),
    "prior": ("/studies/{study}/prior", 9),
    "difference": ("/studies/{study}/difference", 8),
    "what if": ("/studies/{study}/what-if?ask=without&trial=1", 12),
    "workers": ("/studies/{study}/workers", 6),
    "api": ("/studies/{study}/api", 2),
    "settings": ("/studies/{study}/settings", 2),
}
STYLE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?! type=\"module\" src=)", re.IGNORECASE)


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, filled: Filled) -> tuple[str, int]:
    """The address of a page and its allowance of queries."""
    path, queries = PAGES[request.param]
    return path.format(study=filled.id), queries


def test_pages_are_drawn_with_few_queries(app_client: TestClient, page: tuple[str, int]) -> None:
    """A page is there, and the number of its queries does not grow with the data."""
    path, allowed = page
    app_client.get(path)

    with counted_statements(app_client) as statements:
        answer = app_client.get(path)

    assert answer.status_code == 200
    assert len(statements) <= allowed, "\n".join(statements)


def test_pages_keep_to_the_policy(app_client: TestClient, page: tuple[str, int]) -> None:
    """No inline style, script or handler is in any page, and the strict policy is sent."""
    answer = app_client.get(page[0])

    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert not STYLE.findall(answer.text)
    assert "http" not in re.sub(r"http://127\.0\.0\.1:8000|http://www\.w3\.org", "", answer.text)


def test_a_page_that_did_not_change_is_not_sent_again(
    app_client: TestClient, filled: Filled
) -> None:
    """A browser asks with the tag of what it has."""
    path = f"/studies/{filled.id}/convergence"
    tag = app_client.get(path).headers["etag"]

    assert app_client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_probabilities_are_written_in_per_cent(app_client: TestClient, filled: Filled) -> None:
    """Also at the axis of their curve, in its table and in what is read aloud; others are not."""
    path = f"/studies/{filled.id}"
    page = app_client.get(f"{path}/convergence").text
    sure, spread = (
        page.split(f'id="curve-{name}"')[1].split("</figure>")[0] for name in ("p_best", "entropy")
    )

    assert re.search(r"P\(best\) of the best so far ends at \d+(\.\d+)?\s%", sure)
    assert re.search(r">\d+(\.\d+)?\s%<", sure)
    assert "%<" not in spread
    feeds = [app_client.get(f"{path}/charts/convergence/{name}") for name in ("p_best", "entropy")]
    assert [feed.json()["is_share"] for feed in feeds] == [True, False]


def test_a_part_is_the_same_in_the_page_and_alone(app_client: TestClient, filled: Filled) -> None:
    """First paint and live update are drawn by the same code."""
    path = f"/studies/{filled.id}"
    whole = app_client.get(path).text
    names = set(re.findall(r'data-part="(\w+)"', whole))

    for name in sorted(names - {"latest", "next_up"}):  # these say how long ago
        alone = app_client.get(path, params={"part": name}).text
        assert f'data-part="{name}"' in alone
        assert _squeezed(alone) in _squeezed(whole), name


def test_several_parts_come_in_one_answer(app_client: TestClient, filled: Filled) -> None:
    """A page asks for all its parts at once, and gets only these."""
    answer = app_client.get(f"/studies/{filled.id}", params={"part": "stats,lead"}).text

    assert set(re.findall(r'data-part="(\w+)"', answer)) == {"stats", "lead"}
    assert "<html" not in answer


def test_names_are_never_markup(app_client: TestClient, filled: Filled) -> None:
    """What users type is shown as they typed it."""
    for path, _ in PAGES.values():
        text = app_client.get(path.format(study=filled.id)).text
        assert "<b>filled</b>" not in text


def test_the_overview_opens_with_the_sentence(app_client: TestClient, filled: Filled) -> None:
    """How many trials, which cell, how sure, how many cells hold the belief, what more buys."""
    text = app_client.get(f"/studies/{filled.id}").text

    sentence = re.search(r'class="sentence">(.*?)</p>', text, re.DOTALL)
    assert sentence is not None
    assert re.match(
        r"After 3 of 12 trials: rate \S+, size \d+, act \w+ is the best with [\d.]+\s%; "
        r"\d+ cells? holds? 95\s%; ten more trials are expected to gain \S+ mse\.",
        sentence[1],
    )


def test_a_trial_says_why(app_client: TestClient, filled: Filled) -> None:
    """The reason that was stored with the suggestion is on the trial's page."""
    text = app_client.get(f"/studies/{filled.id}/trials/{filled.open_trial}").text
    reason = filled.sentence.partition(" is next: ")[2]

    assert reason[:1].upper() + reason[1:] in text.replace("&#39;", "'")


def test_both_numbers_are_explained_where_both_are(app_client: TestClient, api: Api) -> None:
    """The paper's 0.5714 is beside the share of the whole grid, with the difference in words."""
    study = api.study(strategy={"likelihood": "inverse_loss"})
    for rate, size, value in ((0.01, 8, 0.15), (0.1, 16, 0.2)):
        body = {"learning_rate": rate, "latent_dim": size}
        api.post(f"/studies/{study}/trials", {"assignments": body, "observation": {"value": value}})
    wait_for_posterior(api, study)

    text = app_client.get(f"/studies/{study}/posterior").text

    assert "0.5714" in text
    assert "0.4286" in text
    assert "best of all 9" in text
    assert "Over the grid the same cells compete with every untested one" in _squeezed(text)


@pytest.mark.parametrize(
    "query",
    ["layer=sd", "layer=nonsense&x=nonsense&reduce=nonsense", "x=size&y=size", "at=1", "at=zzz",
     "reduce=slice&fix.act=tanh", "reduce=slice&fix.act=nonsense", "colour=log",
     "layer=acquisition&reduce=max", "layer=ratio", "layer=ratio&reduce=slice&x=act",
     "layer=counts", "layer=prior&y=act"],
)  # fmt: skip
def test_any_address_of_the_posterior_is_a_page(
    app_client: TestClient, filled: Filled, query: str
) -> None:
    """What an address leaves open or gets wrong is chosen, never an error."""
    answer = app_client.get(f"/studies/{filled.id}/posterior?{query}")

    assert answer.status_code == 200
    assert "data:image/png;base64," in answer.text
    assert 'role="alert"' not in answer.text


def test_trials_are_filtered_sorted_and_paged_by_links(
    app_client: TestClient, filled: Filled
) -> None:
    """Everything about a list is in its address."""
    base = f"/studies/{filled.id}/trials"

    failed = app_client.get(base, params={"state": "failed"}).text
    by_value = app_client.get(base, params={"sort": "value"}).text
    jump = app_client.get(base, params={"number": 2}, follow_redirects=False)

    assert 'class="badge tone-bad"' in failed
    assert "0.15" not in re.sub(r"<option.*?</option>", "", failed)
    assert by_value.index("0.15") < by_value.index("0.2<") if "0.2<" in by_value else True
    assert jump.status_code == 303
    assert jump.headers["location"] == f"{base}/2"


def test_the_chart_shows_what_the_table_shows(app_client: TestClient, filled: Filled) -> None:
    """Table, chart, its feed and the CSV follow one filter, which is in the address."""
    base = f"/studies/{filled.id}"
    query = {"fix.rate": "0.1", "low": "0.15", "high": "0.25", "state": "completed"}

    text = app_client.get(f"{base}/trials", params=query).text
    numbers = re.findall(rf'href="{base}/trials/(\d+)"', text)
    fed = app_client.get(f"{base}/charts/history", params=query).json()
    lines = app_client.get(f"{base}/trials.csv", params=query).text.splitlines()

    assert len(numbers) == len(lines) - 1 == fed["total"] == 1
    assert fed["items"][0]["value"] == 0.2
    assert "Results that match" in text
    assert "fix.rate=0.1" in re.findall(r'data-query="([^"]+)"', text)[0]
    assert re.search(r'value="0.1"\s+selected', text)


def test_a_filter_that_leaves_nothing_says_so(app_client: TestClient, filled: Filled) -> None:
    """In the table and in the chart; what is no number is no filter."""
    path = f"/studies/{filled.id}/trials"

    nothing = app_client.get(path, params={"low": "7"}).text
    nonsense = app_client.get(path, params={"low": "inf", "high": "x", "fix.rate": "0.7"}).text

    assert "No trial matches." in nothing
    assert "No trial that matches has a result." in nothing
    assert "that match" not in nonsense


def test_a_chart_of_a_few_among_many_is_left_to_its_feed(
    app_client: TestClient, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page does not wait for it."""
    monkeypatch.setattr(trials, "MOST_AT_ONCE", 2)

    text = app_client.get(f"/studies/{filled.id}/trials", params={"fix.rate": "0.1"}).text

    assert "A script draws the results that match" in text
    assert re.findall(rf'href="/studies/{filled.id}/trials/(\d+)"', text)


def test_trials_are_saved_as_csv(app_client: TestClient, filled: Filled) -> None:
    """All trials of the filter, exact, and no text that a spreadsheet takes for a formula."""
    answer = app_client.get(f"/studies/{filled.id}/trials.csv", params={"sort": "number"})
    lines = answer.text.splitlines()

    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0].startswith("number,state,rate,size,act,mse,stddev,worker")
    assert lines[1].startswith("1,completed,0.01,16,relu,0.15,")
    assert "'=cmd()" in answer.text


@pytest.mark.parametrize(
    "path",
    ["/studies/st_nothing", "/studies/st_nothing/posterior", "/studies/st_nothing/trials/1"],
)
def test_what_is_not_there_is_said_on_a_page(app_client: TestClient, path: str) -> None:
    """An unknown study is 404, in a sentence, with a way on."""
    answer = app_client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text
    assert "<p>Expected the id of a study" in answer.text or "<p>No study" in answer.text
    assert "All studies" in answer.text


def test_an_address_without_a_page_is_said_on_a_page(app_client: TestClient) -> None:
    """404, in words that help."""
    answer = app_client.get("/nowhere", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "<p>There is no page at this address.</p>" in answer.text


@pytest.fixture
def below_a_path(sqlite_template: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A client of the application behind a proxy that puts /grid before it."""
    url = sqlite.copy_template(sqlite_template, tmp_path)
    app = create_app(Settings(database_url=url, root_path="/grid"))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


def test_every_address_is_below_the_root_path(below_a_path: TestClient) -> None:
    """Behind a proxy no link leads out of the service."""
    text = below_a_path.get("/grid/").text

    addresses = re.findall(r'(?:href|src|action)="([^"#]+)"', text)
    assert addresses
    assert all(address.startswith("/grid/") for address in addresses)
    assert below_a_path.get(next(a for a in addresses if "/static/" in a)).status_code == 200


def test_the_theme_is_in_the_first_paint(app_client: TestClient) -> None:
    """A choice of colours is a cookie, so that nothing flashes; nonsense is no choice."""
    dark = app_client.get("/", headers={"Cookie": "beliefgrid_theme=dark"}).text
    odd = app_client.get("/", headers={"Cookie": 'beliefgrid_theme="><x'}).text

    assert 'data-theme="dark"' in dark
    assert "data-theme=" not in odd


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
