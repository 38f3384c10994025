"""The pages of docs/reference, made from the code: `python -m tests.support.reference`."""

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer.main

from beliefgrid import cli
from beliefgrid.api.codes import all_codes
from beliefgrid.api.openapi import document
from beliefgrid.cli import ending
from beliefgrid.main import create_app
from beliefgrid.settings import Settings, variable

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
METHODS = ("get", "post", "put", "patch", "delete")
MADE = "<!-- Made by `python -m tests.support.reference`; a test compares it with the code. -->\n"
EXIT_CODES = (
    (0, "done"),
    (ending.FAILED, "what was asked for cannot be done; the sentence says why"),
    (ending.USAGE, "the command line itself is wrong"),
    (ending.SETTINGS, "an environment variable has a value that cannot be used"),
    (ending.IN_USE, "another process serves this SQLite file"),
    (ending.SCHEMA, "the database's tables are of another release; `beliefgrid migrate`"),
    (ending.NO_DATABASE, "the database cannot be reached or written"),
    (ending.PORT_TAKEN, "something else listens on the port"),
    (ending.NO_TOKEN, "a token is mandatory and there is none"),
)


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    return {
        "settings.md": settings_page(),
        "errors.md": errors_page(),
        "rest.md": rest_page(),
        "command-line.md": command_line_page(),
    }


def settings_page() -> str:
    """Return the table of environment variables."""
    rows = [
        (f"`{variable(s.name)}`", f"`{_shown(s.default)}`" if s.default else "", s.metadata["says"])
        for s in fields(Settings)
    ]
    return (
        f"# Settings\n\n{MADE}\nEnvironment variables, read once when a process starts. With "
        "`_FILE` behind its name a variable names a file that holds the value.\n\n"
        + _table(("variable", "default", "meaning"), rows)
    )


def errors_page() -> str:
    """Return the table of problem codes."""
    rows = [(f"`{code}`", str(status), says) for code, status, says in all_codes()]
    return (
        f"# Errors\n\n{MADE}\nA request that is refused is answered `application/problem+json` "
        "(RFC 9457): `type`, `title`, `status`, `detail`, `code`, `request_id`, and `errors` where "
        "parts of a body are wrong. Programs look at `code`. Where `Retry-After` is given, the "
        "same request may be sent again; with an `Idempotency-Key` it is done once.\n\n"
        + _table(("code", "status", "meaning"), rows)
    )


def rest_page() -> str:
    """Return every route with its parameters, body and statuses."""
    content = document(create_app(Settings()))
    parts = [
        _operation(path, method, operation, content)
        for path, methods in sorted(content["paths"].items())
        for method, operation in methods.items()
        if method in METHODS
    ]
    return (
        f"# The REST API\n\n{MADE}\nThe service shows this page itself at `/api/v1/docs`, and the "
        "OpenAPI document at `/api/v1/openapi.json`. Codes are in [Errors](errors.md).\n\n"
        + "\n".join(parts)
    )


def command_line_page() -> str:
    """Return the commands and the exit codes."""
    group: Any = typer.main.get_command(cli.app)
    rows = [(f"`{name}`", says) for name, says in _commands(group, "beliefgrid")]
    codes = [(str(code), says) for code, says in EXIT_CODES]
    return (
        f"# The command line\n\n{MADE}\n`beliefgrid COMMAND --help` says which options there are."
        f"\n\n{_table(('command', 'what it does'), rows)}\n## Exit codes\n\n"
        + _table(("code", "meaning"), codes)
    )


def _commands(group: Any, before: str) -> list[tuple[str, str]]:
    found = []
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found += _commands(command, f"{before} {name}")
        else:
            says = (command.help or "").strip().splitlines()[0]
            found.append((f"{before} {name}", says))
    return found


def _operation(path: str, method: str, operation: dict[str, Any], content: dict[str, Any]) -> str:
    lines = [f"## `{method.upper()} {path}`", "", operation["description"], ""]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            says = parameter.get("description", "")
            lines.append(f"* `{parameter['name']}` {says}".rstrip())
    body = operation.get("requestBody")
    if body is not None:
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        example = content["components"]["schemas"][name]["example"]
        lines += ["", "```json", json.dumps(example, indent=2), "```"]
    statuses = ", ".join(sorted(operation["responses"]))
    return "\n".join([*lines, "", f"Answers: {statuses}.", ""]).replace("\n\n\n", "\n\n")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _shown(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
