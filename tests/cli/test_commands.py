"""The command line as a person or a script uses it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.support import STUDY
from tests.cli.conftest import Ran, Run
from tests.support.server import Server, running_server


def run_apart(folder: Path, database_url: str, *words: str, **variables: str) -> Ran:
    """Run one command in a process of its own, as a server needs it."""
    ours = {name: value for name, value in os.environ.items() if "BELIEFGRID_" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "beliefgrid.cli", *words],
        env=ours | {"BELIEFGRID_DATABASE_URL": database_url} | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A file with an exported study."""
    path = tmp_path / "study.json"
    trial = {
        "assignments": {"learning_rate": 0.01, "latent_dim": 32},
        "state": "completed",
        "value": 0.15,
    }
    path.write_text(json.dumps({"format": "beliefgrid-study-1", "study": STUDY, "trials": [trial]}))
    return path


def test_a_study_goes_in_and_out(run: Run, tmp_path: Path, database_url: str, export: Path) -> None:
    """Import, list, show, export as JSON and CSV, and rebuild."""
    imported = run(database_url, "import", str(export))
    study = imported.stdout.strip()

    listed = run(database_url, "study", "list")
    shown = run(database_url, "study", "show", "a study")
    exported = run(database_url, "export", study)
    table = run(database_url, "export", study, "--format", "csv", "--to", "out.csv")
    rebuilt = run(database_url, "study", "rebuild", study)

    assert study.startswith("st_")
    assert study in listed.stdout
    assert json.loads(shown.stdout)["id"] == study
    assert json.loads(exported.stdout)["trials"][0]["value"] == 0.15
    assert table.returncode == 0
    assert "0.15" in (tmp_path / "out.csv").read_text()
    assert rebuilt.stdout.startswith("0 snapshots")


def test_tokens_are_made_listed_and_revoked(run: Run, database_url: str) -> None:
    """The secret is shown once, and never in the list."""
    made = run(database_url, "token", "create", "--name", "ci", "--scope", "work")
    secret = made.stdout.strip()
    token_id = secret.split("_")[1]

    listed = run(database_url, "token", "list").stdout
    revoked = run(database_url, "token", "revoke", token_id)
    after = run(database_url, "token", "list").stdout

    assert token_id in listed
    assert secret not in listed
    assert revoked.returncode == 0
    assert "revoked" in after


def test_a_token_is_written_to_a_file_once(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    """For its owner alone; with --if-none a second call does nothing."""
    words = ("token", "create", "--name", "a", "--scope", "admin", "--if-none", "--to", "secret")

    first = run(sqlite_url, *words)
    secret = (tmp_path / "secret").read_text()
    second = run(sqlite_url, *words)

    assert first.returncode == second.returncode == 0
    assert secret.startswith("bg_")
    assert secret.strip() not in first.stdout + first.stderr
    assert (tmp_path / "secret").read_text() == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_migrate_makes_the_tables(run: Run, empty_database_url: str) -> None:
    """Twice does no harm."""
    for _ in range(2):
        assert run(empty_database_url, "migrate").returncode == 0
    assert run(empty_database_url, "study", "list").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("study", "show", "nobody"), 1, "expected the name of a study"),
        (("study", "show", "st_nobody"), 1, "expected the id of a study"),
        (("export", "st_nobody"), 1, "expected the id of a study"),
        (("export", "st_nobody", "--format", "xml"), 2, "json or csv"),
        (("import", "not-there.json"), 1, "not-there.json"),
        (("token", "create", "--name", "x", "--scope", "root"), 2, "read, work, write, admin"),
        (("token", "revoke", "nope"), 1, "expected the id of a token"),
        (("worker",), 2, "SQLite"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_what_a_user_can_put_right_is_one_sentence(
    run: Run, sqlite_url: str, words: tuple[str, ...], code: int, says: str
) -> None:
    """With an exit code that a script can tell apart, and no traceback."""
    done = run(sqlite_url, *words)

    assert done.returncode == code
    assert says in " ".join(done.stderr.split())


@pytest.mark.parametrize("text", ["", "[", "{}", '{"format": "x"}', '{"a": NaN}'])
def test_a_file_that_is_no_export_is_named(
    run: Run, tmp_path: Path, sqlite_url: str, text: str
) -> None:
    """Nothing of it is stored."""
    path = tmp_path / "bad.json"
    path.write_text(text)

    done = run(sqlite_url, "import", str(path))

    assert done.returncode == 1
    assert "bad.json" in done.stderr
    assert run(sqlite_url, "study", "list").stdout == ""


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, sqlite_url: str) -> None:
    """Before anything is opened."""
    done = run_apart(tmp_path, sqlite_url, "serve", BELIEFGRID_PORT="x")

    assert done.returncode == 3
    assert "BELIEFGRID_PORT" in done.stderr


