"""Alembic's environment: the app's engine, every table, SQLite by batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import civic_push.models  # noqa: F401  every table
from civic_push.db import db, is_sqlite
from subscriptions.base import UTCDateTime


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our time type as the plain one: migrations outlive the code they came from."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by writing it anew and dropping the old one; with foreign keys
    enforced, the drop would take every row with it that points there."""
    if not is_sqlite(connection):
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")  # no effect inside a transaction: before it
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _run() -> None:
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection, _unchecked(connection):
        context.configure(connection=connection, target_metadata=db.metadata,
                          render_item=_render, **options)
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite(connection):
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken:
                raise RuntimeError(f"a row of {broken[0]} points to nothing in {broken[2]}")
        connection.commit()


_run()
