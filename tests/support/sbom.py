"""Write the list of all that is shipped (CycloneDX), from what is installed. `make sbom`.

Runtime dependencies only, with their licences, and the JavaScript that lies in static/vendor.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TARGET = Path("dist/sbom.cdx.json")
VENDOR = Path("static/vendor")
EXTRAS = ("otel",)
_PLOTLY = re.compile(r"npm package `plotly\.js` ([\d.]+)")
Json = dict[str, Any]


def main() -> None:
    """Write the file."""
    TARGET.parent.mkdir(exist_ok=True)
    document = shipped(installed())
    TARGET.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {len(document['components'])} components\n")


def installed() -> Json:
    """Return what cyclonedx-py says of this environment."""
    program = Path(sys.executable).with_name("cyclonedx-py")
    command = [str(program), "environment", sys.executable, "--pyproject", "pyproject.toml",
               "--of", "JSON", "--sv", "1.6", "--no-validate", "-o", "-"]  # fmt: skip
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    document: Json = json.loads(found)
    return document


def shipped(document: Json) -> Json:
    """Return the document without what only developers need, and with the vendored files."""
    wanted = needed("beliefgrid", set(EXTRAS))
    kept = [part for part in document["components"] if canonicalize_name(part["name"]) in wanted]
    refs = {part["bom-ref"] for part in kept} | {document["metadata"]["component"]["bom-ref"]}
    for part in kept:
        links = part.get("externalReferences", [])
        part["externalReferences"] = [one for one in links if not one["url"].startswith("file:")]
    document["components"] = [*kept, plotly()]
    document["dependencies"] = [
        one | {"dependsOn": [ref for ref in one.get("dependsOn", []) if ref in refs]}
        for one in document["dependencies"]
        if one["ref"] in refs
    ]
    return document


def needed(name: str, extras: set[str]) -> set[str]:
    """Return the names of all that a distribution needs here, at any depth."""
    found: set[str] = set()
    waiting = [(canonicalize_name(name), frozenset(extras))]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for line in distribution(one[0]).requires or ():
            requirement = Requirement(line)
            contexts = [{"extra": extra} for extra in (one[1] or {""})]
            marker = requirement.marker
            if marker is None or any(marker.evaluate(context) for context in contexts):
                child = canonicalize_name(requirement.name)
                found.add(child)
                waiting.append((child, frozenset(requirement.extras)))
    return found


def plotly() -> Json:
    """Return the JavaScript that is shipped, with the hash of its file."""
    match = _PLOTLY.search((VENDOR / "README.md").read_text(encoding="utf-8"))
    assert match is not None
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    sums = {line.split()[1]: line.split()[0] for line in lines}
    version = match.group(1)
    return {
        "type": "library",
        "bom-ref": f"plotly.js@{version}",
        "name": "plotly.js",
        "version": version,
        "purl": f"pkg:npm/plotly.js@{version}",
        "licenses": [{"license": {"id": "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": sums["plotly.min.js"]}],
    }


if __name__ == "__main__":
    main()
