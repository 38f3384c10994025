"""Leases run out: the cell is free again, and a late result still counts, up to a point."""

from datetime import timedelta

import pytest

from beliefgrid.actions import errors, expire, tell
from beliefgrid.actions.clock import Jump
from beliefgrid.actions.heartbeat import heartbeat
from tests.actions.conftest import RULES, Acting


def test_a_dead_workers_cell_goes_out_again(acting: Acting, study: str) -> None:
    """At the next ask, without any sweeper; its trial is expired."""
    first = acting.lease(study, "dead")
    acting.clock.advance(59)
    assert acting.lease(study, "b").cell != first.cell
    acting.clock.advance(1)

    again = acting.lease(study, "c")

    assert (again.cell, again.attempt) == (first.cell, 2)
    assert acting.trial(study, first.number).state == "expired"


def test_heartbeats_keep_a_lease(acting: Acting, study: str) -> None:
    """For as long as they come."""
    trial = acting.lease(study, "a")
    for _ in range(5):
        acting.clock.advance(50)
        beat = acting.do(heartbeat, study, trial.number)
        assert beat.directive == "continue"
        assert (beat.expires_at - acting.clock()).total_seconds() == 60
        acting.do(expire.expire, study)

    assert acting.trial(study, trial.number).state == "active"
    acting.do(heartbeat, study, trial.number, lease_seconds=5)
    acting.clock.advance(6)
    assert acting.do(expire.expire, study) == 1


def test_a_late_result_counts_until_the_hard_deadline(acting: Acting, study: str) -> None:
    """The worker did not know; and if the cell was given to another, both count."""
    first = acting.lease(study, "slow")
    acting.clock.advance(60)
    again = acting.lease(study, "quick")
    assert again.cell == first.cell
    with pytest.raises(errors.LeaseExpiredError, match="counts until"):
        acting.do(heartbeat, study, first.number)

    acting.clock.advance(600)
    late = acting.do(tell.observe, study, first.number, value=1.0)
    acting.do(tell.observe, study, again.number, value=1.1)

    assert (late.state, late.late, late.observations) == ("completed", True, 1)
    assert acting.study(study).observations == 2
    assert acting.study(study).cells_tested == 1


def test_after_the_hard_deadline_a_result_is_refused(acting: Acting, study: str) -> None:
    """And the error says how to have it counted all the same."""
    trial = acting.lease(study)
    acting.clock.advance(661)
    acting.do(expire.expire, study)

    with pytest.raises(errors.LeaseExpiredError, match="import"):
        acting.do(tell.observe, study, trial.number, value=1.0)


def test_a_long_training_with_heartbeats_has_its_deadline_moved(acting: Acting, study: str) -> None:
    """The hard deadline counts from the end of the last lease, not from the start."""
    trial = acting.lease(study)
    for _ in range(30):
        acting.clock.advance(50)
        acting.do(heartbeat, study, trial.number)
    acting.clock.advance(500)
    acting.do(expire.expire, study)

    assert acting.do(tell.observe, study, trial.number, value=1.0).late


def test_a_cell_whose_workers_vanish_is_given_up(acting: Acting, study: str) -> None:
    """After as many retries as the study allows; a late result still corrects that."""
    for i in range(3):
        trial = acting.lease(study, f"w{i}")
        acting.clock.advance(61)
        acting.do(expire.expire, study)
    given_up = acting.trial(study, trial.number)
    assert given_up.state == "infeasible"
    assert given_up.reason is not None
    assert "did not come back" in given_up.reason
    assert trial.cell not in {other.cell for other in acting.ask(study, "x", count=9).trials}
    assert (acting.study(study).cells_tested, acting.study(study).observations) == (1, 0)

    with pytest.raises(errors.LeaseExpiredError):
        acting.do(heartbeat, study, trial.number)
    late = acting.do(tell.observe, study, trial.number, value=1.0)

    assert (late.state, late.late) == ("completed", True)
    assert (acting.study(study).cells_tested, acting.study(study).observations) == (1, 1)
    acting.update(study)
    assert acting.study(study).summary is not None


def test_nothing_expires_during_a_grace(acting: Acting, study: str) -> None:
    """After a restart workers get time to report."""
    trial = acting.lease(study, "a")
    acting.clock.advance(61)

    assert acting.lease(study, "b", rules=RULES.sparing()).cell != trial.cell
    assert acting.trial(study, trial.number).state == "active"


