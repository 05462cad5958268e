"""Questions that are asked often read what they need of the ledger, however large it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from civic_push.announcements import listing
from civic_push.announcements.listing import Search, Where
from civic_push.db import db
from civic_push.delivery import health, ledger
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
def asked_of_the_ledger() -> Iterator[list[tuple[str, Any]]]:
    """The statements that read deliveries, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, values: Any, *_rest: object) -> None:
        if "FROM delivery" in statement and not statement.startswith("EXPLAIN"):
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
    with asked_of_the_ledger() as statements:
        ask(session, now)
    assert statements
    for statement, values in statements:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row[3] for row in plan if " delivery" in row[3]]
        assert steps
        assert all(index in step for step in steps), steps
