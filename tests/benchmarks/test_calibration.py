"""Scores of a belief against a truth that is known."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from benchmarks.calibration.diagram import draw
from benchmarks.calibration.report import Calibration, kind_of, section
from benchmarks.calibration.scores import credible_set, interval_coverage, log_score
from benchmarks.quality.tables import Table

P_BEST = np.asarray([0.1, 0.5, 0.1, 0.3])


def table(values: list[float], kinds: str = "n") -> Table:
    """Return a table with axes of these kinds."""
    names = {"n": "continuous", "c": "categorical"}
    axes = [{"name": kind, "kind": names[kind], "values": [0, 1]} for kind in kinds]
    return Table("small", tuple(axes), "minimize", np.asarray(values))


def test_a_uniform_belief_scores_zero() -> None:
    """The score is above uniform, also where two cells tie for the best."""
    assert log_score(np.full(4, 0.25), np.asarray([2])) == pytest.approx(0.0)
    assert log_score(np.full(4, 0.25), np.asarray([1, 2])) == pytest.approx(0.0)
    assert log_score(P_BEST, np.asarray([1])) == pytest.approx(math.log(2))


def test_a_belief_of_zero_is_bad_but_finite() -> None:
    """One run cannot make the mean minus infinity."""
    assert math.isfinite(log_score(np.asarray([1.0, 0.0]), np.asarray([1])))


def test_a_set_holds_more_than_its_share() -> None:
    """The two best cells hold 0.8; the share 0.6 needs both."""
    mass, covers = credible_set(P_BEST, np.asarray([3]), 0.6)

    assert mass == pytest.approx(0.8)
    assert covers == 1
    assert credible_set(P_BEST, np.asarray([0]), 0.6)[1] == 0


def test_intervals_cover_as_they_say() -> None:
    """Deviations of 0.5 and 1.5 are inside the 95 % interval, only the first inside the 50 %."""
    predictions = np.asarray([[10.0, 2.0, 5.0, 11.0], [10.0, 2.0, 5.0, 7.0]])

    assert interval_coverage(predictions, np.asarray([0.5, 0.95])).tolist() == [0.5, 1.0]


def test_kinds_are_axes_and_holes() -> None:
    """Numeric, categorical and mixed grids are reported apart."""
    assert kind_of(table([1, 2, 3, 4], "nn")) == "numeric"
    assert kind_of(table([1, 2, 3, math.nan], "cn")) == "mixed, with holes"
    assert kind_of(table([1, 2, 3, 4], "cc")) == "categorical"


def test_the_report_has_each_kind_and_share() -> None:
    """A section states score, sets and intervals."""
    check = {"log_score": 1.25, "sets": [[0.5, 0.6, 1], [0.8, 0.85, 1], [0.9, 0.95, 1]]}
    found = Calibration(((table([1, 2]), 6, check),), np.asarray([[0.0, 1.0, 3.0, 0.1]]))

    text = section(found)

    assert "+1.25" in text
    assert "1.00 / 0.60" in text
    assert "| numeric |" in text


def test_the_diagram_is_well_formed() -> None:
    """Each series has its marks and its name."""
    picture = draw({"first": [(0.5, 0.4)], "second": [(0.9, 0.8)]})

    root = ET.fromstring(picture)  # noqa: S314  # our own picture
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}circle")) == 2
    assert [text.text for text in root.findall(f"{space}text")][-2:] == ["first", "second"]
