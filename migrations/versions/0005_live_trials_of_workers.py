"""The index of a worker's live trials, in the order that asks want. 0004's code runs on.

It is made last on purpose: of two indexes that serve alike SQLite takes the one that was made
later, and the other one holds all trials that the worker ever had.
"""

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVE = text("state = 'active'")


def upgrade() -> None:
    """Let an ask find what its worker holds, however much that worker did before."""
    op.drop_index("ix_trials_live_worker", table_name="trials")
    _create(["study_id", "worker", "number"])


def downgrade() -> None:
    """Put the old index back."""
    op.drop_index("ix_trials_live_worker", table_name="trials")
    _create(["study_id", "worker"])


def _create(columns: list[str]) -> None:
    op.create_index(
        "ix_trials_live_worker", "trials", columns, sqlite_where=LIVE, postgresql_where=LIVE
    )
