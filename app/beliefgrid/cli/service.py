"""Commands that run the service or keep its database: serve, worker, migrate, backup, purge."""

from pathlib import Path
from typing import Annotated

import typer

from beliefgrid.cli.ending import USAGE, stop, told_of_start
from beliefgrid.cli.opening import Database, loading, opened, settings_with


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


def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    database: Database = None,
) -> None:
    """Copy a SQLite database while it is being served."""
    from beliefgrid.storage.backup import back_up

    url = settings_with(database_url=database).database_url
    size = back_up(url, to)
    typer.echo(f"Wrote {to} ({size:,} bytes). `beliefgrid restore` puts it back.")


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
