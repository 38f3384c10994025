"""What the demo prints: one line a trial, and how each study ended."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape

from beliefgrid.demo.studies import Definition, goal_of
from beliefgrid_client import BeliefgridError, Study


@dataclass(slots=True)
class Progress:
    """The lines of one study."""

    console: Console
    study: Study
    definition: Definition
    count: int = 0
    best: float | None = None
    metric: str = field(init=False)
    is_minimized: bool = field(init=False)
    n_cells: int = field(init=False)
    widths: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.metric, self.is_minimized = goal_of(self.definition)
        info = self.study.info()
        self.n_cells = info.n_cells
        self.widths = [
            max(len(f"{p['name']} {value}") for value in p["values"]) for p in info.parameters
        ]
        values = [t.value for t in self.study.trials() if t.value is not None]
        self.count = len(values)
        self.best = (min if self.is_minimized else max)(values, default=None)

    def started(self) -> None:
        """Say where the study stands."""
        goes_on = f", going on after {self.count} results" if self.count else ""
        self.console.print(
            f"[bold]{escape(self.study.name)}[/] · {self.n_cells} combinations{goes_on}"
        )

    def line(self, said: dict[str, Any]) -> None:
        """Print what a worker said about one trial."""
        belief = self._belief()  # takes a moment; until it is there nothing is counted
        words = [f"{name} {value}" for name, value in said["assignments"].items()]
        where = "  ".join(word.ljust(width) for word, width in zip(words, self.widths, strict=True))
        took = f"{said['duration']:.1f} s" if said["duration"] is not None else ""
        self.console.print(
            f"  trial {said['number']:>3}  {escape(where)}  {self._result(said)}  "
            f"[dim]{took} on {escape(str(said['worker']))}[/]  {belief}",
            soft_wrap=True,
        )

    def ended(self) -> None:
        """Say how the study ended, or where it stands."""
        info, best = self.study.info(), self.study.best()
        reason = f" ({info.state_reason})" if info.state_reason else ""
        words = [f"[bold]{escape(self.study.name)}[/] is {info.state}{escape(reason)}"]
        if best.assignments and best.mean is not None:
            where = ", ".join(f"{name} {value}" for name, value in best.assignments.items())
            words.append(f"best: {escape(where)} with {self.metric} {best.mean:.4g}")
        if best.p_best is not None:
            words.append(f"P(best) {best.p_best:.0%}")
        words.append(f"{info.observations} of {info.n_cells} combinations tested")
        self.console.print(" · ".join(words), soft_wrap=True)

    def _result(self, said: dict[str, Any]) -> str:
        value = said["value"]
        if value is None:
            return f"[red]{said['state']}[/]: {escape(str(said['reason']))}"
        self.count += 1
        is_better = self.best is None or (value < self.best) == self.is_minimized
        is_better = is_better and value != self.best
        self.best = value if is_better else self.best
        text = f"{self.metric} {value:.5g}"
        return f"[green]{text} ★ best so far[/]" if is_better else text

    def _belief(self) -> str:
        """Return what the posterior says now; the demo goes on without it."""
        try:
            best = self.study.best(wait_seconds=0)
        except BeliefgridError:
            return ""
        return "" if best.p_best is None else f"[dim]P(best) of the leader {best.p_best:.0%}[/]"
