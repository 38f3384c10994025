"""The database: SQLAlchemy Core only; rows in, rows out, no decisions."""
