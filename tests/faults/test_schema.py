"""Schemathesis reads the OpenAPI document and sends what it allows, and what it does not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.invariants import require_whole
from tests.faults.load import call, create
from tests.support.server import running_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1500)]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


ENDLESS = "/events$"


def token_for(database_url: str, folder: Path) -> str:
    """Make a token that may do everything; its secret."""
    path = folder / "token"
    subprocess.run(
        [sys.executable, "-m", "beliefgrid.cli", "token", "create", "--name", "schemathesis",
         "--scope", "admin", "--to", str(path), "--database", database_url],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    return path.read_text().strip()


@pytest.mark.parametrize("where", ["anywhere", "in a real study"])
def test_no_request_is_answered_with_what_the_document_does_not_say(
    database_url: str,
    where: str,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I8: no 5xx, no undocumented status, no answer of another shape; the database stays whole."""
    token = token_for(database_url, tmp_path)
    with running_server(
        tmp_path, database_url, BELIEFGRID_AUTH="on", BELIEFGRID_SECRET_KEY="k" * 32
    ) as server:
        study = create(server.url, token=token)
        path = f"/studies/{study}/suggestions"
        call(server.url, "POST", path, {"worker": "w", "count": 3}, token=token)
        path = f"/studies/{study}/trials/1/observation"
        call(server.url, "POST", path, {"value": 0.5}, token=token)
        options = ["--exclude-path-regex", ENDLESS, "--exclude-operation-id", "revoke_token"]
        if where != "anywhere":
            fixed = f'"path.study" = "{study}"\n"path.number" = 1\n'
            (tmp_path / "schemathesis.toml").write_text(f"[parameters]\n{fixed}")
            options += ["--exclude-method", "DELETE"]
        examples, seconds = rounds(5, 100), rounds(40, 90)
        run = schemathesis(server.url, token, tmp_path, examples, seconds, *options)
    require_whole(database_url)
    said = [line.strip() for line in run.stdout.splitlines()]
    phases = [line for line in said if line.startswith("✅ Stateful")]
    say(cases=[line for line in said if "generated," in line])
    assert phases, "no request followed from another one's answer"
    assert run.returncode == 0, run.stdout[-20_000:]


def schemathesis(
    url: str, token: str, folder: Path, examples: int, seconds: int, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, which keeps what it said."""
    program = Path(sys.executable).with_name("schemathesis")
    run = subprocess.run(
        [
            str(program), "run", f"{url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {token}",
            "--checks", ",".join(CHECKS),
            "--max-examples", str(examples),
            "--max-time", str(seconds),
            "--request-timeout", "20",
            "--generation-database", "none",
            "--continue-on-failure", "--no-shrink", "--no-color", "--seed", "1",
            *options,
        ],
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    (folder / "schemathesis.log").write_text(run.stdout + run.stderr)
    return run
