"""The command line: serve, migrate, worker, study, export, import, token, backup, purge, demo.

What a command needs is imported when it runs: `beliefgrid --help` must not wait for numpy.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from beliefgrid.settings import Settings

app = typer.Typer(
    help="Bayesian search over a grid of hyperparameters, with a posterior you can watch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
study_app = typer.Typer(
    help="Look at studies, and compute their posteriors again.", no_args_is_help=True
)
token_app = typer.Typer(help="Access tokens for programs and people.", no_args_is_help=True)
app.add_typer(study_app, name="study")
app.add_typer(token_app, name="token")

# What a script can tell from the exit code.
FAILED, USAGE, SETTINGS, IN_USE, SCHEMA, NO_DATABASE, PORT_TAKEN, NO_TOKEN = 1, 2, 3, 4, 5, 6, 7, 8

Database = Annotated[
    str | None,
    typer.Option("--database", "-d", help="The database; else BELIEFGRID_DATABASE_URL says it."),
]
StudyId = Annotated[str, typer.Argument(help="The id of a study, or its name.")]


def main() -> None:
    """Run the command line; what a user can put right is one sentence, not a traceback."""
    with told():
        app()


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a user can put right into a sentence and an exit code."""
    from beliefgrid.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        stop(SETTINGS, str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        stop(code, str(error))


def exit_code(error: Exception) -> int | None:
    """Return the exit code for an error that a user can put right."""
    from beliefgrid.actions.errors import ActionError
    from beliefgrid.search import SearchError
    from beliefgrid.storage import errors

    codes: list[tuple[type[Exception], int]] = [
        (errors.DatabaseInUseError, IN_USE),
        (errors.SchemaError, SCHEMA),
        (errors.StorageError, NO_DATABASE),
        (ActionError, FAILED),
        (SearchError, FAILED),
        (OSError, FAILED),
    ]
    return next((code for kind, code in codes if isinstance(error, kind)), None)


def stop(code: int, message: str) -> NoReturn:
    """Say what is wrong and end."""
    typer.secho(f"beliefgrid: {message}", err=True, fg=typer.colors.RED)
    sys.exit(code)


def settings_with(**changes: Any) -> "Settings":
    """Return the settings of the environment, changed by what was given as options."""
    from beliefgrid.settings import Settings

    given = {name: value for name, value in changes.items() if value is not None}
    return replace(Settings.from_environment(), **given)


# ---------------------------------------------------------------- run
@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.")] = None,
    database: Database = None,
    root_path: Annotated[str | None, typer.Option(help="What a proxy puts before ours.")] = None,
) -> None:
    """Serve the API and the dashboard until Ctrl-C."""
    with loading():
        from beliefgrid.serving import run

    settings = settings_with(host=host, port=port, database_url=database, root_path=root_path)
    with told_of_start():
        run(settings)


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage among them: it is a tenth of a start."""
    import gc

    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # modules stay; no later collection need go through them
        gc.enable()


@contextmanager
def told_of_start() -> Iterator[None]:
    """Turn what keeps a server from starting into a sentence and an exit code."""
    from beliefgrid.serving import PortTakenError, StartFailedError

    try:
        yield
    except PortTakenError as error:
        stop(PORT_TAKEN, str(error))
    except StartFailedError as error:
        if error.__cause__ is not None and isinstance(error.__cause__, Exception):
            stop(exit_code(error.__cause__) or NO_TOKEN, str(error))
        stop(FAILED, str(error))


@app.command()
def migrate(database: Database = None) -> None:
    """Bring the database's tables to this release."""
    from beliefgrid.storage import engine
    from beliefgrid.storage import migrate as migrations

    url = settings_with(database_url=database).database_url
    opened = engine.open_database(url)  # nobody else may be serving this SQLite file
    try:
        migrations.upgrade(url)
        migrations.check(opened.engine)
    finally:
        opened.close()
    typer.echo("The tables are those of this release.")


