"""Build the wheels, install them without the source, and use them as a stranger would.

Run by `make wheel-test`; says each step, and ends with status 1 at the first that fails.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx2

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # this is a script, for tests.support below

from tests.support.server import free_port  # noqa: E402 - needs the path above

PAGE_PARTS = ("<html", "<h1")
ASSETS = ("templates/", "static/vendor/", "migrations/versions/")
PROGRAM = """
import sys
from pathlib import Path
import beliefgrid, beliefgrid_client
for package in (beliefgrid, beliefgrid_client):
    assert Path(package.__file__).is_relative_to(sys.prefix), package.__file__
client = beliefgrid_client.Client()
study = client.create("wheel", parameters={"x": [1, 2, 3]})
trial = study.ask()
trial.tell(0.5)
assert study.best().cell == trial.cell
print(trial.assignments)
"""


def main() -> None:
    """Run all steps in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="beliefgrid-wheel-") as name:
        folder = Path(name)
        wheels = build(folder / "dist")
        check_contents(wheels)
        python = install(folder / "venv", wheels)
        use(folder, python)
    say("the wheels work")


def build(folder: Path) -> list[Path]:
    """Build both distributions."""
    say("building the wheels")
    for source in (ROOT, ROOT / "client"):
        run(uv(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(source))
    wheels = sorted(folder.glob("*.whl"))
    check(len(wheels) == 2, f"expected two wheels, got {[wheel.name for wheel in wheels]}")
    return wheels


def check_contents(wheels: list[Path]) -> None:
    """Each wheel owns one top-level package, and ours has templates, static files, migrations."""
    names = {wheel.name: ZipFile(wheel).namelist() for wheel in wheels}
    for wheel, files in names.items():
        own = "beliefgrid_client" if "client" in wheel else "beliefgrid"
        others = {f.split("/")[0] for f in files if ".dist-info" not in f} - {own}
        check(not others, f"{wheel} also ships {sorted(others)}")
    (files,) = (files for wheel, files in names.items() if "client" not in wheel)
    for part in ASSETS:
        found = any(file.startswith(f"beliefgrid/_assets/{part}") for file in files)
        check(found, f"the wheel lacks {part}")
    check(any("licenses/LICENSE" in file for file in files), "the wheel lacks the licence")


def install(venv: Path, wheels: list[Path]) -> Path:
    """Install the wheels into a clean environment; return its interpreter."""
    say("installing them into a clean environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    constraints = str(ROOT / "constraints.txt")
    target = ["--quiet", "--python", str(python), "-c", constraints]
    run(uv(), "pip", "install", *target, *map(str, wheels))
    return python


def use(folder: Path, python: Path) -> None:
    """Migrate, serve, and fetch a page, a static file and a suggestion."""
    command = python.with_name("beliefgrid")
    environment = clean_environment() | {
        "BELIEFGRID_DATABASE_URL": f"sqlite:///{folder / 'wheel.db'}"
    }
    say("migrating an empty database")
    run(str(command), "migrate", env=environment, cwd=folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(command, port, environment, folder):
        started = time.monotonic()
        page = fetch(f"{url}/", patience_s=30)
        say(f"serving: the first page after {time.monotonic() - started:.1f} s")
        for part in PAGE_PARTS:
            check(part in page, f"the page lacks {part}")
        assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        check(bool(assets), "the page names no static file")
        for asset in assets:
            check(bool(fetch(url + asset)), f"{asset} is empty")
        say(f"{len(assets)} static files are there")
        said = run(
            str(python), "-c", PROGRAM, env=environment | {"BELIEFGRID_URL": url}, cwd=folder
        )
        say(f"a suggestion through the client: {said.strip()}")
    check_demo_sentence(command, folder)


def check_demo_sentence(command: Path, folder: Path) -> None:
    """Without its extra, the demo says in one sentence what to install."""
    done = subprocess.run(
        [command, "demo"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    is_one = done.stderr.count("\n") == 1 and 'pip install "beliefgrid[demo]"' in done.stderr
    check(done.returncode != 0 and is_one, f"`beliefgrid demo` said {done.stderr!r}")
    say("the demo says what it lacks")


@contextmanager
def serving(command: Path, port: int, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Serve until the block ends; a service that does not end politely fails."""
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [command, "serve", "--port", str(port)],
            env=environment,
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        yield
    except BaseException:
        sys.stderr.write(log.read_text(errors="replace"))
        raise
    finally:
        process.terminate()
        process.wait(timeout=20)


def fetch(address: str, *, patience_s: float = 0.0) -> str:
    """Return what is at an address; wait for a service that is still starting."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            answer = httpx2.get(address, timeout=30)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            check(answer.is_success, f"{address} is answered with {answer.status_code}")
            return answer.text


def clean_environment() -> dict[str, str]:
    """Return the environment without anything that leads back to the source."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
    return {k: v for k, v in os.environ.items() if k not in hidden and "BELIEFGRID_" not in k}


def run(*command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a program; end with its own words if it fails."""
    done = subprocess.run(
        command,
        env=env or clean_environment(),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    check(done.returncode == 0, f"{json.dumps(command)[:200]}\n{done.stdout}{done.stderr}")
    return done.stdout


def uv() -> str:
    """Return the uv of this environment, else the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def check(is_true: bool, problem: str) -> None:  # noqa: FBT001 - reads like an assertion
    """End with a problem unless something is true."""
    if not is_true:
        raise SystemExit(f"FAILED: {problem}")


def say(step: str) -> None:
    """Print a step."""
    print(f"wheel-test: {step}", flush=True)


if __name__ == "__main__":
    main()
