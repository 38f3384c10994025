"""Write constraints.txt: one version of each dependency, the newest that is a week old.

Malicious releases are mostly found within days; a week of waiting keeps them out.
Run by `make lock`.
"""

import subprocess
import sys
from pathlib import Path

TARGET = Path("constraints.txt")
COOLDOWN = "7 days"
HEADER = "# Made by `make lock`; the versions that development and CI use.\n"


def main() -> None:
    """Resolve the dependencies of both distributions and write them down."""
    command = ["uv", "pip", "compile", "--universal", "--upgrade", "--no-header", "--no-annotate",
               "--quiet", "--exclude-newer", COOLDOWN, "--all-extras",
               "pyproject.toml", "client/pyproject.toml"]  # fmt: skip
    resolved = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    TARGET.write_text(HEADER + "\n".join(pins(resolved)) + "\n")
    sys.stdout.write(f"{TARGET}: {len(pins(resolved))} versions\n")


def pins(resolved: str) -> list[str]:
    """Return the lines that pin a version: neither our own code nor an index's address."""
    lines = (line.strip() for line in resolved.splitlines())
    return [line for line in lines if "==" in line and not line.startswith(("-", "#"))]


if __name__ == "__main__":
    main()
