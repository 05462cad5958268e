"""How PostgreSQL goes about a fan-out in a town of some size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.bench import residents
from civic_push.db import db, utcnow
from civic_push.delivery.fan_out import fan_out


@pytest.fixture
def database_url(migrated_postgres: str) -> Iterator[str]:
    """A database of its own: what PostgreSQL learns about this town is not the others'."""
    large = make_url(migrated_postgres).set(database="large")
    engine = create_engine(large.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE large TEMPLATE test")
        yield large.render_as_string(hide_password=False)
        connection.exec_driver_sql("DROP DATABASE large WITH (FORCE)")
    engine.dispose()


def test_a_fan_out_does_not_go_through_the_whole_town_for_each_chunk(
        app: Flask, session: Session, make_announcement: Callable[..., Announcement],
        now: datetime) -> None:
    found = make_announcement()
    residents.settle(session, app.extensions["seals"], "https://push.example", 3_000,
                     [topic.id for topic in found.topics], [], now)
    assert publishing.publish(session, found, utcnow())
    chunks: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, values: Any, *_rest: object) -> None:
        if "INSERT INTO delivery" in statement:
            chunks.append((statement, values))
    event.listen(db.engine, "before_cursor_execute", note)
    fan_out(found.id)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(chunks) == 2
    statement, values = chunks[0]
    plan = "\n".join(row[0] for row in session.connection().exec_driver_sql(
        f"EXPLAIN {statement}", values))
    assert "on contact" in plan
    assert "ix_contact_subscriber_id" not in plan, plan  # for each subscriber there is
