"""The service as the web and the jobs see it: actions that run in the database, and waits."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from beliefgrid.actions import ask as asking
from beliefgrid.actions import definitions, errors, idempotency, tell
from beliefgrid.actions.announcements import Announcements
from beliefgrid.actions.arrivals import Arrivals
from beliefgrid.actions.beliefs import Beliefs
from beliefgrid.actions.clock import Clock, Jump, Watch, utc_now
from beliefgrid.actions.compute import Compute
from beliefgrid.actions.counted import Heard, refusals
from beliefgrid.actions.idempotency import Answer, Once
from beliefgrid.actions.leases import LeaseRules
from beliefgrid.actions.reconcile import reconcile
from beliefgrid.actions.signing import Signing, SigningKey
from beliefgrid.actions.views import Asked, TrialView
from beliefgrid.metrics import Metrics
from beliefgrid.storage import probe, room
from beliefgrid.storage.engine import Database, open_database
from beliefgrid.storage.errors import OverlapError, StorageError, StorageFullError
from beliefgrid.storage.notices import Touched
from beliefgrid.telemetry import Telemetry

T = TypeVar("T")
P = ParamSpec("P")
Query = Callable[Concatenate[Connection, P], T]
Job = Callable[["Service"], Coroutine[Any, Any, None]]
log = logging.getLogger(__name__)

LOOK_S = 1.0  # how often it looks by itself, should news get lost
GLANCE_S = 0.2  # how often it looks whether the newest posterior is worth more of a wait
PATIENCE_S = 15.0  # how long an ask waits for the newest posterior if it does not say
MOST_LOOKS = 5  # at what another transaction was first with; one is enough
JUMP_GRACE = timedelta(seconds=60)  # in which the sweeper prolongs the leases
MOST_MOVING_S = 600.0  # how much longer nothing expires if it cannot


class Service:
    """One object that the API, the dashboard and the jobs share."""

    def __init__(  # noqa: PLR0913 - the parts it is made of
        self,
        database: Database,
        *,
        announcements: Announcements,
        compute: Compute,
        rules: LeaseRules | None = None,
        restart_grace: timedelta = timedelta(0),
        clock: Clock = utc_now,
        ticks: Callable[[], float] = time.monotonic,
        jobs: Sequence[Job] = (),
        metrics: Metrics | None = None,
        telemetry: Telemetry | None = None,
        secret_key: str = "",
    ) -> None:
        self.database = database
        self.signing = Signing(database.url, secret_key)
        self.metrics = metrics or Metrics()
        self.telemetry = telemetry or Telemetry()
        self.announcements = announcements
        self.compute = compute
        self.beliefs = Beliefs(self.read, compute)
        self.restart_grace = restart_grace
        self._rules = rules or LeaseRules()
        self._arrivals = Arrivals()
        self._watch, self._ticks, self._reading = Watch(clock, ticks), ticks, threading.Lock()
        # Not by the clock, which may be set: no lease runs out for a while, workers could not
        # reach us.
        self._spared_until = ticks() + restart_grace.total_seconds()
        self._jumps: list[Jump] = []
        self._jobs = jobs
        self._is_ending = False
        self._running: list[asyncio.Task[None]] = []
        self._was_refused = False  # a change, because of the database

    # ---------------------------------------------------------------- one change, one look
    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run queries in one consistent view."""
        with self.telemetry.span(f"read {_name(query)}"), _in_our_words():
            work = self.database.read(lambda c: query(c, *args, **kwargs))
            return await self._arrivals.of(work)

    async def write(self, action: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run an action in a transaction of its own; durable when this returns."""
        with self.telemetry.span(f"write {_name(action)}"):
            return await self._durable(lambda c: action(c, *args, now=self.clock(), **kwargs))

    async def signing_key(self) -> SigningKey | None:
        """Return the key that the secrets of webhooks follow from."""
        with _in_our_words():
            return await asyncio.to_thread(self.signing.key)

    async def require_ready(self, least_free_bytes: int = 0) -> None:
        """Raise ActionError unless the database answers and takes changes, and will for a while.

        It is asked to take one only if it refused the last that was tried.
        """
        if self._is_ending:
            raise errors.ShuttingDownError("the service is ending")
        await self.read(probe.ping)
        free = room.free_bytes(self.database.url)
        if free is not None and free < least_free_bytes:
            raise errors.StorageFullError(
                f"{free:,} bytes are free beside the database, expected {least_free_bytes:,}"
            )
        if self._was_refused:
            await self.write(probe.write_and_forget)
            self._was_refused = False

    async def write_once(
        self,
        once: Once | None,
        render: Callable[[T], tuple[int, str]],
        action: Callable[..., T],
        *args: Any,
        **kwargs: Any,
    ) -> Answer:
        """Run an action and keep its answer, or give the answer that the key already has."""
        return await self._write_once(None, once, render, action, *args, **kwargs)

    async def _write_once(
        self,
        study_id: str | None,
        once: Once | None,
        render: Callable[[T], tuple[int, str]],
        action: Callable[..., T],
        /,  # actions have a study_id, too
        *args: Any,
        **kwargs: Any,
    ) -> Answer:
        """Do so; with the id of a study, in one transaction with other changes of it."""

        def work(c: Connection) -> Answer:
            now = self.clock()
            done = lambda c: action(c, *args, now=now, **kwargs)
            return idempotency.once(c, once, done, render, now=now)

        for _ in range(MOST_LOOKS):
            # Whoever was first has committed: look again.
            span = self.telemetry.span(f"write {_name(action)}")
            with contextlib.suppress(OverlapError), span:
                return await self._durable(work, study_id)
        raise errors.StorageUnavailableError("others were first again and again; try it once more")

    async def _durable(self, work: Callable[[Connection], T], study_id: str | None = None) -> T:
        try:
            with _in_our_words():
                return await self._arrivals.of(self.database.write(work, study_id))
        except errors.StorageTroubleError:
            self._was_refused = True
            raise

    async def tell_once(
        self,
        once: Once | None,
        render: Callable[[TrialView], tuple[int, str]],
        study_id: str,
        number: int,
        **said: Any,
    ) -> Answer:
        """Record the result of a trial."""
        heard = Heard(render)
        with refusals(self.metrics.told):
            answer = await self._write_once(
                study_id, once, heard, tell.observe, study_id, number, **said
            )
        told = heard.of(answer)
        is_new = told is not None and not told.replayed
        is_late = is_new and told is not None and told.late
        self.metrics.told("ok" if is_new else "replayed", late=is_late)
        return answer

    # ---------------------------------------------------------------- asks wait
    async def ask_once(
        self,
        once: Once | None,
        render: Callable[[Asked], tuple[int, str]],
        study_id: str,
        *,
        worker: str | None,
        count: int,
        lease_seconds: int | None,
        wait_seconds: float | None,
    ) -> Answer:
        """Hand out trials, when the posterior has seen what was known before.

        Without `wait_seconds` an ask waits only while a single result is missing, which is what
        one worker after another sees; while others are at work, too, it waits a moment at most.
        With `wait_seconds` it waits for all results, and for a free cell, but never longer.
        """
        heard = Heard(render)
        said = {"worker": worker, "count": count, "lease_seconds": lease_seconds}
        with refusals(self.metrics.asked):
            answer = await self._ask_once(once, heard, study_id, wait_seconds, said)
        asked = heard.of(answer)
        is_stale = asked is not None and asked.stale
        self.metrics.asked("replayed" if answer.replayed else "ok", stale=is_stale)
        return answer

    async def _ask_once(
        self,
        once: Once | None,
        render: Callable[[Asked], tuple[int, str]],
        study_id: str,
        wait_seconds: float | None,
        said: dict[str, Any],
    ) -> Answer:
        loop = asyncio.get_running_loop()
        patience = "one" if wait_seconds is None else "all"
        deadline = loop.time() + (PATIENCE_S if wait_seconds is None else wait_seconds)
        with self.announcements.listen(study_id) as news:
            while True:
                if self._is_ending:
                    raise errors.ShuttingDownError("the service is ending; ask again in a moment")
                left = deadline - loop.time()
                try:
                    return await self._write_once(
                        study_id,
                        once,
                        render,
                        self._ask,
                        study_id,
                        **said,
                        patience=patience if left > 0 else "none",
                    )
                except errors.PosteriorBehindError:
                    await news.wait(min(left, GLANCE_S))
                except errors.AllLeasedError:
                    if wait_seconds is None or left <= 0:
                        raise
                    await news.wait(min(left, LOOK_S))

    def _ask(self, c: Connection, study_id: str, *, now: datetime, **said: Any) -> Asked:
        return asking.ask(c, study_id, now=now, rules=self.rules, **said)

    # ---------------------------------------------------------------- time
    def clock(self) -> datetime:
        """Return the time; if it jumped, leases are spared until they are moved with it.

        From any thread. Actions are told the time of their transaction, so that those of one
        writer that come after the one that moves leases know the new time.
        """
        with self._reading:
            now, jump = self._watch.read()
            if jump is not None:
                grace = max(self.restart_grace, JUMP_GRACE).total_seconds()
                self._spared_until = self._ticks() + grace
                self._jumps.append(jump)
        if jump is not None:
            log.warning("the clock was set by %+.0f s; leases move with it", jump.seconds)
        return now

    def without_later(self, jump: Jump) -> datetime:
        """Return the time it would be if the clock had not been set again since a jump."""
        return jump.noticed_at + timedelta(seconds=self._ticks() - jump.ticks)

    @property
    def rules(self) -> LeaseRules:
        """The rules of this moment: after a start, or when the clock was set, nothing expires."""
        patience = MOST_MOVING_S if self._jumps else 0.0  # they are still to be moved
        is_spared = self._ticks() < self._spared_until + patience
        return self._rules.sparing() if is_spared else self._rules

    @property
    def jumps(self) -> list[Jump]:
        """How the clock jumped, until whoever moves the leases takes it out of the list."""
        return self._jumps

    # ---------------------------------------------------------------- life

    def begin_end(self) -> None:
        """Hand out nothing more, and let nobody wait; results are still taken. From any thread."""
        self._is_ending = True
        self.announcements.wake_all()

    async def start(self) -> None:
        """Start to compute and to sweep."""
        self.announcements.attach(asyncio.get_running_loop())
        await self.write(reconcile)
        for job in self._jobs:
            self._running.append(asyncio.create_task(_kept_alive(job, self)))

    async def stop(self) -> None:
        """Finish what is under way and let go of the database."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        await asyncio.to_thread(self.compute.close)
        await asyncio.to_thread(self.database.close)

    @property
    def is_running(self) -> bool:
        """Whether the jobs that belong to this service are alive."""
        return all(not task.done() for task in self._running)


def open_service(  # noqa: PLR0913 - the parts it is made of
    database_url: str,
    *,
    processes: int = 1,
    compute: Compute | None = None,
    rules: LeaseRules | None = None,
    restart_grace: timedelta = timedelta(0),
    clock: Clock = utc_now,
    ticks: Callable[[], float] = time.monotonic,
    jobs: Sequence[Job] = (),
    metrics: Metrics | None = None,
    telemetry: Telemetry | None = None,
    secret_key: str = "",
) -> Service:
    """Open a database and return the service on it, not yet started."""
    announcements = Announcements()
    metrics = metrics or Metrics()

    def tell(touched: Touched) -> None:
        announcements.publish(touched)

    return Service(
        open_database(database_url, tell, metrics.committed),
        announcements=announcements,
        compute=compute or Compute(processes),
        rules=rules,
        restart_grace=restart_grace,
        clock=clock,
        ticks=ticks,
        jobs=jobs,
        metrics=metrics,
        telemetry=telemetry,
        secret_key=secret_key,
    )


async def _kept_alive(job: Job, service: Service) -> None:
    """Run a job for as long as the service lives; what breaks it is logged, and it goes on."""
    task = asyncio.current_task()
    while True:
        try:
            await job(service)
        except errors.StorageTroubleError as trouble:
            log.warning("%s waits: %s", job.__name__, trouble)
        except Exception:
            log.exception("%s failed and goes on", job.__name__)
        if task is not None and task.cancelling():
            return  # what it had to tidy up failed, and that took the place of the cancellation
        await asyncio.sleep(1)


def _name(action: Callable[..., Any]) -> str:
    return getattr(action, "__name__", "action")


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Tell the database's troubles in the words of the service."""
    try:
        yield
    except StorageFullError as error:
        definitions.forget()
        raise errors.StorageFullError(str(error)) from error
    except StorageError as error:
        definitions.forget()
        raise errors.StorageUnavailableError(str(error)) from error
    except (DataError, UnicodeEncodeError, OverflowError) as error:
        raise errors.UnstorableError(
            "expected text without NUL characters and lone surrogates, and whole numbers of at "
            "most 64 bits"
        ) from error
