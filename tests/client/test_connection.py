"""The client gets its answer, whatever happens on the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beliefgrid_client import (
    BeliefgridError,
    Client,
    InvalidInputError,
    NoAnswerError,
    NonFiniteValueError,
    NotAllowedError,
    Request,
    Response,
    Retry,
    ServiceError,
    UnavailableError,
)
from beliefgrid_client.connection import Connection, connection
from beliefgrid_client.spool import Spool
from tests.client.bumpy import Reply, bumpy_road

FAST = Retry(patience_s=5, result_patience_s=5, first_s=0.001, longest_s=0.01)
IMPATIENT = Retry(patience_s=0, result_patience_s=0)
BUSY = Reply(503, {"code": "storage_unavailable", "detail": "the database is away"})


@pytest.mark.parametrize("bump", ["lost", "unanswered", "cut", BUSY, Reply(429), Reply(502, "<p>")])
def test_a_post_is_sent_again_with_the_same_key(bump: str | Reply) -> None:
    """Whatever happens to an answer, the retry carries the same idempotency key and body."""
    with bumpy_road(lambda _: Reply(201, {"done": True}), [bump, bump]) as road:
        answer = Connection(road.url, retry=FAST).post("/studies", {"name": "s"})

    assert answer == {"done": True}
    assert {(seen.key, seen.body["name"]) for seen in road.seen} == {(road.seen[0].key, "s")}
    assert len(road.seen) == (1 if bump == "lost" else 3)


def test_two_posts_have_different_keys() -> None:
    """Each thing to do has a key of its own."""
    with bumpy_road() as road:
        one = Connection(road.url)
        one.post("/studies", {})
        one.post("/studies", {})

    assert len({seen.key for seen in road.seen}) == 2


def test_the_pause_is_at_least_what_the_service_asks_for() -> None:
    """Retry-After is kept, in the header or in the body, and jitter comes on top."""
    pauses: list[float] = []

    def note(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    header = Reply(429, {}, {"Retry-After": "3"})
    with bumpy_road(bumps=[header, Reply(503, {"retry_after": 2.5}), Reply(503)]) as road:
        Connection(road.url, retry=Retry(first_s=0.1)).post("/studies", {}, wait=note)

    assert 3.0 <= pauses[0] <= 3.1
    assert 2.5 <= pauses[1] <= 2.7
    assert 0.0 <= pauses[2] <= 0.4


def test_the_pauses_double_up_to_a_bound_with_full_jitter() -> None:
    """A fleet of workers does not come back all at once."""
    pauses = Retry(first_s=1, longest_s=4).pauses(draw=lambda: 0.5)

    assert [next(pauses) for _ in range(5)] == [0.5, 1.0, 2.0, 2.0, 2.0]


def test_a_refusal_is_not_tried_again() -> None:
    """A 4xx cannot be cured by repeating it."""
    refusal = Reply(422, {"code": "request_invalid", "detail": "expected a name"})
    with (
        bumpy_road(bumps=[refusal]) as road,
        pytest.raises(InvalidInputError, match=r"expected a name \[request_invalid\]") as caught,
    ):
        Connection(road.url, retry=FAST).post("/studies", {})

    assert len(road.seen) == 1
    assert caught.value.status == 422


def test_no_service_is_said_in_one_sentence() -> None:
    """Whoever forgot to start the service reads where the client looked for it."""
    with bumpy_road() as road:
        url = road.url

    with pytest.raises(NoAnswerError, match=f"no answer from {url} .*; is the service running"):
        Client(url, retry=IMPATIENT).study("s")


def test_a_service_that_stays_away_is_named_by_its_own_words() -> None:
    """When the patience is over, the last thing the service said is the error."""
    with bumpy_road(lambda _: BUSY) as road, pytest.raises(UnavailableError, match="is away"):
        Connection(road.url, retry=IMPATIENT).post("/studies", {})


def test_a_redirect_is_not_followed() -> None:
    """The token never goes to another host."""
    elsewhere = Reply(307, {}, {"Location": "http://127.0.0.1:9/"})
    with bumpy_road(bumps=[elsewhere]) as road, pytest.raises(ServiceError) as caught:
        Connection(road.url, "secret").get("/studies")

    assert caught.value.status == 307


def test_the_token_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job script sets two variables and the code names neither."""
    with bumpy_road(lambda _: Reply(200, {"id": "st_1", "name": "s"})) as road:
        monkeypatch.setenv("BELIEFGRID_URL", road.url + "/")
        monkeypatch.setenv("BELIEFGRID_TOKEN", "bg_secret")
        Client().study("my study/2")

    assert road.seen[0].path == "/api/v1/studies/name:my%20study%2F2"
    assert road.seen[0].headers["authorization"] == "Bearer bg_secret"


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a cluster with http_proxy set, a service on localhost is still reached."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with bumpy_road(lambda _: Reply(200, {"ok": 1})) as road:
        assert Connection(road.url, retry=IMPATIENT).get("/studies") == {"ok": 1}


