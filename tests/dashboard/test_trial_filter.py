"""Trials of some levels are found by their cells, and are the same as without."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from beliefgrid.actions import crowds, read
from beliefgrid.dashboard.trial_filter import cells_with, filter_of
from tests.api.support import Api
from tests.dashboard.conftest import THREE_AXES, Filled, service_of

AXES: Any = THREE_AXES


def test_cells_are_those_of_the_levels() -> None:
    """The last axis is the fastest; too many cells are not named."""
    assert cells_with({"rate": 0.001, "act": "tanh"}, AXES) == (7, 9, 11)
    wide: list[dict[str, Any]] = [
        {"name": n, "kind": "ordered", "values": [*range(50)]} for n in "abc"
    ]
    assert cells_with({"a": 1}, wide) == ()


@pytest.mark.parametrize("sort", ["-number", "value"])
def test_the_short_way_finds_the_same(
    app_client: TestClient, api: Api, filled: Filled, sort: str
) -> None:
    """In a list by number or by value, and in the history."""
    parameters = api.get(f"/studies/{filled.id}")["parameters"]
    short = filter_of(QueryParams({"fix.size": "16", "fix.act": "relu"}), parameters).chosen
    long = replace(short, cells=())

    def found(chosen: crowds.Chosen) -> list[int]:
        portal, service = app_client.portal, service_of(app_client)
        assert portal is not None
        page = portal.call(
            lambda: service.read(read.trials, filled.id, sort=sort, among=chosen.among)
        )
        return [trial.number for trial in page.items]

    assert short.cells
    assert found(short) == found(long) != []
