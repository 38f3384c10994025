"""Indexes for the list of trials: by value, and of one worker. 0002's code runs on."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the order by value be read off an index, ties by trial included."""
    op.create_index(
        "ix_observations_study_id_value_trial_id",
        "observations",
        ["study_id", "value", "trial_id"],
    )
    op.drop_index("ix_observations_study_id_value", table_name="observations")
    op.create_index("ix_trials_study_id_worker_number", "trials", ["study_id", "worker", "number"])


def downgrade() -> None:
    """Put the old index back."""
    op.drop_index("ix_trials_study_id_worker_number", table_name="trials")
    op.create_index("ix_observations_study_id_value", "observations", ["study_id", "value"])
    op.drop_index("ix_observations_study_id_value_trial_id", table_name="observations")