def test_an_address_without_a_scheme_is_refused() -> None:
    """`localhost:8000` is answered with what was expected."""
    with pytest.raises(ValueError, match="starts with http:// or https://, got 'localhost:8000'"):
        Client("localhost:8000")


def test_another_transport_can_take_its_place() -> None:
    """One method is all that another HTTP library has to offer."""

    class Canned:
        def send(self, request: Request) -> Response:
            assert request.url.endswith("/api/v1/studies/st_1")
            return Response(200, {}, b'{"id": "st_1", "name": "s"}')

    assert Client(transport=Canned()).study("st_1").name == "s"


def test_an_expired_token_is_an_error_of_its_own() -> None:
    """401 and 403 say who may not."""
    refusal = Reply(401, {"detail": "no token"})
    with bumpy_road(lambda _: refusal) as road, pytest.raises(NotAllowedError, match="no token"):
        Client(road.url).study("st_1")


# ---------------------------------------------------------------- results
def test_a_result_waits_on_disk_until_the_service_has_it(tmp_path: Path) -> None:
    """With a spool, a result is on disk before it is sent and gone when it is acknowledged."""
    on_disk: list[int] = []

    def answer(_: Any) -> Reply:
        on_disk.append(len(list(tmp_path.glob("*.json"))))
        return Reply(201, {})

    with bumpy_road(answer) as road:
        Connection(road.url, retry=FAST, spool=Spool(tmp_path)).deliver("/x", {"value": 1})

    assert on_disk == [1]
    assert not list(tmp_path.iterdir())


def test_a_result_that_was_not_delivered_goes_with_the_next_run(tmp_path: Path) -> None:
    """A worker that ends while the service is away leaves its result to the next one."""
    with bumpy_road(lambda _: BUSY) as road:
        away = Connection(road.url, retry=IMPATIENT, spool=Spool(tmp_path))
        with pytest.raises(UnavailableError):
            away.deliver("/x", {"value": 0.25})
        lost_key = road.seen[0].key

    with bumpy_road(lambda _: Reply(201, {})) as road:
        delivered = Client(road.url, spool=tmp_path).deliver_spooled()

    assert delivered == 1
    assert [(seen.body, seen.key) for seen in road.seen] == [({"value": 0.25}, lost_key)]
    assert not list(tmp_path.glob("*.json"))


def test_a_result_that_is_refused_is_put_aside(tmp_path: Path) -> None:
    """What the service does not take is kept for a person, and stops nothing else."""
    refusal = Reply(409, {"code": "trial_finished", "detail": "the trial is cancelled"})
    spool = Spool(tmp_path)
    with bumpy_road(lambda _: refusal) as road:
        one = Connection(road.url, spool=spool)
        with pytest.raises(BeliefgridError, match="the trial is cancelled"):
            one.deliver("/x", {"value": 0.25})
        assert one.deliver_spooled() == 0

    (aside,) = (tmp_path / "refused").iterdir()
    assert json.loads(aside.read_text())["body"] == {"value": 0.25}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_never_leaves(value: float, tmp_path: Path) -> None:
    """NaN and infinities are refused before they are sent or spooled."""
    with bumpy_road() as road, pytest.raises(NonFiniteValueError, match="infeasible"):
        Connection(road.url, spool=Spool(tmp_path)).deliver("/x", {"value": value})

    assert not road.seen
    assert not list(tmp_path.iterdir())


def test_the_spool_folder_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A job script can ask for a spool without touching the code."""
    monkeypatch.setenv("BELIEFGRID_SPOOL", str(tmp_path / "spool"))

    found = connection(None, None, spool=None)

    assert found.spool is not None
    assert found.spool.folder == tmp_path / "spool"


def test_giving_up_ends_the_tries() -> None:
    """Who waits may say that it is enough."""
    enough: Callable[[float], bool] = lambda _: True
    with bumpy_road(lambda _: BUSY) as road, pytest.raises(UnavailableError):
        Connection(road.url).post("/x", {}, wait=enough)

    assert len(road.seen) == 1
