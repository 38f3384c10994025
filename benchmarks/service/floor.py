"""The floor: a bare FastAPI app that makes one durable commit a request, and nothing else.

    uvicorn benchmarks.service.floor:app      FLOOR_DATABASE=sqlite:///FILE | postgresql://…

What a service of ours costs above this is the price of leases, exactly-once, validation,
authentication, events and the posterior.
"""

import os
import threading
from typing import Any

from fastapi import FastAPI
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
)
from sqlalchemy.engine import make_url

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True), Column("value", Float))
_INSERT = insert(rows)


def _open() -> Engine:
    url = make_url(os.environ["FLOOR_DATABASE"])
    if url.get_backend_name() != "sqlite":
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_size=20)
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=30000")

    return engine


engine = _open()
metadata.create_all(engine)
turn = threading.Lock()  # one writer at a time, or SQLite's busy loop would be what is measured
app = FastAPI()


def _store(connection: Connection, value: float) -> int:
    key = connection.execute(_INSERT, {"value": value}).inserted_primary_key
    return int(key[0]) if key is not None else 0


@app.post("/rows")
def add(body: dict[str, float]) -> dict[str, int]:
    """Store one number durably."""
    if engine.dialect.name == "sqlite":
        with turn, engine.begin() as connection:
            return {"id": _store(connection, body["value"])}
    with engine.begin() as connection:
        return {"id": _store(connection, body["value"])}
