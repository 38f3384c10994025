"""Commands about access tokens: create, list, revoke."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from beliefgrid.cli.ending import USAGE, stop
from beliefgrid.cli.opening import Database, opened

app = typer.Typer(help="Access tokens for programs and people.", no_args_is_help=True)


@app.command("create")
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


@app.command("list")
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


@app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="The id of a token.")], database: Database = None
) -> None:
    """Make a token useless."""
    from beliefgrid.actions import tokens

    with opened(database) as work:
        work.write(tokens.revoke_token, token)
    typer.echo("Revoked.")
