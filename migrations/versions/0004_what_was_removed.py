"""An index of the outcomes that stopped counting, which are few. 0003's code runs on."""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REMOVED = text("removed_seq IS NOT NULL")


def upgrade() -> None:
    """Let removals between two events be read off an index."""
    op.create_index(
        "ix_observations_study_id_removed_seq",
        "observations",
        ["study_id", "removed_seq"],
        sqlite_where=REMOVED,
        postgresql_where=REMOVED,
    )


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_observations_study_id_removed_seq", table_name="observations")