def test_a_clock_that_jumps_prolongs_leases(acting: Acting, study: str) -> None:
    """By as much as it jumped, once, and only those that were granted before."""
    trial = acting.lease(study)
    acting.clock.advance(3600)
    jump = Jump(3600, acting.clock(), "a server")
    later = acting.lease(study, "b", rules=RULES.sparing())
    for _ in range(2):
        acting.do(expire.shift_times, study, jump=jump, without_later=acting.clock())

    assert acting.do(expire.expire, study) == 0
    acting.clock.advance(61)
    assert acting.do(expire.expire, study) == 2
    assert acting.trial(study, trial.number).state == "expired"
    assert acting.trial(study, later.number).state == "expired"


def test_a_jump_that_two_servers_noticed_counts_once(acting: Acting, study: str) -> None:
    """A little later each, and they measured it a little differently."""
    acting.lease(study)
    for times in (1, 2):
        acting.clock.advance(3600)
        noticed = acting.clock()
        for server, lag in [("a", 0.0), ("b", 4.0)]:
            jump = Jump(3600 + lag / 10, noticed + timedelta(seconds=lag), server)
            acting.do(expire.shift_times, study, jump=jump, without_later=acting.clock())
        lease = acting.trial(study, 1).lease
        assert lease is not None
        assert (lease["expires_at"] - acting.clock()).total_seconds() == 60, times


def test_a_clock_that_is_set_back_shortens_leases(acting: Acting, study: str) -> None:
    """By as much as it was set back, so that nobody waits longer than the lease says."""
    trial = acting.lease(study)
    acting.clock.advance(-3600)
    jump = Jump(-3600, acting.clock(), "a server")
    for _ in range(2):
        acting.do(expire.shift_times, study, jump=jump, without_later=acting.clock())

    acting.clock.advance(59)
    assert acting.do(expire.expire, study) == 0
    acting.clock.advance(2)
    assert acting.do(expire.expire, study) == 1
    assert acting.trial(study, trial.number).state == "expired"


def test_time_that_is_up_is_noticed_without_an_ask(acting: Acting) -> None:
    """The sweeper ends the study."""
    study = acting.create(budget={"seconds": 10})
    acting.lease(study)
    assert acting.look(expire.studies_out_of_time, acting.clock()) == []
    acting.clock.advance(10)
    assert acting.look(expire.studies_out_of_time, acting.clock()) == [study]

    acting.do(expire.end_out_of_time, study)

    assert acting.study(study).state == "exhausted"
    assert acting.look(expire.studies_out_of_time, acting.clock()) == []


def test_leases_are_found_across_studies(acting: Acting, study: str) -> None:
    """Those that ran out, and those that are."""
    acting.lease(study)
    assert acting.look(expire.studies_in_time) == [study]
    assert acting.look(expire.studies_with_overdue, acting.clock()) == []
    acting.clock.advance(60)
    assert acting.look(expire.studies_with_overdue, acting.clock()) == [study]


def test_a_budget_of_seconds_outlives_a_clock_that_is_set(acting: Acting) -> None:
    """It is as long as it was, however often the jump is noticed and however old the study is."""
    study = acting.create(budget={"seconds": 7200})
    acting.lease(study)
    acting.clock.advance(7000)
    acting.clock.advance(3600)
    jump = Jump(3600, acting.clock(), "a server")
    acting.lease(study, "b", rules=RULES.sparing())
    acting.do(tell.observe, study, 1, value=1.0)
    assert acting.study(study).state == "active"
    for _ in range(2):
        acting.do(expire.shift_times, study, jump=jump, without_later=acting.clock())

    acting.clock.advance(199)
    assert acting.look(expire.studies_out_of_time, acting.clock()) == []
    acting.clock.advance(2)
    assert acting.look(expire.studies_out_of_time, acting.clock()) == [study]


def test_a_budget_of_seconds_does_not_grow_when_the_clock_is_set_back(acting: Acting) -> None:
    """It is as long as it was."""
    study = acting.create(budget={"seconds": 100})
    acting.lease(study)
    acting.clock.advance(-3600)
    jump = Jump(-3600, acting.clock(), "a server")
    for _ in range(2):
        acting.do(expire.shift_times, study, jump=jump, without_later=acting.clock())

    acting.clock.advance(100)
    assert acting.look(expire.studies_out_of_time, acting.clock()) == [study]
