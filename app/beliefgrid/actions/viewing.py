"""Views made of rows."""

from typing import Any

from beliefgrid.actions.views import EventView, SnapshotView, StudyView, TrialView
from beliefgrid.storage.rows import AnyRow


def study_view(row: AnyRow, summary: dict[str, Any] | None = None) -> StudyView:
    """Return a study's row as a view."""
    return StudyView(
        id=row.id,
        name=row.name,
        state=row.state,
        state_reason=row.state_reason,
        definition=row.definition,
        n_cells=row.n_cells,
        revision=row.revision,
        version=row.version,
        seq=row.seq,
        result_seq=row.result_seq,
        snapshot_seq=row.snapshot_seq,
        counts=row.counts,
        observations=row.observations,
        cells_tested=row.cells_closed,
        notes=row.notes,
        tags=row.tags,
        update_error=row.update_error,
        created_at=row.created_at,
        started_at=row.started_at,
        updated_at=row.updated_at,
        last_result_at=row.last_result_at,
        summary=summary,
    )


def trial_view(row: AnyRow, *, with_token: bool = False) -> TrialView:
    """Return a trial's row, read with its outcome, as a view."""
    has_outcome = hasattr(row, "outcome")
    return TrialView(
        study_id=row.study_id,
        number=row.number,
        cell=row.cell,
        assignments=row.assignments,
        state=row.state,
        source=row.source,
        value=row.value if has_outcome else None,
        values=row.metric_values if has_outcome else None,
        stddev=row.stddev if has_outcome else None,
        duration=row.duration if has_outcome else None,
        observations=int(has_outcome and row.outcome == "value"),
        worker=row.worker,
        lease=_lease(row, with_token=with_token),
        seq=row.seq,
        explanation=row.explanation,
        reason=row.reason,
        notes=row.notes,
        tags=row.tags,
        metadata=row.result_metadata if has_outcome else None,
        late=row.late,
        attempt=row.attempt,
        version=row.version,
        created_at=row.created_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        updated_at=row.updated_at,
    )


def _lease(row: AnyRow, *, with_token: bool) -> dict[str, Any] | None:
    if row.state != "active":
        return None
    lease = {"worker": row.worker, "expires_at": row.lease_expires_at}
    return lease | {"token": row.lease_token} if with_token else lease


def snapshot_view(row: AnyRow) -> SnapshotView:
    """Return a snapshot's row as a view."""
    return SnapshotView(
        study_id=row.study_id,
        seq=row.seq,
        revision=row.revision,
        engine_version=row.engine_version,
        theta=row.theta,
        pending=row.pending,
        summary=row.summary,
        top=row.top,
        n_observations=row.n_observations,
        elapsed_ms=row.elapsed_ms,
        created_at=row.created_at,
    )


def event_view(row: AnyRow) -> EventView:
    """Return an event's row as a view."""
    return EventView(
        seq=row.seq,
        kind=row.kind,
        trial=row.number,
        actor=row.actor,
        data=row.data,
        created_at=row.created_at,
    )
