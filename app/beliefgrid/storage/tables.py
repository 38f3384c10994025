"""The tables. Times are UTC; JSON is stored as the text that came.

Truth: `studies`, `revisions`, `trials`, `observations`, `measurements`, `events`, `webhooks`.
Derived, and rebuilt from the truth: `snapshots`, `candidates`. To be sent: `outbox`.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows only in a column that is exactly INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no zones, stores it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


studies = Table(
    "studies",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_reason", Text),
    Column("definition", JSON, nullable=False),
    Column("n_cells", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    # The number of the last event, and of the last one that changed what is believed.
    Column("seq", BigInteger, nullable=False),
    Column("result_seq", BigInteger, nullable=False),
    Column("snapshot_seq", BigInteger, nullable=False),
    # How many belief-changing events there were, and how many the newest snapshot has seen.
    Column("results", BigInteger, nullable=False),
    Column("snapshot_results", BigInteger, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("observations", BigInteger, nullable=False),
    Column("cells_closed", BigInteger, nullable=False),
    Column("walk_cursor", BigInteger, nullable=False),
    # No live lease ends before this moment, so that most asks need not look for one that did.
    Column("lease_due_at", UtcDateTime),
    # Worker -> [failures running, when it failed last].
    Column("failing", JSON, nullable=False),
    Column("notes", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("update_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ends_at", UtcDateTime),  # when a budget of seconds is spent
    Column("updated_at", UtcDateTime, nullable=False),
    Column("last_result_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Index("ix_studies_created", "created_at", "id"),
    Index(
        "ix_studies_behind",
        "id",
        sqlite_where=text("results > snapshot_results"),
        postgresql_where=text("results > snapshot_results"),
    ),
)

revisions = Table(
    "revisions",
    metadata,
    Column("study_id", ForeignKey("studies.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("study_id", ForeignKey("studies.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("cell", BigInteger),
    Column("assignments", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text),
    Column("lease_token", String(64)),
    Column("lease_seconds", Integer),
    Column("lease_expires_at", UtcDateTime),
    Column("hard_deadline_at", UtcDateTime),
    Column("seq", BigInteger, nullable=False),
    Column("explanation", JSON),
    Column("reason", Text),
    Column("notes", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index("uq_trials_study_id_number", "study_id", "number", unique=True),
    Index("ix_trials_study_id_cell", "study_id", "cell"),
    Index("ix_trials_study_id_state_number", "study_id", "state", "number"),
    Index("ix_trials_study_id_worker_number", "study_id", "worker", "number"),
    # The last line of defence: no cell is leased to two live workers.
    Index(
        "uq_trials_live_cell",
        "study_id",
        "cell",
        unique=True,
        sqlite_where=text("state = 'active' AND source = 'suggested' AND deleted_at IS NULL"),
        postgresql_where=text("state = 'active' AND source = 'suggested' AND deleted_at IS NULL"),
    ),
    Index(
        "ix_trials_live_worker",
        "study_id",
        "worker",
        "number",
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    Index(
        "ix_trials_live_expiry",
        "lease_expires_at",
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    sqlite_autoincrement=True,
)

# Rows are added and marked removed, never changed: what was believed at any `seq` can be
# read back. Only `cell` follows the trial's when the grid is edited. `kind` is "value" or
# "infeasible".
observations = Table(
    "observations",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("trial_id", ForeignKey("trials.id"), nullable=False),
    Column("study_id", ForeignKey("studies.id"), nullable=False),
    Column("cell", BigInteger),
    Column("kind", String(16), nullable=False),
    Column("value", Float(53)),
    Column("values", JSON),
    Column("stddev", Float(53)),
    Column("duration", Float(53)),
    Column("metadata", JSON),
    Column("seq", BigInteger, nullable=False),
    Column("removed_seq", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    Index(
        "uq_observations_current",
        "trial_id",
        unique=True,
        sqlite_where=text("removed_seq IS NULL"),
        postgresql_where=text("removed_seq IS NULL"),
    ),
    Index("ix_observations_study_id_seq", "study_id", "seq"),
    Index("ix_observations_study_id_cell", "study_id", "cell"),
    Index(
        "ix_observations_study_id_removed_seq",
        "study_id",
        "removed_seq",
        sqlite_where=text("removed_seq IS NOT NULL"),
        postgresql_where=text("removed_seq IS NOT NULL"),
    ),
    Index("ix_observations_study_id_value_trial_id", "study_id", "value", "trial_id"),
    sqlite_autoincrement=True,
)

measurements = Table(
    "measurements",
    metadata,
    Column("trial_id", ForeignKey("trials.id"), primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Float(53), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("study_id", ForeignKey("studies.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("engine_version", String(32), nullable=False),
    Column("theta", JSON),
    Column("pending", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("top", JSON, nullable=False),
    Column("field", LargeBinary, nullable=False),
    Column("n_observations", BigInteger, nullable=False),
    Column("elapsed_ms", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("study_id", ForeignKey("studies.id"), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("cell", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("explanation", JSON),
    Index("ix_candidates_study_id_rank", "study_id", "rank"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("study_id", ForeignKey("studies.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(40), nullable=False),
    Column("number", BigInteger),
    Column("actor", Text),
    Column("data", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("study_id", ForeignKey("studies.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("parent_id", String(16)),  # a browser's session names the token that opened it
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # of those without a key's name; else DERIVED
    Column("key_name", String(16)),  # of the key that the secret follows from
    Column("kinds", JSON, nullable=False),  # of events; an empty list is all
    Column("study_id", ForeignKey("studies.id")),
    Column("created_by", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("paused_until", UtcDateTime),  # while one process delivers, and after a failure
    Column("failures", Integer, nullable=False),  # running
    Column("last_error", Text),
    Column("last_delivered_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
)

# Events that a webhook has not got yet, written in the transaction of the event.
outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhooks.id"), nullable=False),
    Column("study_id", String(40), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("given_up_at", UtcDateTime),
    Index("ix_outbox_webhook_id_given_up_at_id", "webhook_id", "given_up_at", "id"),
    sqlite_autoincrement=True,
)
