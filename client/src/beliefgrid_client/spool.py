"""Results on disk until the service has them: not even a killed worker loses one."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """A request that must not be lost: where it goes, what it says, its idempotency key."""

    path: str
    body: dict[str, Any]
    key: str


class Spool:
    """A folder with one file for each result that is not acknowledged yet."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def put(self, result: Result) -> Path:
        """Write a result down so that it survives a crash; return its file."""
        path = self.folder / f"{result.key}.json"
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(result), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)  # whoever reads sees all of it or nothing
        return path

    def done(self, path: Path) -> None:
        """Forget a result: the service has it."""
        path.unlink(missing_ok=True)

    def refuse(self, path: Path) -> None:
        """Put a result aside that the service does not take; a person may look at it."""
        aside = self.folder / REFUSED
        aside.mkdir(exist_ok=True)
        if path.exists():
            path.replace(aside / path.name)

    def waiting(self) -> Iterator[tuple[Path, Result]]:
        """Yield what is not acknowledged yet, oldest first."""
        for path in sorted(self.folder.glob("*.json"), key=_age):
            try:
                yield path, Result(**json.loads(path.read_text(encoding="utf-8")))
            except FileNotFoundError:
                continue  # another worker delivered it meanwhile


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
