"""Alembic's environment: the app's engine, every table, SQLite by batches."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

import civic_push.models  # noqa: F401  every table
from civic_push.db import db
from subscriptions.base import UTCDateTime


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our time type as the plain one: migrations outlive the code they came from."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run() -> None:
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata,
                          render_item=_render, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


_run()
