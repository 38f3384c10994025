"""Each error has a status, and each code one meaning."""

from beliefgrid.actions.errors import ActionError
from beliefgrid.api.codes import OWN, all_codes, leaves
from beliefgrid.api.problems import STATUS, status_of
from beliefgrid.search import SearchError


def test_each_error_has_a_status() -> None:
    """A new error without a status fails here, not at a user."""
    statuses = {kind: status_of(kind) for kind in leaves(ActionError)}

    assert all(400 <= status < 600 for status in statuses.values())


def test_the_table_holds_no_class_that_is_gone_or_never_used() -> None:
    """Each line of the table is the nearest class of some error."""
    used = {
        next(parent for parent in kind.__mro__ if parent in STATUS) for kind in leaves(ActionError)
    }

    assert used == set(STATUS)


def test_each_code_has_one_meaning_and_each_error_a_sentence() -> None:
    """Codes are words with underscores, and none stands for two things within a family."""
    for family in (ActionError, SearchError):
        codes = [kind.code for kind in leaves(family)]
        assert len(set(codes)) == len(codes), sorted(codes)
        assert all(kind.__doc__ for kind in leaves(family))
    assert all(code.replace("_", "").isalpha() for code, _, _ in all_codes())


def test_no_own_code_hides_one_of_an_action() -> None:
    """What the border refuses has other codes than what actions refuse."""
    own = {code for code, _, _ in OWN}

    assert not own & {kind.code for kind in (*leaves(ActionError), *leaves(SearchError))}
