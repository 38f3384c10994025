"""Run by alembic: which tables there should be, and how to reach the database."""

from alembic import context
from sqlalchemy import text

from beliefgrid.storage.tables import metadata

LOCK = 0x62656C69  # "beli": two migrations at once would each see half of the other

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()
    connection.commit()
engine.dispose()