def test_a_database_in_use_is_left_alone(tmp_path: Path, server: Server, sqlite_url: str) -> None:
    """A second server, and a command that writes, refuse with a sentence."""
    second = run_apart(tmp_path, sqlite_url, "serve", "--port", "0")
    command = run_apart(tmp_path, sqlite_url, "token", "list")

    assert second.returncode == command.returncode == 4
    assert "already serves" in second.stderr
    assert server.process.poll() is None


def test_a_taken_port_is_named(tmp_path: Path, server: Server) -> None:
    """With what to do."""
    port = server.url.rpartition(":")[2]

    done = run_apart(tmp_path, f"sqlite:///{tmp_path}/other.db", "serve", "--port", port)

    assert done.returncode == 7
    assert port in done.stderr
    assert "--port" in done.stderr


def test_tables_of_another_release_are_refused(tmp_path: Path, postgres_cluster: object) -> None:
    """On Postgres, which others may be using, only `migrate` changes tables."""
    with postgres_cluster.database(empty=True) as url:  # type: ignore[attr-defined]  # a Cluster
        done = run_apart(tmp_path, url, "serve", "--port", "0")

    assert done.returncode == 5
    assert "beliefgrid migrate" in done.stderr


def test_a_database_that_is_not_there_is_named(run: Run) -> None:
    """Without its password."""
    url = "postgresql://u:hunter2@127.0.0.1:1/nope"

    done = run(url, "study", "list")

    assert done.returncode == 6
    assert "hunter2" not in done.stderr


def test_beyond_this_machine_serve_needs_a_token(tmp_path: Path, sqlite_url: str) -> None:
    """It says how to make one."""
    done = run_apart(tmp_path, sqlite_url, "serve", "--host", "0.0.0.0", "--port", "0")

    assert done.returncode == 8
    assert "beliefgrid token create" in done.stderr


def test_a_backup_of_a_running_server_opens(
    run: Run, tmp_path: Path, server: Server, sqlite_url: str
) -> None:
    """Made while it serves, checked, and never over another file."""
    copy = tmp_path / "copy.db"

    first = run(sqlite_url, "backup", str(copy))
    again = run(sqlite_url, "backup", str(copy))
    listed = run(f"sqlite:///{copy}", "study", "list")

    assert first.returncode == 0
    assert again.returncode == 6
    assert listed.returncode == 0
    assert server.process.poll() is None


def test_help_does_not_wait_for_the_engine(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    """The command line imports what a command needs, when it runs."""
    code = "import beliefgrid.cli, sys; print('numpy' in sys.modules, 'fastapi' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert loaded.stdout.split() == ["False", "False"]
    assert "serve" in run(sqlite_url, "--help").stdout


def test_a_server_says_where_it_is(tmp_path: Path, sqlite_url: str) -> None:
    """On standard output, for the person who started it."""
    with running_server(tmp_path, sqlite_url) as started:
        assert f"beliefgrid is at {started.url}/" in started.log.read_text()
