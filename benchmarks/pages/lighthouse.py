"""What Lighthouse says of a page, as a telephone would see it."""

import json
import os
import shutil
import subprocess

COMMAND = ("npx", "--yes", "lighthouse@12.8.0")
CATEGORIES = ("performance", "accessibility", "best-practices")


def scores(url: str, browser: str | None) -> tuple[int, ...] | None:
    """Return the scores of a page, 0 to 100; None where there is no Lighthouse."""
    if shutil.which(COMMAND[0]) is None or browser is None:
        return None
    flags = (
        f"--chrome-flags=--headless=new --no-sandbox --disable-gpu {os.environ.get('FLAGS', '')}"
    )
    wanted = f"--only-categories={','.join(CATEGORIES)}"
    done = subprocess.run(
        [*COMMAND, url, "--quiet", "--output=json", "--output-path=stdout", wanted, flags],
        env=os.environ | {"CHROME_PATH": browser},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        return None
    found = json.loads(done.stdout)["categories"]
    return tuple(round(100 * found[name]["score"]) for name in CATEGORIES)
