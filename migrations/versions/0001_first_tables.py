"""First tables."""

import sqlalchemy as sa
from alembic import op

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _idempotency_keys()
    _studies()
    _candidates()
    _events()
    _revisions()
    _snapshots()
    _tokens()
    _trials()
    _measurements()
    _observations()


def downgrade() -> None:
    """Remove everything."""
    for table in (
        "observations",
        "measurements",
        "trials",
        "tokens",
        "snapshots",
        "revisions",
        "events",
        "candidates",
        "studies",
        "idempotency_keys",
    ):
        op.drop_table(table)


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def _studies() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("n_cells", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("result_seq", sa.BigInteger(), nullable=False),
        sa.Column("snapshot_seq", sa.BigInteger(), nullable=False),
        sa.Column("results", sa.BigInteger(), nullable=False),
        sa.Column("snapshot_results", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("observations", sa.BigInteger(), nullable=False),
        sa.Column("cells_closed", sa.BigInteger(), nullable=False),
        sa.Column("walk_cursor", sa.BigInteger(), nullable=False),
        sa.Column("lease_due_at", TIME, nullable=True),
        sa.Column("failing", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("update_error", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("last_result_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
    )
    op.create_index("ix_studies_behind", "studies", ["id"], **_where("results > snapshot_results"))
    op.create_index("ix_studies_created", "studies", ["created_at", "id"])


def _candidates() -> None:
    op.create_table(
        "candidates",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_candidates_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_candidates_study_id_rank", "candidates", ["study_id", "rank"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_events_study_id")),
        sa.PrimaryKeyConstraint("study_id", "seq", name=op.f("pk_events")),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_revisions_study_id")),
        sa.PrimaryKeyConstraint("study_id", "revision", name=op.f("pk_revisions")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("engine_version", sa.String(length=32), nullable=False),
        sa.Column("theta", sa.JSON(), nullable=True),
        sa.Column("pending", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("top", sa.JSON(), nullable=False),
        sa.Column("field", sa.LargeBinary(), nullable=False),
        sa.Column("n_observations", sa.BigInteger(), nullable=False),
        sa.Column("elapsed_ms", sa.Float(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_snapshots_study_id")),
        sa.PrimaryKeyConstraint("study_id", "seq", name=op.f("pk_snapshots")),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("study_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("parent_id", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_tokens_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("sha256", name=op.f("uq_tokens_sha256")),
    )


def _trials() -> None:
    op.create_table(
        "trials",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("assignments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.String(length=64), nullable=True),
        sa.Column("lease_seconds", sa.Integer(), nullable=True),
        sa.Column("lease_expires_at", TIME, nullable=True),
        sa.Column("hard_deadline_at", TIME, nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("completed_at", TIME, nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_trials_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_trials_live_expiry", "trials", ["lease_expires_at"], **_where("state = 'active'")
    )
    op.create_index(
        "ix_trials_live_worker", "trials", ["study_id", "worker"], **_where("state = 'active'")
    )
    op.create_index("ix_trials_study_id_cell", "trials", ["study_id", "cell"])
    op.create_index("ix_trials_study_id_state_number", "trials", ["study_id", "state", "number"])
    op.create_index(
        "uq_trials_live_cell",
        "trials",
        ["study_id", "cell"],
        unique=True,
        **_where("state = 'active' AND source = 'suggested' AND deleted_at IS NULL"),
    )
    op.create_index("uq_trials_study_id_number", "trials", ["study_id", "number"], unique=True)


def _measurements() -> None:
    op.create_table(
        "measurements",
        sa.Column("trial_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name=op.f("fk_measurements_trial_id")),
        sa.PrimaryKeyConstraint("trial_id", "step", name=op.f("pk_measurements")),
    )


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("trial_id", ROW_ID, nullable=False),
        sa.Column("study_id", sa.String(length=40), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("values", sa.JSON(), nullable=True),
        sa.Column("stddev", sa.Float(precision=53), nullable=True),
        sa.Column("duration", sa.Float(precision=53), nullable=True),
        sa.Column("metadata", sa.JSON(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("removed_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_observations_study_id")
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name=op.f("fk_observations_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_observations_study_id_cell", "observations", ["study_id", "cell"])
    op.create_index("ix_observations_study_id_seq", "observations", ["study_id", "seq"])
    op.create_index("ix_observations_study_id_value", "observations", ["study_id", "value"])
    op.create_index(
        "uq_observations_current",
        "observations",
        ["trial_id"],
        unique=True,
        **_where("removed_seq IS NULL"),
    )
