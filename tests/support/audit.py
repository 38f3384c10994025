"""Look for known vulnerabilities in all pinned dependencies. `make audit`.

Exit code 0: looked up and none known; 1: some are known; 2: it could not be looked up, which is
no reason to believe that there are none.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PINS = "constraints.txt"
SOURCES = ("pypi", "osv")
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
Ask = Callable[[str], str]


@dataclass(slots=True)
class Findings:
    """What one source of vulnerabilities says."""

    looked_up: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    vulnerable: list[str] = field(default_factory=list)


def main(ask: Ask | None = None) -> int:
    """Ask one source after the other until one knows every dependency; say what it says."""
    ask = ask or pip_audit
    findings = Findings()
    for source in SOURCES:
        findings = read(ask(source))
        if findings.vulnerable or (findings.looked_up and not findings.skipped):
            break
    for line in findings.vulnerable:
        sys.stdout.write(f"VULNERABLE: {line}\n")
    for name, why in list(findings.skipped.items())[:5]:
        sys.stdout.write(f"not audited: {name}: {why}\n")
    code = code_of(findings)
    sys.stdout.write(f"{summary(findings)}\n")
    return code


def pip_audit(source: str) -> str:
    """Return what pip-audit writes for a source; its complaint if that is not JSON."""
    program = Path(sys.executable).with_name("pip-audit")
    command = [str(program), "--requirement", PINS, "--no-deps", "--disable-pip", "--format",
               "json", "--progress-spinner", "off", "--vulnerability-service", source,
               "--timeout", "10"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


def read(said: str) -> Findings:
    """Return what pip-audit found; nothing was looked up if it says something else."""
    try:
        document: dict[str, Any] = json.loads(said)
    except ValueError:
        last = said.strip().splitlines()[-1:] or ["pip-audit said nothing"]
        return Findings(skipped={"all": last[0][:200]})
    found = Findings()
    for one in document["dependencies"]:
        if "skip_reason" in one:
            found.skipped[one["name"]] = one["skip_reason"]
            continue
        found.looked_up += 1
        for bug in one["vulns"]:
            fixed = ", ".join(bug["fix_versions"]) or "no version yet"
            found.vulnerable.append(
                f"{one['name']} {one['version']}: {bug['id']}, fixed in {fixed}"
            )
    return found


def code_of(findings: Findings) -> int:
    """Return the exit code."""
    if findings.vulnerable:
        return VULNERABLE
    return UNKNOWN if findings.skipped or not findings.looked_up else CLEAN


def summary(findings: Findings) -> str:
    """Return the last line."""
    if findings.vulnerable:
        return f"{len(findings.vulnerable)} known vulnerabilities."
    if code_of(findings) == CLEAN:
        return f"No known vulnerability in {findings.looked_up} dependencies."
    return (
        f"COULD NOT BE AUDITED: the databases of vulnerabilities ({', '.join(SOURCES)}) cannot be "
        f"reached from here, or do not know {len(findings.skipped)} of the dependencies."
    )


if __name__ == "__main__":
    sys.exit(main())
