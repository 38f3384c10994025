"""Rules say which cells are searched; they are read, never run."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.search import Observations, SearchError, layers, next_untested, update
from tests.search.problems import observed, problem

TILES: list[dict[str, Any]] = [
    {"name": "block_x", "kind": "ordered", "values": [16, 32, 64, 128], "scale": "log"},
    {"name": "block_y", "kind": "ordered", "values": [1, 2, 4, 8], "scale": "log"},
    {"name": "limit", "kind": "ordered", "values": [32, 64, 256]},
    {"name": "layout", "kind": "categorical", "values": ["row", "column", "tiled"]},
    {"name": "the kind", "kind": "categorical", "values": ["row", "other"]},
]


def _allowed(constraints: dict[str, Any]) -> list[dict[str, Any]]:
    of = problem(TILES, constraints=constraints)
    return [of.grid.assignments(c) for c in range(of.grid.n_cells) if of.is_allowed(c)]


RULES: list[tuple[Any, Any]] = [
    ("block_x * block_y <= limit", lambda a: a["block_x"] * a["block_y"] <= a["limit"]),
    ("block_x - 2*(block_y + 1) > 20", lambda a: a["block_x"] - 2 * (a["block_y"] + 1) > 20),
    ("limit % block_x == 0", lambda a: a["limit"] % a["block_x"] == 0),
    ("layout != 'row'", lambda a: a["layout"] != "row"),
    ("layout == `the kind`", lambda a: a["layout"] == a["the kind"]),
    ("-block_x < -1.6e1", lambda a: a["block_x"] > 16),
    ({"left": "block_x", "op": "<=", "right": "limit"}, lambda a: a["block_x"] <= a["limit"]),
    ({"left": 64, "op": ">=", "right": "block_x/1"}, lambda a: a["block_x"] <= 64),
    ("1 / (block_y - 1) < 1", lambda a: a["block_y"] > 1 and 1 / (a["block_y"] - 1) < 1),
]


@pytest.mark.parametrize(("rule", "holds"), RULES)
def test_a_comparison_keeps_the_cells_where_it_holds(rule: Any, holds: Any) -> None:
    """The same cells as a loop over all of them finds."""
    everything = problem(TILES).grid
    every = [everything.assignments(cell) for cell in range(everything.n_cells)]

    assert _allowed({"require": [rule]}) == [a for a in every if holds(a)]


@given(st.lists(st.sampled_from(range(4)), max_size=3), st.sampled_from(["row", "tiled"]))
def test_a_forbidden_table_is_the_product_of_its_values(xs: list[int], layout: str) -> None:
    """A cell is excluded if it has one of the values of each parameter of a table."""
    listed = [TILES[0]["values"][x] for x in xs]
    kept = _allowed({"forbid": [{"block_x": listed, "layout": layout}]})
    grid = problem(TILES).grid
    every = [grid.assignments(cell) for cell in range(grid.n_cells)]

    assert kept == [a for a in every if not (a["block_x"] in listed and a["layout"] == layout)]


BAD: list[tuple[str, Any]] = [
    ("constraints_invalid", ["a <= 2"]),
    ("constraints_invalid", {"forbid": {"block_x": 16}}),
    ("constraints_invalid", {"forbid": [{}]}),
    ("constraints_invalid", {"require": [{"left": "block_x"}]}),
    ("constraints_invalid", {"require": ["block_x < 2"] * 1001}),
    ("constraint_syntax", {"require": ["block_x"]}),
    ("constraint_syntax", {"require": ["block_x <= "]}),
    ("constraint_syntax", {"require": ["(block_x <= 2"]}),
    ("constraint_syntax", {"require": ["block_x <= 2 and 1"]}),
    ("constraint_syntax", {"require": ["__import__('os').system('ls') == 0"]}),
    ("constraint_syntax", {"require": ["(" * 30 + "block_x" + ")" * 30 + " < 2"]}),
    ("constraint_syntax", {"require": ["block_x < " + "1" * 400]}),
    ("constraint_syntax", {"require": [{"left": "block_x", "op": "=<", "right": 2}]}),
    ("constraint_syntax", {"require": [{"left": True, "op": "<=", "right": 2}]}),
    ("constraint_parameter_unknown", {"require": ["blok_x <= 2"]}),
    ("constraint_parameter_unknown", {"forbid": [{"blok_x": 16}]}),
    ("constraint_value_unknown", {"forbid": [{"block_x": 17}]}),
    ("constraint_value_unknown", {"forbid": [{"block_x": [None]}]}),
    ("constraint_kind", {"require": ["layout < 'row'"]}),
    ("constraint_kind", {"require": ["layout * 2 == 4"]}),
    ("constraints_exclude_all", {"require": ["block_x < 16"]}),
]


@pytest.mark.parametrize(("code", "constraints"), BAD)
def test_each_bad_rule_has_its_code(code: str, constraints: Any) -> None:
    """The message says what was expected."""
    with pytest.raises(SearchError) as raised:
        problem(TILES, constraints=constraints)

    assert raised.value.code == code


RULE = {"require": ["block_x * block_y <= limit"]}


@pytest.mark.parametrize("likelihood", ["gp", "inverse_loss", "boltzmann"])
@pytest.mark.parametrize("name", ["bayes", "grid", "random"])
def test_an_excluded_cell_is_neither_suggested_nor_the_best(likelihood: str, name: str) -> None:
    """At every stage of a study."""
    of = problem(TILES, constraints=RULE, strategy={"likelihood": likelihood, "name": name})
    assert of.excluded is not None
    told: list[int] = []
    for _ in range(8):
        posterior = update(of, observed(told, [1.0 + 0.1 * (c % 7) for c in told]))
        cells = [candidate.cell for candidate in posterior.queue]

        assert not of.excluded[cells].any()
        assert posterior.p_best[of.excluded].sum() == 0
        assert posterior.p_best.sum() == pytest.approx(1)
        told.append(cells[0])
    assert np.isnan(layers(of, Observations.none())["acquisition"][of.excluded]).all()


def test_a_value_of_an_excluded_cell_is_data_but_never_the_leader() -> None:
    """Imported results teach the model about their neighbours."""
    of = problem(TILES, constraints=RULE)
    assert of.excluded is not None
    out = int(np.flatnonzero(of.excluded)[0])
    inside = np.flatnonzero(~of.excluded)[:3].tolist()
    posterior = update(of, observed([out, *inside], [-5.0, 1.0, 2.0, 3.0]))

    assert posterior.n_observations == 4
    assert posterior.leader is not None
    assert posterior.leader.cell == inside[0]
    assert update(of, observed([out], [1.0])).among_tested[0].p_best == 0


def test_the_list_ends_with_the_last_cell_that_is_searched() -> None:
    """Nothing is left to suggest, and the walk finds nothing either."""
    of = problem(TILES, constraints=RULE)
    assert of.excluded is not None
    cells = np.flatnonzero(~of.excluded).tolist()
    posterior = update(of, observed(cells, [float(c) for c in cells]))

    assert of.n_allowed == len(cells) < of.grid.n_cells
    assert posterior.queue == ()
    assert next_untested(of, 1, taken=lambda c: c in cells, cursor=0)[0] == []
    assert set(next_untested(of, 999, taken=lambda _: False, cursor=5)[0]) == set(cells)


# ---------------------------------------------------------------- conditional parameters
OPTIMIZER: list[dict[str, Any]] = [
    {"name": "optimizer", "kind": "categorical", "values": ["adam", "sgd", "rms"]},
    {
        "name": "momentum",
        "kind": "ordered",
        "values": [0.0, 0.5, 0.9],
        "when": {"optimizer": "sgd"},
    },
    {
        "name": "nesterov",
        "kind": "categorical",
        "values": [False, True],
        "when": {"momentum": [0.5, 0.9]},
    },
]


def test_inactive_parameters_do_not_multiply_the_cells() -> None:
    """Adam and rms are one cell each, sgd without momentum one, with it two for each level."""
    of = problem(OPTIMIZER)
    found = [of.grid.assignments(c) for c in range(of.grid.n_cells) if of.is_allowed(c)]

    assert of.n_allowed == len(found) == 2 + 1 + 2 * 2
    assert {"optimizer": "adam"} in found
    assert {"optimizer": "sgd", "momentum": 0.0} in found
    assert {"optimizer": "sgd", "momentum": 0.9, "nesterov": True} in found


@given(st.sampled_from(list(product(["adam", "sgd"], [None, 0.0, 0.9], [None, True, False]))))
def test_a_combination_names_its_cell_whatever_its_inactive_values(values: Any) -> None:
    """They may be absent, null or anything; missing ones that matter are asked for."""
    grid = problem(OPTIMIZER).grid
    names = ("optimizer", "momentum", "nesterov")
    given_ = {n: v for n, v in zip(names, values, strict=True) if v is not None}
    needed = 1 if values[0] == "adam" else 2 if values[1] == 0.0 else 3
    if len([v for v in values[:needed] if v is not None]) < needed:
        with pytest.raises(SearchError, match="expected a value for each"):
            grid.cell(given_)
        return
    cell = grid.cell(given_)

    assert cell is not None
    assert problem(OPTIMIZER).is_allowed(cell)
    assert grid.assignments(cell) == dict(list(given_.items())[:needed])


def test_a_condition_survives_the_way_out_and_back() -> None:
    """What is stored is read as the same grid."""
    grid = problem(OPTIMIZER).grid

    assert type(grid).from_definition(grid.to_definition()) == grid
    assert grid.to_definition()[1]["when"] == {"optimizer": ["sgd"]}


def test_a_rule_says_nothing_where_its_parameter_does_not_matter() -> None:
    """Large momentum is forbidden for sgd; the others have none."""
    rules: dict[str, Any] = {"require": ["momentum < 0.4"], "forbid": [{"nesterov": False}]}
    of = problem(OPTIMIZER, constraints=rules)
    found = [of.grid.assignments(c) for c in range(of.grid.n_cells) if of.is_allowed(c)]

    assert found == [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "rms"},
    ]


@pytest.mark.parametrize(
    ("code", "when"),
    [
        ("condition_invalid", ["optimizer"]),
        ("condition_invalid", {"optimizer": []}),
        ("condition_invalid", {"optimizer": [None]}),
        ("condition_parameter_unknown", {"optimiser": "sgd"}),
        ("condition_value_unknown", {"optimizer": "SGD"}),
        ("condition_circular", {"momentum": 0.5}),
        ("condition_circular", {"nesterov": True}),
    ],
)
def test_each_bad_condition_has_its_code(code: str, when: Any) -> None:
    """The message says what was expected."""
    parameters = [OPTIMIZER[0], OPTIMIZER[1] | {"when": when}, OPTIMIZER[2]]
    with pytest.raises(SearchError) as raised:
        problem(parameters)

    assert raised.value.code == code


def test_no_distance_along_parameters_that_do_not_matter() -> None:
    """What is learned of adam does not depend on a level of momentum."""
    of = problem(OPTIMIZER)
    cells = np.array([c for c in range(of.grid.n_cells) if of.is_allowed(c)])
    levels = [np.array(of.grid.levels(int(c))) for c in cells]
    adam, rms = levels[0], levels[-1]

    assert (adam[1:] == rms[1:]).all()
