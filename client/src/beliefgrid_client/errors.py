"""All that can go wrong, on one screen. An answer's `code` chooses the class, else its status."""

from __future__ import annotations

from typing import Any, ClassVar


class BeliefgridError(Exception):
    """Something did not work; the message says what, and what to do."""


class NoAnswerError(BeliefgridError):
    """The service could not be reached for as long as the client was patient."""


class InfeasibleError(BeliefgridError):
    """Raise it in your function: this combination cannot work, never try it again."""


class ServiceError(BeliefgridError):
    """The service answered with an error."""

    codes: ClassVar[tuple[str, ...]] = ()
    statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(
        self,
        detail: str,
        *,
        status: int = 0,
        code: str = "",
        retry_after: float | None = None,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.problem = problem or {}  # the whole problem+json body

    def __str__(self) -> str:
        named = f" [{self.code}]" if self.code else ""
        return f"{self.args[0]}{named}"


# ------------------------------------------------------------ there is no such thing
class UnknownError(ServiceError):
    """There is no study, trial or snapshot of that name."""

    statuses = (404, 410)


# ------------------------------------------------------------ an empty hand: ask() has nothing
class EmptyHandError(ServiceError):
    """There is no trial to hand out."""


class PausedError(EmptyHandError):
    """The study is paused; it may go on later."""

    codes = ("paused",)


class AllLeasedError(EmptyHandError):
    """All that is left is with other workers; ask again after `retry_after` seconds."""

    codes = ("all_leased",)


class WorkerQuarantinedError(EmptyHandError):
    """This worker failed too often in a row and gets nothing until a person says so."""

    codes = ("worker_quarantined",)


class EndedError(EmptyHandError):
    """The study is over: there is nothing left to ask for."""


class ExhaustedError(EndedError):
    """The budget is spent, or every cell is tested."""

    codes = ("exhausted",)


class ConvergedError(EndedError):
    """The study's stopping rule holds."""

    codes = ("converged",)


class ArchivedError(EndedError):
    """The study is archived."""

    codes = ("archived",)


# ------------------------------------------------------------ it is too late, or taken
class ConflictError(ServiceError):
    """The state of things does not allow it."""

    statuses = (409, 412, 428)


class TrialFinishedError(ConflictError):
    """The trial already ended in another way."""

    codes = ("trial_finished",)


class ObservationConflictError(ConflictError):
    """The trial already has a different result."""

    codes = ("observation_conflict",)


class LeaseLostError(ConflictError):
    """The trial belongs to somebody else now, or its hard deadline has passed."""

    codes = ("lease_mismatch", "lease_expired")


# ------------------------------------------------------------ what came cannot be used
class InvalidInputError(ServiceError):
    """The request has something that cannot be used; `problem["errors"]` may say where."""

    statuses = (400, 413, 415, 422)


class NonFiniteValueError(InvalidInputError):
    """A result must be a finite number; report a diverged run with `fail(kind="infeasible")`."""

    codes = ("non_finite_value",)


# ------------------------------------------------------------ who may
class NotAllowedError(ServiceError):
    """The token is missing, wrong, or does not allow this."""

    statuses = (401, 403)


# ------------------------------------------------------------ not now: the client tries again
class UnavailableError(ServiceError):
    """The service cannot at the moment; it was tried again until the patience was over."""

    codes = ("idempotency_in_progress",)
    statuses = (429, 502, 503, 504)


def error_class(status: int, code: str) -> type[ServiceError]:
    """Return the class for an answer: its code decides, else its status."""
    known = _descendants(ServiceError)
    for found in known:
        if code in found.codes:
            return found
    for found in known:
        if status in found.statuses:
            return found
    return ServiceError


def _descendants(parent: type[ServiceError]) -> list[type[ServiceError]]:
    found: list[type[ServiceError]] = []
    for child in parent.__subclasses__():
        found += [child, *_descendants(child)]
    return found
