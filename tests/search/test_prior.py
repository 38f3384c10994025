"""A prior is probabilities over cells, from weights in three spellings."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import Grid, Prior, SearchError
from tests.search.problems import AUTOENCODER

GRID = Grid.from_definition(AUTOENCODER)


def test_without_a_prior_every_cell_is_as_likely() -> None:
    """The seed's Laplacian prior: 1/9 each."""
    prior = Prior.from_definition(GRID, None)

    assert prior.is_uniform
    assert prior.weights.tolist() == [1 / 9] * 9


def test_axis_weights_multiply() -> None:
    """Axes that are not named are uniform; 5 % of the belief stays uniform."""
    prior = Prior.from_definition(GRID, {"axes": {"learning_rate": [1, 2, 1]}})

    np.testing.assert_allclose(prior.weights[3:6], 0.95 * 0.5 / 3 + 0.05 / 9)
    assert prior.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("table", [np.arange(9.0).reshape(3, 3).tolist(), list(range(9))])
def test_a_table_is_in_cell_order(table: Any) -> None:
    """Nested or flat."""
    prior = Prior.from_definition(GRID, {"table": table, "confidence": 0.5})

    np.testing.assert_allclose(prior.weights, 0.5 * np.arange(9) / 36 + 0.5 / 9)


def test_painted_cells_hold_the_belief() -> None:
    """Cells that are not listed keep only the uniform share."""
    cells = [{"assignments": {"learning_rate": 0.01, "latent_dim": 32}, "weight": 3}]
    prior = Prior.from_definition(GRID, {"cells": cells})

    assert prior.weights.argmax() == 5
    assert prior.weights[5] == pytest.approx(0.95 + 0.05 / 9)


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("uniform", "prior_invalid"),
        ({"confidence": 0.5}, "prior_invalid"),
        ({"axes": {}, "table": []}, "prior_invalid"),
        ({"axes": [1, 2]}, "prior_invalid"),
        ({"cells": {"a": 1}}, "prior_invalid"),
        ({"cells": [3]}, "prior_invalid"),
        ({"cells": [{"assignments": {"learning_rate": 5, "latent_dim": 8}}]}, "prior_invalid"),
        ({"table": [1] * 9, "confidence": 2}, "prior_invalid"),
        ({"table": [1] * 9, "confidence": True}, "prior_invalid"),
        ({"table": [1, 2]}, "prior_shape"),
        ({"table": [[1, 2], [3]]}, "prior_shape"),
        ({"table": "abc"}, "prior_shape"),
        ({"axes": {"learning_rate": [1, 2]}}, "prior_shape"),
        ({"axes": {"learning_rate": [1, -2, 1]}}, "prior_negative"),
        ({"table": [float("nan")] * 9}, "prior_negative"),
        ({"table": [0] * 9}, "prior_zero"),
        ({"axes": {"learning_rate": [0, 0, 0]}}, "prior_zero"),
        ({"axes": {"depth": [1, 2, 3]}}, "axis_unknown"),
    ],
)
def test_bad_priors_are_refused(definition: Any, code: str) -> None:
    """Each kind of bad prior has its own code."""
    with pytest.raises(SearchError) as refused:
        Prior.from_definition(GRID, definition)

    assert refused.value.code == code


def test_huge_weights_do_not_overflow() -> None:
    """Only ratios count."""
    prior = Prior.from_definition(GRID, {"table": [1e308] * 9})

    np.testing.assert_allclose(prior.weights, 1 / 9)
