"""The demo from start to end: service, studies, workers, and an orderly way out."""

import queue
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from beliefgrid.demo.children import Service, ServiceError, Workers, start_service
from beliefgrid.demo.command import Passing
from beliefgrid.demo.progress import Progress
from beliefgrid.demo.studies import (
    LARGE,
    SMALL,
    Definition,
    DefinitionError,
    find_or_create,
    read_definition,
)
from beliefgrid_client import BeliefgridError, Client, Retry

PATIENT = Retry(patience_s=30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for."""

    study: Path | None = None
    command: str | None = None
    passing: Passing = "arguments"
    trials: int | None = None
    workers: int = 2
    port: int = 8000
    url: str | None = None
    data: Path = Path(".demo")
    once: bool = False

    def definitions(self) -> list[Definition]:
        """Return what is to be searched, one after the other."""
        return [SMALL, LARGE] if self.study is None else [read_definition(self.study)]


def run(plan: Plan, console: Console | None = None) -> int:
    """Run the demo; return its exit status."""
    console = console or Console(highlight=False)
    try:
        definitions = plan.definitions()
        prepare(plan.data)
        with _interrupts(), _service(plan) as service:
            return _Demo(plan, console, service).run(definitions)
    except KeyboardInterrupt:
        return 0  # before there was anything to end
    except (DefinitionError, ServiceError, BeliefgridError) as error:
        console.print(str(error), style="red", markup=False)
        return 1


def prepare(folder: Path) -> None:
    """Make the demo's folder, which no repository should take in."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")


@contextmanager
def _service(plan: Plan) -> Iterator[Service | None]:
    if plan.url is not None:
        yield None
        return
    service = start_service(plan.data, plan.port)
    try:
        yield service
    finally:
        service.end()


class _Demo:
    """One run of the demo on a service that answers."""

    def __init__(self, plan: Plan, console: Console, service: Service | None) -> None:
        self.plan, self.console, self.service = plan, console, service
        self.url = service.url if service else str(plan.url)
        self.client = Client(self.url, retry=PATIENT)
        self.workers = Workers()
        self.shown: dict[str, Progress] = {}
        self.unsaid: dict[str, Any] | None = None

    def run(self, definitions: list[Definition]) -> int:
        self.console.print(f"Dashboard: [bold]{self.url}[/]   (Ctrl-C ends the demo)")
        for definition in definitions:
            study = find_or_create(self.client, definition, self.plan.trials)
            self.shown[study.id] = Progress(self.console, study, definition)
            self.shown[study.id].started()
        try:
            self._work()
        finally:
            self.workers.end()
        return 1 if self.workers.have_failed() else 0

    def _work(self) -> None:
        try:
            self._start_workers()
            self._follow()
            self._summary()
            if not self.plan.once:
                self._stay()
        except KeyboardInterrupt:
            self._leave()

    def _start_workers(self) -> None:
        options = ["--url", self.url, "--spool", str(self.plan.data / "spool")]
        options += [word for study_id in self.shown for word in ("--study", study_id)]
        if self.plan.command is not None:
            options += ["--command", self.plan.command, "--passing", self.plan.passing]
        for number in range(1, self.plan.workers + 1):
            self.workers.start(f"demo-{number}", options, self.plan.data / "workers.log")

    def _follow(self) -> None:
        """Print what the workers say until they are done."""
        while self.workers.is_working():
            self._say(timeout_s=0.2)
            if self.service is not None:
                self.service.check()
        self.workers.hear_out()
        while self._say(timeout_s=0.0):
            pass

    def _say(self, *, timeout_s: float) -> bool:
        """Print what a worker said, if one did; what Ctrl-C breaks off is printed the next time."""
        if self.unsaid is None:
            try:
                self.unsaid = self.workers.said.get(timeout=timeout_s or 0.001)
            except queue.Empty:
                return False
        self.shown[self.unsaid["study"]].line(self.unsaid)
        self.unsaid = None
        return True

    def _summary(self) -> None:
        for progress in self.shown.values():
            progress.ended()
        if self.workers.have_failed():
            log = self.plan.data / "workers.log"
            self.console.print(f"A worker ended in error; see {log}", style="red", markup=False)

    def _stay(self) -> None:
        self.console.print(f"Over. The dashboard stays at [bold]{self.url}[/] until Ctrl-C.")
        while True:
            if self.service is not None:
                self.service.check()
            time.sleep(0.5)

    def _leave(self) -> None:
        """Let the workers finish; on a second Ctrl-C they give their trials back."""
        if not self.workers.is_working():
            self._follow()
        else:
            try:
                self.workers.leave()
                self.console.print("Finishing the trials at hand; Ctrl-C again gives them back.")
                self._follow()
            except KeyboardInterrupt:
                self.workers.give_back()
                self._follow()
        self.console.print("Ended; nothing is lost. `beliefgrid demo` goes on from here.")


@contextmanager
def _interrupts() -> Iterator[None]:
    """Treat the end of the terminal and a polite kill like Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = (signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
