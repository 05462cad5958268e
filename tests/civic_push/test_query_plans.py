"""Questions that are asked often read what they need, however large the town is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from civic_push.announcements import listing, publishing
from civic_push.announcements.listing import Search, Where
from civic_push.announcements.models import Announcement
from civic_push.bench import residents
from civic_push.db import db, utcnow
from civic_push.delivery import fan_out, health, ledger
from civic_push.delivery.cells import cells
from civic_push.delivery.progress import snapshot
from civic_push.delivery.report import asked

QUESTIONS: dict[str, tuple[str, Callable[[Session, datetime], object]]] = {
    "under way": ("ix_delivery_due", lambda session, now: listing.find(
        session, Search(Where.SENDING), now)),
    "paid parts": ("ix_delivery_paid", lambda session, now: ledger.parts_since(
        session, "sms", now)),
    "what waits": ("ix_delivery_due", health.waiting),
    "overview": ("ix_delivery_announcement_id", lambda session, _now: cells(session, [1, 2])),
    "live numbers": ("ix_delivery_announcement_id", lambda session, now: snapshot(
        session, 1, now)),
    "report": ("ix_delivery_announcement_id", lambda session, now: asked(session, 1, now)),
}
"""What is asked, and the index that answers it."""


@contextmanager
def heard(words: str = "FROM delivery") -> Iterator[list[tuple[str, Any]]]:
    """The statements with these words, and their values."""
    found: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, values: Any, *_rest: object) -> None:
        if words in statement and not statement.startswith("EXPLAIN"):
            found.append((statement, values))
    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_by_its_index(
        session: Session, make_announcement: Callable[..., object], now: datetime,
        question: str) -> None:
    make_announcement()
    index, ask = QUESTIONS[question]
    with heard() as statements:
        ask(session, now)
    assert statements
    for statement, values in statements:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row[3] for row in plan if " delivery" in row[3]]
        assert steps
        assert all(index in step for step in steps), steps


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_fan_out_does_not_go_through_the_whole_town_for_each_chunk(
        app: Flask, session: Session, make_announcement: Callable[..., Announcement],
        now: datetime) -> None:
    found = make_announcement()
    residents.settle(session, app.extensions["seals"], "https://push.example", 3_000,
                     [topic.id for topic in found.topics], [], now)
    assert publishing.publish(session, found, utcnow())
    with heard("INSERT INTO delivery") as statements:
        fan_out.fan_out(found.id)
    statement, values = statements[0]
    plan = "\n".join(row[0] for row in session.connection().exec_driver_sql(
        f"EXPLAIN {statement}", values))
    assert "on contact" in plan
    assert "ix_contact_subscriber_id" not in plan, plan  # for each subscriber there is
