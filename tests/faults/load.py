"""Workers that do not trust the network, and a ledger of what they were promised.

Each worker asks and tells over plain HTTP and repeats a request, with the same key, until it has
an answer. Some answers are thrown away on purpose and some results are sent twice. The ledger
holds only what was answered with success: that is what must not be lost.
"""

import contextlib
import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
TROUBLE = (OSError, http.client.HTTPException, ValueError)
LONGEST_PAUSE_S = 0.3
NO_ANSWER = 599
AXES = {"a": 40, "b": 40, "c": 25}  # more cells than any run here uses up
STUDY: Json = {
    "name": "faults",
    "metrics": [{"name": "loss", "goal": "minimize"}],
    "parameters": [
        {"name": name, "kind": "ordered", "low": 0, "high": 1, "levels": levels, "scale": "linear"}
        for name, levels in AXES.items()
    ],
}


@dataclass(slots=True)
class Ledger:
    """What the service answered."""

    asked: list[tuple[int, int, str]] = field(default_factory=list)  # number, cell, worker
    told: dict[int, float] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)  # also "503 code", "no answer"
    successes: list[float] = field(default_factory=list)  # when, by the monotonic clock
    refusals: list[Json] = field(default_factory=list)  # of kinds that nothing here explains
    hints: Counter[bool] = field(default_factory=Counter)  # of 503s: said when to come back?

    def recovery_after(self, moment: float) -> float:
        """Return how many seconds after a moment the first request succeeded again."""
        later = [when for when in list(self.successes) if when >= moment]
        return min(later, default=float("inf")) - moment

    def note(self, status: int, answer: Json) -> None:
        """Note an answer."""
        if status < 300:
            self.statuses[str(status)] += 1
            self.successes.append(time.monotonic())
            return
        self.statuses[f"{status} {answer.get('code')}"] += 1
        if status == 503:
            self.hints["retry_after" in answer] += 1
        elif answer.get("code") != "all_leased":
            self.refusals.append(answer)


class Connection:
    """One worker's connection; with several addresses it goes on to the next one on trouble."""

    def __init__(self, urls: Sequence[str], token: str | None, first: int = 0) -> None:
        self._urls, self._at = urls, first
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._open: http.client.HTTPConnection | None = None

    def send(
        self, method: str, path: str, body: Json | None, key: str, *, drop: bool = False
    ) -> tuple[int, Json]:
        """Send a request; return status and answer.

        Raises:
            OSError, HTTPException: there was no answer, or it was thrown away.
        """
        if self._open is None:
            url = urlsplit(self._urls[self._at % len(self._urls)])
            self._open = http.client.HTTPConnection(url.hostname or "", url.port, timeout=20)
        try:
            content = json.dumps(body) if body is not None else None
            headers = self._headers | {"Idempotency-Key": key}
            self._open.request(method, path, content, headers)
            if drop:
                time.sleep(random.random() * 0.01)
                raise ConnectionResetError("thrown away")
            response = self._open.getresponse()
            text = response.read()
        except TROUBLE:
            self.close()
            self._at += 1
            raise
        answer = json.loads(text)
        return response.status, answer if isinstance(answer, dict) else {}

    def close(self) -> None:
        """Let go of the connection."""
        if self._open is not None:
            self._open.close()
        self._open = None


@dataclass(slots=True)
class Load:
    """Workers on one study, for as long as the block lasts."""

    urls: Sequence[str]
    study: str
    token: str | None = None
    resend: float = 0.05
    drop: float = 0.02
    think_s: float = 0.0
    limit: int | None = None  # of results; then all stop by themselves
    ledger: Ledger = field(default_factory=Ledger)
    is_over: threading.Event = field(default_factory=threading.Event)
    is_gone: bool = False  # the service, and it does not come back: nobody waits for answers
    failures: list[BaseException] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def running(self, workers: int) -> Iterator[Ledger]:
        """Let so many workers work until the block ends."""
        self.start(workers)
        try:
            yield self.ledger
        except BaseException:
            self.abandon()
            raise
        finally:
            self.stop()

    def start(self, workers: int) -> None:
        """Let so many workers begin."""
        self.threads = [threading.Thread(target=self._work, args=(i,)) for i in range(workers)]
        for thread in self.threads:
            thread.start()

    def abandon(self) -> None:
        """Let nobody wait for an answer: the service does not come back."""
        self.is_gone = True
        self.is_over.set()

    def stop(self) -> None:
        """Let each worker get its last answer; fail if one does not."""
        if self.limit is None:
            self.is_over.set()
        for thread in self.threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in self.threads), "no answer in 60 s"
        assert not self.failures, self.failures

    def _work(self, i: int) -> None:
        chance = random.Random(i)
        connection = Connection(self.urls, self.token, first=i)
        try:
            while not self.is_over.is_set():
                self._one_trial(connection, f"w{i}", chance)
                if self.limit is not None and len(self.ledger.told) >= self.limit:
                    return
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self.failures.append(error)
        finally:
            connection.close()

    def _one_trial(self, connection: Connection, worker: str, chance: random.Random) -> None:
        path = f"/api/v1/studies/{self.study}"
        status, answer = self._stubborn(
            connection, f"{path}/suggestions", {"worker": worker, "wait_seconds": 0}, chance
        )
        if status >= 300:
            time.sleep(0.05)
            return
        for trial in answer["trials"]:
            number = trial["number"]
            self.ledger.asked.append((number, trial["cell"], worker))
            time.sleep(self.think_s * chance.random())
            value, key = round(chance.random(), 9), uuid.uuid4().hex
            for _ in range(2 if chance.random() < self.resend else 1):
                status, _answer = self._stubborn(
                    connection,
                    f"{path}/trials/{number}/observation",
                    {"value": value},
                    chance,
                    key=key,
                )
                if status < 300:
                    self.ledger.told[number] = value

    def _stubborn(
        self,
        connection: Connection,
        path: str,
        body: Json,
        chance: random.Random,
        *,
        key: str | None = None,
    ) -> tuple[int, Json]:
        """Repeat a request with the same key until the answer is final."""
        key = key or uuid.uuid4().hex
        drop = chance.random() < self.drop
        pause = 0.01
        while not self.is_gone:
            with contextlib.suppress(*TROUBLE):
                status, answer = connection.send("POST", path, body, key, drop=drop)
                self.ledger.note(status, answer)
                if status not in {429, 503}:
                    return status, answer
                if self.is_over.is_set() and status == 503:
                    return status, answer
            drop = False
            if self.is_over.wait(pause * chance.random()):
                time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        return NO_ANSWER, {}


def call(url: str, method: str, path: str, body: Json | None = None, **how: Any) -> Any:
    """Make one request of the API that must work; what it answers."""
    connection = Connection([url], how.get("token"))
    status, answer = connection.send(method, f"/api/v1{path}", body, uuid.uuid4().hex)
    connection.close()
    assert status < 300, (method, path, status, answer)
    return answer


def create(url: str, **changes: Any) -> str:
    """Create the study that the workers work on; its id."""
    token = changes.pop("token", None)
    return str(call(url, "POST", "/studies", STUDY | changes, token=token)["id"])


def trials_of(url: str, study: str, token: str | None = None) -> dict[int, Json]:
    """Return all trials of a study by number, as the API lists them."""
    found: dict[int, Json] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = call(url, "GET", f"/studies/{study}/trials?limit=1000&cursor={cursor}", token=token)
        found |= {trial["number"]: trial for trial in page["items"]}
        cursor = page["next_cursor"]
    return found
