"""Every normal "no" of the service, on one screen. No HTTP in here: the API maps classes."""

from typing import ClassVar


class ActionError(Exception):
    """The action was not done, and the message says why and what to do."""

    code: ClassVar[str] = "refused"
    retry_after: float | None = None


# ------------------------------------------------------------ there is no such thing
class UnknownError(ActionError):
    """What the request names does not exist."""


class StudyUnknownError(UnknownError):
    """There is no study of that id."""

    code = "study_unknown"


class TrialUnknownError(UnknownError):
    """The study has no trial of that number."""

    code = "trial_unknown"


class SnapshotUnknownError(UnknownError):
    """The study has no snapshot at that moment."""

    code = "snapshot_unknown"


class TokenUnknownError(UnknownError):
    """There is no token of that id."""

    code = "token_unknown"


class WebhookUnknownError(UnknownError):
    """There is no webhook of that id."""

    code = "webhook_unknown"


# ------------------------------------------------------------ an empty hand
class EmptyHandError(ActionError):
    """There is no trial to hand out."""


class StudyPausedError(EmptyHandError):
    """The study is paused and suggests nothing until it is resumed."""

    code = "paused"


class StudyExhaustedError(EmptyHandError):
    """The budget is spent, or every cell is tested."""

    code = "exhausted"


class StudyConvergedError(EmptyHandError):
    """The study's stopping rule holds."""

    code = "converged"


class StudyArchivedError(EmptyHandError):
    """The study is archived."""

    code = "archived"


class WorkerQuarantinedError(EmptyHandError):
    """The worker failed too often running and gets nothing until it is released."""

    code = "worker_quarantined"


class AllLeasedError(EmptyHandError):
    """Everything that is left is leased to other workers; ask again later."""

    code = "all_leased"
    retry_after = 5.0


class PosteriorBehindError(EmptyHandError):
    """The newest result is not in the posterior yet; never leaves the service."""

    code = "posterior_behind"
    retry_after = 1.0


# ------------------------------------------------------------ it is too late, or taken
class ConflictError(ActionError):
    """The state of things does not allow it."""


class TrialFinishedError(ConflictError):
    """The trial already ended in another way."""

    code = "trial_finished"


class ObservationConflictError(ConflictError):
    """The trial already has a different result."""

    code = "observation_conflict"

    def __init__(self, message: str, *, stored: float | None, given: float | None) -> None:
        super().__init__(message)
        self.stored = stored
        self.given = given


class LeaseMismatchError(ConflictError):
    """The lease token is not the one of this trial."""

    code = "lease_mismatch"


class LeaseExpiredError(ConflictError):
    """The trial's hard deadline has passed."""

    code = "lease_expired"


class InvalidTransitionError(ConflictError):
    """A trial or study in this state cannot go to that one."""

    code = "invalid_transition"


class MeasurementConflictError(ConflictError):
    """The trial already has a different measurement at that step."""

    code = "measurement_conflict"


class WorkerUnknownError(UnknownError):
    """No worker of that name has failed in the study."""

    code = "worker_unknown"


class TokenSettledError(ConflictError):
    """The token that this key made is in use already, or is over."""

    code = "token_settled"


class VersionMismatchError(ActionError):
    """The thing was changed since the version that the request names."""

    code = "version_mismatch"


# ------------------------------------------------------------ bad input
class InputError(ActionError):
    """What came cannot be used."""


class NonFiniteValueError(InputError):
    """A result must be a finite number."""

    code = "non_finite_value"


class ValueMissingError(InputError):
    """A result needs a value."""

    code = "value_missing"


class MetricUnknownError(InputError):
    """The study has no metric of that name."""

    code = "metric_unknown"


class MetricsError(InputError):
    """A study needs exactly one objective, and names that differ."""

    code = "metrics_invalid"


class GridEditInvalidError(InputError):
    """A study keeps its parameters; only their levels change."""

    code = "grid_edit_invalid"


class CursorInvalidError(InputError):
    """The cursor is not one that this list gave out."""

    code = "cursor_invalid"


class GridsDifferError(InputError):
    """Two moments can be compared only on one grid, and it was edited between them."""

    code = "grids_differ"


class AxisUnknownError(InputError):
    """The study has no parameter of that name to draw along."""

    code = "axis_unknown"


class LimitError(InputError):
    """More was asked for than one request may."""

    code = "limit_exceeded"


class UnstorableError(InputError):
    """A text or a number cannot be stored."""

    code = "unstorable"


class IdempotencyKeyReusedError(InputError):
    """The key already belongs to a different request."""

    code = "idempotency_key_reused"


# ------------------------------------------------------------ who may
class TokenInvalidError(ActionError):
    """The request needs a valid token."""

    code = "token_invalid"


class ScopeMissingError(ActionError):
    """The token does not allow this."""

    code = "scope_missing"


# ------------------------------------------------------------ the service itself
class ShuttingDownError(ActionError):
    """The service is ending and hands out nothing more; another one, or the next, will."""

    code = "shutting_down"
    retry_after = 2.0


# ------------------------------------------------------------ the database or engine
class StorageTroubleError(ActionError):
    """The database did not take the change."""

    retry_after = 2.0


class StorageFullError(StorageTroubleError):
    """The database has no room left; nothing was stored."""

    code = "storage_full"


class StorageUnavailableError(StorageTroubleError):
    """The database does not answer; nothing was stored."""

    code = "storage_unavailable"
