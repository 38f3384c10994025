"""What is shipped is listed, and an audit that could not be made is no clean one."""

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.support import audit, sbom

CLEAN = {"name": "a", "version": "1", "vulns": []}
BUGGY = CLEAN | {"vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "b", "skip_reason": "not found"}


@pytest.mark.slow
@pytest.mark.timeout(240)  # it reads the metadata of everything that is installed
def test_the_list_of_what_is_shipped_is_valid_and_complete() -> None:
    """CycloneDX 1.6: what runs is in it, what only tests need is not, and no path of this place."""
    document = sbom.shipped(sbom.installed())
    names = {part["name"].lower() for part in document["components"]}
    text = json.dumps(document)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert {"numpy", "scipy", "fastapi", "starlette", "psycopg", "plotly.js"} <= names
    assert names.isdisjoint({"pytest", "hypothesis", "ruff", "mypy", "playwright"})
    assert "file:" not in text
    refs = {part["bom-ref"] for part in document["components"]}
    root = document["metadata"]["component"]["bom-ref"]
    assert {one["ref"] for one in document["dependencies"]} <= refs | {root}


@pytest.mark.parametrize(
    ("answers", "code", "says"),
    [
        ([[CLEAN]], 0, "No known vulnerability in 1"),
        ([[CLEAN, BUGGY]], 1, "a 1: CVE-1, fixed in 2"),
        ([[SKIPPED, BUGGY]], 1, "VULNERABLE"),
        ([[SKIPPED], [CLEAN]], 0, "No known vulnerability"),
        ([[SKIPPED], [SKIPPED]], 2, "COULD NOT BE AUDITED"),
        ([[CLEAN, SKIPPED], [CLEAN, SKIPPED]], 2, "COULD NOT BE AUDITED"),
        ([[], []], 2, "COULD NOT BE AUDITED"),
        (["ConnectionError: no route", "no route"], 2, "COULD NOT BE AUDITED"),
        (["", ""], 2, "COULD NOT BE AUDITED"),
    ],
)
def test_an_audit_says_what_it_knows(
    capsys: pytest.CaptureFixture[str], answers: list[Any], code: int, says: str
) -> None:
    """Clean, vulnerable, or not known; the second source is asked when the first one fails."""
    given = iter(answers)

    def ask(_source: str) -> str:
        answer = next(given)
        return answer if isinstance(answer, str) else json.dumps({"dependencies": answer})

    assert audit.main(ask) == code
    assert says in capsys.readouterr().out
