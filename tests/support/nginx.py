"""A real nginx in front of a server, for as long as a block lasts."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.server import free_port
from tests.support.waiting import wait_until

CURE = "install nginx (Debian: nginx-light)"
DOCUMENTED = Path("docs/how-to/reverse-proxy.md")
_BLOCK = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
_CONFIGURATION = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


class NginxMissingError(RuntimeError):
    """There is no nginx on this machine."""


def find_nginx() -> str:
    """Return the program.

    Raises:
        NginxMissingError: there is none.
    """
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NginxMissingError(CURE)
    return found


def documented_location() -> str:
    """Return the configuration that docs/how-to/reverse-proxy.md tells people to write."""
    match = _BLOCK.search(DOCUMENTED.read_text(encoding="utf-8"))
    assert match is not None
    return match.group(1)


@contextmanager
def proxy(folder: Path, location: str) -> Iterator[str]:
    """Run nginx with a location; its address, without a path."""
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        _CONFIGURATION.format(user=user, folder=folder, port=port, location=location),
        encoding="utf-8",
    )
    log = folder / "error.log"
    log.touch()
    process = subprocess.Popen([find_nginx(), "-c", str(file), "-p", str(folder)])
    try:
        wait_until((folder / "nginx.pid").exists, process=process, log=log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def complaint_about(configuration: str, folder: Path) -> str:
    """Return what `nginx -t` finds wrong; nothing if all is well."""
    file = folder / "checked.conf"
    file.write_text(configuration, encoding="utf-8")
    command = [find_nginx(), "-t", "-q", "-c", str(file), "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""
