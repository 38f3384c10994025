"""Studies that know more than their posterior does are brought up to date, one step at a time.

The study's row is the queue: a result leaves `results > snapshot_results`. What came while an
update ran is one update more, however much it was. On Postgres several updaters may run; a
study belongs to the one that holds its claim.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import QUEUE_LENGTH, ComputeError
from beliefgrid.actions.errors import StorageTroubleError
from beliefgrid.actions.service import Job, Service
from beliefgrid.storage import studies
from beliefgrid.storage.claims import Claims, claims_on
from beliefgrid.storage.errors import StorageError

log = logging.getLogger(__name__)

LOOK_S = 5.0  # how often to look for studies that nobody announced
# How long to let the workers have the machine between two updates of a study: with more results
# than this in one update, so many times as long as it took, and no longer than some seconds. The
# same between two studies if so many more wait.
CROWD, CROWD_RESTS, LONGEST_CROWD_REST_S = 8, 1.0, 2.0
FLOOD, FLOOD_RESTS, LONGEST_FLOOD_REST_S = QUEUE_LENGTH, 3.0, 30.0  # the list cannot last, either
GLANCE_S = 0.5  # how often to see whether results still come
LONGEST_PAUSE_S = 300.0  # between attempts at a study that cannot be computed


def updating(at_once: int = 1) -> Job:
    """Return the job that keeps all studies up to date, so many of them at a time."""

    async def update_studies(service: Service) -> None:
        claims = claims_on(service.database)
        updater = Updater(service, claims, at_once)
        try:
            await updater.run()
        finally:
            await updater.stop()
            await asyncio.to_thread(claims.close)

    return update_studies


@dataclass(frozen=True, slots=True)
class _Made:
    """An update that was made: how long it took, and how many results came with it."""

    spent_s: float
    unseen: int
    is_first: bool


class Updater:
    """The studies that are being updated, a task for each."""

    def __init__(self, service: Service, claims: Claims, at_once: int) -> None:
        self._service, self._claims = service, claims
        self._slots = asyncio.Semaphore(at_once)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._line: set[str] = set()  # those that wait for their turn

    async def run(self) -> None:
        """Follow what is announced, and look for what was not, until cancelled."""
        await self._service.compute.warm_up()
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        while True:
            found = await self._service.announcements.behind(max(0, next_look - loop.time()))
            if loop.time() >= next_look:
                await self._claims.keep()
                found.update(await self._service.read(updates.due))
                next_look = loop.time() + LOOK_S
            for study_id in found:
                self._follow(study_id)

    async def stop(self) -> None:
        """Leave what is being computed; it is begun again by whoever comes next."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, study_id: str) -> None:
        if study_id in self._running:
            self._again.add(study_id)
            return
        task = asyncio.create_task(self._bring_up_to_date(study_id))
        self._running[study_id] = task
        task.add_done_callback(lambda _: self._followed(study_id))

    def _followed(self, study_id: str) -> None:
        task = self._running.pop(study_id)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("the update of %s failed", study_id, exc_info=error)
        if study_id in self._again:
            self._again.discard(study_id)
            self._follow(study_id)

    async def _bring_up_to_date(self, study_id: str) -> None:
        failures = 0
        task = asyncio.current_task()
        rest_s: float | None = 0.0
        while rest_s is not None:
            try:
                await self._rest(study_id, rest_s)
                made = await self._in_turn(study_id)
                rest_s = None if made is None else rest_after(made.spent_s, made.unseen)
                failures = 0
            except (StorageTroubleError, StorageError) as trouble:
                if task is not None and task.cancelling():
                    return  # giving the claim back failed, in the place of the cancellation
                log.warning("the update of %s waits: %s", study_id, trouble)
                await asyncio.sleep(1)
            except UpdateError as error:
                failures += 1
                log.warning("the update of %s failed: %s", study_id, error)
                await asyncio.sleep(min(2.0**failures, LONGEST_PAUSE_S))

    async def _in_turn(self, study_id: str) -> _Made | None:
        """Make one update when it is the study's turn, and rest if many others stand in line."""
        self._line.add(study_id)
        try:
            async with self._slots:
                self._line.discard(study_id)
                self._again.discard(study_id)
                made = await self._step(study_id)
                if made is not None and not made.is_first:  # many new studies are no flood
                    rest_s = rest_after(made.spent_s, len(self._line))
                    await asyncio.sleep(min(rest_s, LONGEST_CROWD_REST_S))
                return made
        finally:
            self._line.discard(study_id)

    async def _rest(self, study_id: str, seconds: float) -> None:
        """Rest for some time, but no longer than the flood lasts: one worker alone would wait."""
        before = 0
        while seconds > 0:
            slept = min(seconds, GLANCE_S)
            await asyncio.sleep(slept)
            seconds -= slept
            if seconds > 0:
                unseen = await self._service.read(studies.unseen, study_id)
                if unseen <= before + 1:
                    return
                before = unseen

    async def _step(self, study_id: str) -> _Made | None:
        """Make one update if one is due and nobody else makes it; None if not."""
        if not await self._claims.take(study_id):
            return None
        try:
            began = time.monotonic()
            task = await self._service.read(updates.task, study_id)
            if task is None:
                return None
            recipe = task.recipe
            with self._service.telemetry.span("update", study=recipe.study_id, seq=recipe.seq):
                await self._update(task)
            spent = time.monotonic() - began
        finally:
            await self._claims.give_back(study_id)
        return _Made(spent, task.unseen, is_first=task.unseen == task.results)

    async def _update(self, task: updates.Task) -> None:
        compute = self._service.compute
        try:
            with self._service.telemetry.span("compute", results=len(task.recipe.cells)):
                update = await compute.update(task.recipe, task.previous, task.n_queue)
        except (ComputeError, ValueError, ArithmeticError, MemoryError) as error:
            message = f"{type(error).__name__}: {error}"
            self._service.metrics.update_failed()
            await self._service.write(updates.give_up, task, message)
            raise UpdateError(message) from error
        if await self._service.write(updates.publish, task, update):
            now = self._service.clock()
            lag = (now - (task.known_at or now)).total_seconds()
            self._service.metrics.updated(update.elapsed_ms / 1000, lag)


def rest_after(spent_s: float, results: int) -> float:
    """Return how long to rest after an update that took in so many results.

    Or that so many other studies waited for: they have a result each, at least.
    """
    if results > FLOOD:
        return min(FLOOD_RESTS * spent_s, LONGEST_FLOOD_REST_S)
    if results > CROWD:
        return min(CROWD_RESTS * spent_s, LONGEST_CROWD_REST_S)
    return 0.0


class UpdateError(Exception):
    """The engine could not compute a posterior; the study goes on with the one it has."""
