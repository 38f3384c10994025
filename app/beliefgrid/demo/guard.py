"""Runs the `beliefgrid` command and ends it when whoever holds its standard input is gone.

So a service that the demo started ends with the demo, even if the demo was killed.
"""

import os
import runpy
import signal
import threading

STDIN = 0


def main() -> None:
    """Run the command with the words of this one."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    runpy.run_module("beliefgrid.cli", run_name="__main__")


def _end_with_stdin() -> None:
    while os.read(STDIN, 4096):  # not through sys.stdin, whose lock would outlive the command
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
