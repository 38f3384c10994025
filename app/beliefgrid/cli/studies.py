"""Commands about studies: list, show, rebuild, export, import."""

from pathlib import Path
from typing import Annotated

import typer

from beliefgrid.cli.ending import FAILED, USAGE, stop
from beliefgrid.cli.opening import Database, opened

app = typer.Typer(help="Look at studies, and compute their posteriors again.", no_args_is_help=True)

StudyId = Annotated[str, typer.Argument(help="The id of a study, or its name.")]


@app.command("list")
def list_studies(
    database: Database = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
) -> None:
    """List the studies, newest first."""
    from beliefgrid.actions import read

    with opened(database) as work:
        cursor: str | None = None
        while True:
            page = work.read(read.studies, state=state, cursor=cursor, limit=100)
            for found in page.items:
                typer.echo(
                    f"{found.id}  {found.state:<9}  {found.observations:>6} results of "
                    f"{found.n_cells:>8} cells  {found.name}"
                )
            cursor = page.next_cursor
            if cursor is None:
                return


@app.command("show")
def show_study(study: StudyId, database: Database = None) -> None:
    """Show a study as JSON."""
    from beliefgrid.actions import read
    from beliefgrid.api.answers import StudyOut

    with opened(database) as work:
        view = work.read(read.study, work.study_id(study))
    typer.echo(StudyOut.of(view).model_dump_json(indent=2))


@app.command("rebuild")
def rebuild_study(study: StudyId, database: Database = None) -> None:
    """Compute every snapshot of a study again from its events."""
    from beliefgrid.actions import rebuild

    with opened(database) as work:
        study_id = work.study_id(study)
        steps = work.read(rebuild.boundaries, study_id)
        built = list(rebuild.recomputed(steps))
        report = work.write(rebuild.replace_snapshots, study_id, built)
    typer.echo(
        f"{report['snapshots']} snapshots: {report['missing_before']} were missing, "
        f"{report['changed']} are different now."
    )


def export_study(
    study: StudyId,
    format: Annotated[str, typer.Option(help="json or csv.")] = "json",  # noqa: A002 - its name
    to: Annotated[Path | None, typer.Option(help="The file; else standard output.")] = None,
    database: Database = None,
) -> None:
    """Write a study with all its trials, as JSON that can be imported, or as a table."""
    from beliefgrid.api import exports

    if format not in {"json", "csv"}:
        stop(USAGE, f"expected --format json or csv, got {format[:20]!r}")
    with opened(database) as work:
        writer = exports.as_json if format == "json" else exports.as_csv
        text = work.read(writer, work.study_id(study))
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, encoding="utf-8", newline="")


def import_study(
    file: Annotated[Path, typer.Argument(help="A file that `beliefgrid export` wrote.")],
    database: Database = None,
) -> None:
    """Create a study from an export."""
    from beliefgrid.actions import portable
    from beliefgrid.api.imports import ImportFileError, read_export

    try:
        document = read_export(file.read_bytes())
    except ImportFileError as error:
        stop(FAILED, f"{file}: {error}")
    with opened(database) as work:
        view = work.write(portable.import_study, **document.parts(), actor="command line")
    typer.echo(view.id)
