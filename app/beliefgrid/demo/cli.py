"""The command `beliefgrid demo`."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

EXTRA = {
    "beliefgrid_client": "beliefgrid-client",
    "nibabel": "nibabel",
    "nilearn": "nilearn",
    "sklearn": "scikit-learn",
}
NEEDED_FOR_ANY_STUDY = ("beliefgrid_client",)


def demo(  # noqa: PLR0913 - the options of a command
    *,
    study: Annotated[
        Path | None,
        typer.Option(help="A study's definition as JSON, to search instead of the autoencoder."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            help="With --study: the shell command that tries one combination. It gets "
            "`--name value` for each parameter; its last line of output is the metric."
        ),
    ] = None,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Give the combination as JSON on standard input instead."),
    ] = False,
    trials: Annotated[
        int | None, typer.Option(min=1, help="The budget of a study that is not there yet.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")] = 2,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the dashboard is.")] = 8000,
    url: Annotated[
        str | None,
        typer.Option(help="A service that runs already (BELIEFGRID_TOKEN if it wants one)."),
    ] = None,
    data: Annotated[Path, typer.Option(help="The folder for the database.")] = Path(".demo"),
    once: Annotated[
        bool, typer.Option("--once", help="End when the studies are over, without waiting.")
    ] = False,
) -> None:
    """Run the main job on real MRI slices, and watch it in the browser.

    Ctrl-C ends it without losing a result; started again it goes on where it was.
    """
    _require(NEEDED_FOR_ANY_STUDY if study else tuple(EXTRA))
    if (study is None) != (command is None):
        _fail("--study and --command belong together: what to search, and what tries it")
    from beliefgrid.demo.main import Plan, run

    plan = Plan(
        study=study,
        command=command,
        passing="stdin" if stdin else "arguments",
        trials=trials,
        workers=workers,
        port=port,
        url=url,
        data=data,
        once=once,
    )
    raise typer.Exit(run(plan))


def _require(modules: tuple[str, ...]) -> None:
    missing = [EXTRA[module] for module in modules if find_spec(module) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        _fail(
            f"beliefgrid demo needs {_and(missing)}, which {verb} not installed: "
            'pip install "beliefgrid[demo]"'
        )


def _and(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _fail(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(2)
