"""A file of results in parts: one is written anew, the others and what is kept by hand stay."""

import re
from pathlib import Path


def write(path: Path, title: str, name: str, text: str, stamp: str) -> None:
    """Put a part in the place of the one with the same name, else behind the last part."""
    old = path.read_text(encoding="utf-8") if path.exists() else title
    marked = f"<!-- {name} -->\n{text}\nMeasured {stamp}\n<!-- end of {name} -->\n"
    pattern = re.compile(rf"<!-- {name} -->.*<!-- end of {name} -->\n", re.DOTALL)
    if pattern.search(old):
        new = pattern.sub(lambda _: marked, old)
    else:
        head, end, tail = old.rpartition("<!-- end of ")
        kept, _, rest = tail.partition("\n")
        new = f"{head}{end}{kept}\n\n{marked}{rest}" if end else f"{old}\n{marked}"
    path.write_text(new, encoding="utf-8")
