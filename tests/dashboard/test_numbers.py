"""Numbers on the screen have three or four significant digits, and say no more than is known."""

from datetime import UTC, datetime, timedelta

import pytest

from beliefgrid.dashboard import numbers

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.15, "0.15"),
        (0.57142857, "0.5714"),
        (123456.789, "123500"),
        (0.0002, "0.0002"),
        (0.00001234, "1.23e-5".replace("-", numbers.MINUS)),
        (1_000_000, "1e6"),
        (-0.5, f"{numbers.MINUS}0.5"),
        (3.0, "3"),
        (0.0, "0"),
        (None, numbers.NOTHING),
        (float("nan"), numbers.NOTHING),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    """Four significant digits, no trailing zeros, powers of ten where a number is far from 1."""
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.62, "62"), (0.048, "4.8"), (0.0021, "0.21"), (0.00001, "< 0.01"), (1.0, "100"), (0.0, "0"),
     (0.9999, "> 99")],
)  # fmt: skip
def test_percentages_do_not_feign_certainty(p: float, text: str) -> None:
    """Nearly 1 is not shown as 100 %, and nearly 0 not as 0; the sign stays on its line."""
    assert numbers.percent(p) == f"{text}\N{NO-BREAK SPACE}%"
    assert numbers.percent(None) == numbers.NOTHING


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (16, "16"), (16.0, "16"), (True, "true"), ("relu", "relu"),
     (0.1234567890123, "0.1235"), (-1, "-1"), (-1.5, f"{numbers.MINUS}1.5")],
)  # fmt: skip
def test_levels_are_what_the_user_wrote(value: object, text: str) -> None:
    """A level keeps its spelling; only a very long one is shortened."""
    assert numbers.level(value) == text


def test_levels_are_found_however_a_number_is_spelled() -> None:
    """`1e-5` and `0.00001` in an address are the same level; a word is only itself."""
    values = [0.1, 1e-5, 1]

    assert numbers.find_level(values, "0.00001") == 1
    assert numbers.find_level(values, "1e-05") == 1
    assert numbers.find_level(values, "1.0") == 2
    assert numbers.find_level(["1", "true"], "1.0") is None
    assert numbers.find_level([True, False], "true") == 0
    assert numbers.find_level(values, None) is None


def test_moments_say_how_long_ago_and_exactly_when() -> None:
    """A time is relative on the screen, exact for machines and in the title."""
    found = numbers.when(NOW - timedelta(minutes=5), NOW)
    ahead = numbers.when(NOW + timedelta(seconds=90), NOW)

    assert found == numbers.When(
        "2026-01-02T02:59:05+00:00", "5 min ago", "2026-01-02 02:59:05 UTC"
    )
    assert ahead is not None
    assert ahead.text == "in 1 min 30 s"
    assert numbers.when(None, NOW) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250 ms"), (12.5, "12.5 s"), (135, "2 min 15 s"), (5400, "1 h 30 min"),
     (864000, "10 days"), (None, numbers.NOTHING)],
)  # fmt: skip
def test_spans_use_a_fitting_unit(seconds: float | None, text: str) -> None:
    """A length of time has one unit, or two."""
    assert numbers.span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "just now"), (30, "30 s ago"), (7200, "2 h ago"), (864000, "10 days ago")],
)
def test_ago_changes_slowly(seconds: float, text: str) -> None:
    """The words for how long ago something was have one unit."""
    assert numbers.ago(seconds) == text


def test_cells_and_counts_read_as_words() -> None:
    """A combination is one line, and one of a thing is singular."""
    assert numbers.cell_text({"lr": 0.01, "act": "relu"}) == "lr 0.01, act relu"
    assert numbers.count(1, "cell") == "1 cell"
    assert numbers.count(1728, "cell") == "1,728 cells"
    assert numbers.count(2, "study", "studies") == "2 studies"
    assert numbers.share(1, 0) == numbers.NOTHING
