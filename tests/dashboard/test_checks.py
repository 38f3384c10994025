"""Health checks: each says what is wrong and what to do, and only where it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from beliefgrid.actions.record import by_cell
from beliefgrid.actions.views import StudyView, WorkerView
from beliefgrid.dashboard.checks import NewLevel, checks

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOISY = {"log_signal": -4.0, "log_noise": 0.0}
CLEAR = {"log_signal": 0.0, "log_noise": -4.0}


def study(**changes: Any) -> StudyView:
    """Return a healthy study."""
    healthy: dict[str, Any] = {
        "id": "st_1", "name": "s", "state": "active", "state_reason": None, "n_cells": 9,
        "revision": 1, "version": 1, "seq": 9, "result_seq": 9, "snapshot_seq": 9,
        "counts": {"active": 1, "completed": 5}, "observations": 5, "cells_tested": 5, "notes": "",
        "tags": [], "update_error": None, "created_at": NOW, "started_at": NOW, "updated_at": NOW,
        "last_result_at": NOW,
        "definition": {
            "parameters": [
                {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"}
            ],
            "metrics": [{"name": "mse", "goal": "minimize", "role": "objective"}],
            "noise": "some",
        },
    }  # fmt: skip
    return StudyView(**healthy | changes)


def measured(repeats: list[list[float]]) -> dict[str, Any]:
    """What is known of some cells, by their results."""
    cells = [cell for cell, values in enumerate(repeats) for _ in values]
    return {"tested": by_cell(np.array(cells), np.concatenate(repeats))}


def summary(**known: Any) -> dict[str, Any]:
    """Return the summary of a snapshot."""
    leader = {"assignments": {"rate": 0.01}, "p_best": 0.5}
    return {"leader": leader, "n_observations": 30, "should_stop": False, "reasons": []} | known


def texts(
    found: StudyView, latest: dict[str, Any] | None, workers: list[WorkerView], **known: Any
) -> list[str]:
    """Return what the checks say."""
    return [check.text for check in checks(found, latest, workers, NOW, **known)]


def test_nothing_is_said_of_a_healthy_study() -> None:
    """Advice that is always there is not read."""
    repeats = measured([[1.0, 1.1], [2.0, 2.1], [3.0, 3.0]])
    worker = WorkerView("gpu", 1, 5, 0, NOW)
    calm = summary(prior_p_value=0.5)

    assert texts(study(), calm, [worker], theta=CLEAR, known=repeats) == []
    assert texts(study(), None, [worker]) == []


def test_a_best_cell_at_the_border_offers_the_level_beyond() -> None:
    """At either end, on the axis' own scale."""
    for at, beyond, said in ((0.001, "0.0001", "0.0001"), (0.1, "1.0", "1")):
        leader = {"assignments": {"rate": at}, "p_best": 0.5}
        found = checks(study(), summary(leader=leader), [], NOW)
        offered = [None, NewLevel("rate", beyond, said)]
        assert [check.level for check in found] == offered[-len(found) :]


def test_a_best_cell_in_a_corner_is_named_once() -> None:
    """The second border is said of the same cell."""
    rate, size = study().parameters[0], {"name": "size", "kind": "ordered", "scale": "linear"}
    of = study(definition=study().definition | {"parameters": [rate, size | {"values": [1, 2, 3]}]})
    leader = {"assignments": {"rate": 0.1, "size": 3}, "p_best": 0.5}

    first, second = texts(of, summary(leader=leader), [])

    assert first.startswith(
        "The best cell (rate 0.1, size 3, 50\N{NO-BREAK SPACE}%) is at the largest rate, 0.1."
    )
    assert second.startswith("It is at the largest size, 3.")


def test_a_metric_that_is_noise_is_said_once_there_is_enough() -> None:
    """With few results nobody knows."""
    assert "mse is hardly predictable" in texts(study(), summary(), [], theta=NOISY)[0]
    assert texts(study(), summary(n_observations=5), [], theta=NOISY) == []


def test_a_silent_worker_with_a_trial_may_be_lost() -> None:
    """Its lease tells when the trial is free again."""
    silent = WorkerView("gpu", 1, 5, 0, NOW - timedelta(hours=1))

    assert texts(study(), summary(), [silent])[0].startswith(
        "A worker may be lost; last signs: gpu 1 h ago."
    )


def test_many_workers_are_one_finding() -> None:
    """A hundred lines would hide what else there is to know."""
    before = NOW - timedelta(hours=1)
    workers = [WorkerView(f"gpu-{n}", 1, 5, 5, before) for n in range(20)]

    failing, lost = texts(study(), summary(), workers)

    assert failing.startswith("20 workers often failed: gpu-0 5 of 10 trials, gpu-1")
    assert " and 17 more." in failing
    assert lost.startswith("20 workers may be lost; last signs: gpu-0 1 h ago")


def test_a_contradicted_prior_is_said() -> None:
    """In words that need no statistics."""
    assert "once in 1,000 studies" in texts(study(), summary(prior_p_value=0.001), [])[0]


def test_repeats_that_agree_to_the_last_digit_share_a_seed() -> None:
    """Unless the study says that there is no noise."""
    same = measured([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0]])
    quiet = study(definition=study().definition | {"noise": "none"})

    assert "3 cells gave exactly the same mse" in texts(study(), summary(), [], known=same)[0]
    assert texts(quiet, summary(), [], known=same) == []
