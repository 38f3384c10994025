"""The reference says what the code does."""

import pytest

from tests.support import reference

NAMES = ("settings.md", "errors.md", "rest.md", "command-line.md")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    """After a change `python -m tests.support.reference` writes it anew."""
    written = (reference.FOLDER / name).read_text(encoding="utf-8")

    assert written == reference.pages()[name]


def test_every_page_is_compared() -> None:
    """A new page is in the list above."""
    assert set(reference.pages()) == set(NAMES)
