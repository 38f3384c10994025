"""The worker's side of beliefgrid: ask which combination to try, tell what came of it.

    from beliefgrid_client import Client

    study = Client("http://127.0.0.1:8000").study("my study")
    study.run(train, workers=2)

Only the standard library is needed.
"""

from beliefgrid_client.answers import Best, Posterior, Stopping, StudyInfo, TrialRecord
from beliefgrid_client.client import Client
from beliefgrid_client.errors import (
    AllLeasedError,
    ArchivedError,
    BeliefgridError,
    ConflictError,
    ConvergedError,
    EmptyHandError,
    EndedError,
    ExhaustedError,
    InfeasibleError,
    InvalidInputError,
    LeaseLostError,
    NoAnswerError,
    NonFiniteValueError,
    NotAllowedError,
    ObservationConflictError,
    PausedError,
    ServiceError,
    TrialFinishedError,
    UnavailableError,
    UnknownError,
    WorkerQuarantinedError,
)
from beliefgrid_client.retry import Retry
from beliefgrid_client.run import Summary
from beliefgrid_client.study import Study
from beliefgrid_client.transport import Request, Response, Transport
from beliefgrid_client.trial import Trial

__version__ = "0.1.0"
__all__ = [
    "AllLeasedError",
    "ArchivedError",
    "BeliefgridError",
    "Best",
    "Client",
    "ConflictError",
    "ConvergedError",
    "EmptyHandError",
    "EndedError",
    "ExhaustedError",
    "InfeasibleError",
    "InvalidInputError",
    "LeaseLostError",
    "NoAnswerError",
    "NonFiniteValueError",
    "NotAllowedError",
    "ObservationConflictError",
    "PausedError",
    "Posterior",
    "Request",
    "Response",
    "Retry",
    "ServiceError",
    "Stopping",
    "Study",
    "StudyInfo",
    "Summary",
    "Transport",
    "Trial",
    "TrialFinishedError",
    "TrialRecord",
    "UnavailableError",
    "UnknownError",
    "WorkerQuarantinedError",
]
