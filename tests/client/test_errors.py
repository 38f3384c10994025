"""Each answer that is an error becomes an exception of the right class."""

import pickle
from typing import Any

import pytest

from beliefgrid.actions.errors import ActionError
from beliefgrid_client import errors
from beliefgrid_client.errors import ServiceError, error_class


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "exhausted", errors.ExhaustedError),
        (409, "converged", errors.ConvergedError),
        (409, "archived", errors.ArchivedError),
        (409, "all_leased", errors.AllLeasedError),
        (409, "worker_quarantined", errors.WorkerQuarantinedError),
        (409, "observation_conflict", errors.ObservationConflictError),
        (409, "a_code_of_tomorrow", errors.ConflictError),
        (422, "grid_too_large", errors.InvalidInputError),
        (422, "non_finite_value", errors.NonFiniteValueError),
        (404, "study_unknown", errors.UnknownError),
        (401, "token_invalid", errors.NotAllowedError),
        (503, "storage_full", errors.UnavailableError),
        (502, "", errors.UnavailableError),
        (500, "", ServiceError),
    ],
)
def test_the_code_decides_then_the_status(
    status: int, code: str, expected: type[ServiceError]
) -> None:
    """A code that this client does not know yet still finds the right family."""
    assert error_class(status, code) is expected


def test_every_code_of_the_client_is_one_of_the_service() -> None:
    """The client waits for no code that the service never sends."""
    kinds = _tree(ServiceError)
    awaited = {code for kind in kinds for code in kind.codes}
    sent = {kind.code for kind in _tree(ActionError)}
    from_elsewhere = {"idempotency_in_progress", "worker_quarantined"}

    assert awaited - from_elsewhere <= sent


def test_an_error_survives_the_way_from_another_process() -> None:
    """A worker process hands its error to the one that started it."""
    sent = errors.ConvergedError("it holds", status=409, code="converged", retry_after=2.0)

    came = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes

    assert (str(came), came.retry_after) == ("it holds [converged]", 2.0)


def _tree(parent: Any) -> list[Any]:
    return [parent, *(found for child in parent.__subclasses__() for found in _tree(child))]
