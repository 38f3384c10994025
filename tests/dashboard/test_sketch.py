"""A history without scripts: every point where it belongs, the best line exact."""

import pytest

from beliefgrid.actions.crowds import Point, Sample
from beliefgrid.dashboard.lines import LineData, line_chart
from beliefgrid.dashboard.sketch import Series, history_of, is_wide, sketch


def test_points_stand_where_their_numbers_are() -> None:
    """The lowest value is low in the box, the highest is high, and time runs to the right."""
    drawn = sketch(
        [Series("result", "points", [(1, 3.0), (2, 1.0), (3, 2.0)])], x_labels=["1", "3"]
    )

    assert drawn is not None
    places = [
        tuple(map(float, point.split(" "))) for point in drawn.lines[0].path[1:-2].split("h0M")
    ]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[0][1] < places[2][1] < places[1][1]
    assert [text for _, text in drawn.y_labels] == ["3", "2", "1"]


def test_the_best_line_steps_down() -> None:
    """Between two results the best so far does not slope."""
    drawn = sketch([Series("best", "step", [(1, 3.0), (2, 1.0)])], x_labels=[])

    assert drawn is not None
    assert set(drawn.lines[0].path) & set("HV") == {"H", "V"}
    assert "L" not in drawn.lines[0].path


def test_nothing_is_no_chart() -> None:
    """Without results there are no made-up axes."""
    assert history_of("s", "mse", "minimize", Sample(0, [])).sketch is None


def test_a_single_result_is_in_the_middle() -> None:
    """One point, and equal values, divide nothing by zero."""
    one = history_of("s", "mse", "minimize", Sample(1, [Point(0, 1, 0.5, 0.5)]))
    flat = sketch([Series("r", "line", [(1, 2.0), (2, 2.0)])], x_labels=[], zero=True)

    assert one.sketch is not None
    assert one.sketch.lines[0].path == "M500 500h0"
    assert flat is not None


def test_wide_positive_values_want_a_log_axis() -> None:
    """A loss that fell a hundredfold is readable at both ends."""
    assert is_wide([100.0, 1.0])
    assert not is_wide([2.0, 1.0])
    assert not is_wide([100.0, -1.0])
    found = Sample(2, [Point(0, 1, 100.0, 100.0), Point(1, 2, 1.0, 1.0)])
    wide = history_of("s", "mse", "minimize", found)
    assert wide.sketch is not None
    assert [text for _, text in wide.sketch.y_labels] == ["100", "10", "1"]


@pytest.mark.parametrize("top", [0.9999, 0.5, 0.0003])
def test_ticks_of_shares_differ(top: float) -> None:
    """Also near 100 %, and where all of them are tiny."""
    points = [(1.0, 0.98 * top), (2.0, top)]
    data = LineData("results", "P(best)", [Series("P(best)", "line", points)], is_share=True)
    drawn = line_chart("curve", "/feed", data, caption="").sketch

    assert drawn is not None
    labels = [text for _, text in drawn.y_labels]
    assert len(set(labels)) == len(labels) > 1
    assert all(label.endswith("\N{NO-BREAK SPACE}%") for label in labels)