@app.command()
def worker(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Answer /healthz, /readyz and /metrics there."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address for that.")] = None,
    database: Database = None,
) -> None:
    """Compute posteriors for servers that share a Postgres database, until Ctrl-C."""
    settings = settings_with(host=host, database_url=database)
    if settings.database_url.startswith("sqlite"):
        stop(
            USAGE,
            "a SQLite file has one process, `beliefgrid serve`, which computes posteriors too",
        )
    with loading():
        from beliefgrid.serving import run_worker

    with told_of_start():
        run_worker(settings, port)


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    database: Database = None,
) -> None:
    """Copy a SQLite database while it is being served."""
    from beliefgrid.storage.backup import back_up

    url = settings_with(database_url=database).database_url
    size = back_up(url, to)
    typer.echo(f"Wrote {to} ({size:,} bytes). `beliefgrid restore` puts it back.")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `beliefgrid backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put a database that is there aside.")
    ] = False,
    database: Database = None,
) -> None:
    """Put a backup in the place of a SQLite database that nobody serves."""
    from beliefgrid.storage import backup as backups

    url = settings_with(database_url=database).database_url
    size = backups.restore(url, source, replace=replace)
    typer.echo(f"Restored {source} ({size:,} bytes).")


@app.command()
def purge(
    deleted_days: Annotated[
        float | None,
        # Answers that are kept for repeats, a day long, name what is removed here.
        typer.Option(min=2, help="Remove studies that were deleted so many days ago, for good."),
    ] = None,
    keep_snapshots: Annotated[
        int | None,
        typer.Option(min=1, help="Of each study keep so many newest snapshots, of older ones few."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    database: Database = None,
) -> None:
    """Forget what is old, to make room; without an option nothing is old."""
    from beliefgrid.actions import purge as old
    from beliefgrid.actions.clock import utc_now

    with opened(database) as work:
        if deleted_days is not None:
            for study in work.read(old.long_deleted, deleted_days, utc_now()):
                if dry_run or work.write(old.purge_study, study.id, days=deleted_days):
                    typer.echo(f"{study.id}  deleted {study.deleted_at:%Y-%m-%d}  {study.name}")
        if keep_snapshots is not None:
            for study_id, count in work.read(old.studies_to_thin, keep_snapshots).items():
                if not dry_run:
                    work.write(old.thin_study, study_id, keep=keep_snapshots)
                typer.echo(f"{study_id}  {count} snapshots")
    if deleted_days is None and keep_snapshots is None:
        stop(USAGE, "expected --deleted-days or --keep-snapshots")
    typer.echo("Nothing was removed." if dry_run else "That is gone.", err=True)


def _add_demo() -> None:
    """Add the demo, which is a program of its own that reaches the service over HTTP."""
    from beliefgrid.demo.cli import demo

    app.command()(demo)


# ---------------------------------------------------------------- studies
@study_app.command("list")
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


@study_app.command("show")
def show_study(study: StudyId, database: Database = None) -> None:
    """Show a study as JSON."""
    from beliefgrid.actions import read
    from beliefgrid.api.answers import StudyOut

    with opened(database) as work:
        view = work.read(read.study, work.study_id(study))
    typer.echo(StudyOut.of(view).model_dump_json(indent=2))


@study_app.command("rebuild")
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


@app.command("export")
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


@app.command("import")
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


# ---------------------------------------------------------------- tokens
@token_app.command("create")
def create_token(  # noqa: PLR0917 - options, given by name
    name: Annotated[str, typer.Option(help="Whose it is, as the events will say.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, work, write or admin; may be repeated.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Only for this study.")] = None,
    days: Annotated[float | None, typer.Option(min=0, help="How long it is good for.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Write the secret to this file, for its owner alone.")
    ] = None,
    if_none: Annotated[
        bool, typer.Option("--if-none", help="Do nothing if there is a usable token.")
    ] = False,
    database: Database = None,
) -> None:
    """Make a token; its secret is shown this once."""
    from beliefgrid.actions import tokens
    from beliefgrid.actions.clock import utc_now

    scopes = scope or ["read"]
    if wrong := [word for word in scopes if word not in tokens.SCOPES]:
        stop(USAGE, f"expected --scope {', '.join(tokens.SCOPES)}, got {wrong[0][:20]!r}")
    with opened(database) as work:
        if if_none and work.read(tokens.count_usable, utc_now()):
            typer.echo("There is a usable token; none was made.", err=True)
            return
        ends = {"expires_at": utc_now() + timedelta(days=days)} if days else {}
        made: Any = work.write(
            tokens.create_token,
            name=name,
            scopes=scopes,
            study_id=work.study_id(study) if study else None,
            **ends,
        )
    hand_over(made[0], to)


def hand_over(secret: str, to: Path | None) -> None:
    """Print a secret, or write it where only its owner can read it."""
    import os

    if to is None:
        typer.echo(secret)
        return
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(secret + "\n")
    typer.echo(f"The token is in {to}.", err=True)


@token_app.command("list")
def list_tokens(database: Database = None) -> None:
    """List the tokens, without their secrets."""
    from beliefgrid.actions import tokens
    from beliefgrid.actions.clock import utc_now

    with opened(database) as work:
        for found in work.read(tokens.list_tokens):
            until = f"until {found.expires_at:%Y-%m-%d}" if found.expires_at else "for ever"
            is_over = found.expires_at is not None and found.expires_at <= utc_now()
            state = "revoked" if found.revoked_at else "expired" if is_over else until
            where = found.study_id or "every study"
            used = f"used {found.last_used_at:%Y-%m-%d %H:%M}" if found.last_used_at else "unused"
            scopes = ",".join(found.scopes)
            typer.echo(f"{found.id}  {scopes}  {where}  {state}  {used}  {found.name}")


@token_app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="The id of a token.")], database: Database = None
) -> None:
    """Make a token useless."""
    from beliefgrid.actions import tokens

    with opened(database) as work:
        work.write(tokens.revoke_token, token)
    typer.echo("Revoked.")


@app.command()
def version() -> None:
    """Print the version."""
    from beliefgrid import __version__

    typer.echo(__version__)


@contextmanager
def opened(database: str | None) -> Iterator[Any]:
    """Open a database for one command."""
    from beliefgrid.offline import Offline

    work = Offline(settings_with(database_url=database).database_url)
    try:
        yield work
    finally:
        work.close()


_add_demo()

if __name__ == "__main__":
    main()
