"""Which key a webhook's secret follows from; null where the row holds the secret. 0005 runs on.

0005's code cannot sign for the webhooks that are made from now on: it waits, and says so in its
log, until a newer server delivers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the key's name."""
    op.add_column("webhooks", sa.Column("key_name", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("webhooks", "key_name")  # in place: the outbox refers to the table
