"""Answers that are kept: for how long, and what ends them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery import kept, report
from civic_push.delivery.cells import cells
from civic_push.delivery.kept import Answer, shared
from civic_push.delivery.models import State
from civic_push.delivery.progress import watched
from tests.civic_push.desk_visitor import Visitor
from tests.civic_push.watching.conftest import Deliver

Told = tuple[int, int, int]


@pytest.fixture
def told(session: Session, published: Announcement) -> Callable[[], Told]:
    """How many were handed over, says the live page, the report, the overview."""
    number, published_at = published.id, published.published_at
    assert published_at is not None

    def ask() -> Told:
        found = (watched(session(), number, utcnow()).channels[0].count(State.SENT),
                 report.figures(session(), number, published_at).arrivals[0].total,
                 sum(cell.number for cell in cells(session(), [number])[number]
                     if cell.state == State.SENT))
        session.rollback()
        return found
    return ask


def test_what_is_settled_is_asked_once_until_somebody_says_that_it_changed(
        published: Announcement, deliver: Deliver, told: Callable[[], Told],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FRESH", 0)
    monkeypatch.setattr(kept, "_SHARE", 1e9)
    deliver(published, "email", State.SENT, 40)
    assert told() == (40, 40, 40)
    deliver(published, "email", State.SENT, 2)
    assert told() == (40, 40, 42)  # the overview asks as if nothing were settled
    kept.forget(published.id)
    assert told() == (42, 42, 42)


@pytest.mark.parametrize("spreading", [True, False], ids=["being written", "waiting"])
def test_what_may_still_change_is_asked_again(
        published: Announcement, session: Session, deliver: Deliver,
        told: Callable[[], Told], monkeypatch: pytest.MonkeyPatch, spreading: bool) -> None:
    monkeypatch.setattr(kept, "FRESH", 0)
    monkeypatch.setattr(kept, "_SHARE", 1e9)
    if spreading:
        published.fan_out_done_at = None
        session.commit()
    else:
        deliver(published, "email", State.WAITING, 3)
    deliver(published, "email", State.SENT, 40)
    assert told() == (40, 40, 40)
    deliver(published, "email", State.SENT, 2)
    assert told() == (42, 42, 42)


def test_a_figure_is_the_same_from_redis_as_from_the_database(
        published: Announcement, session: Session, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 40, attempts=2)
    deliver(published, "email", State.REFUSED, 6, error="550 5.7.1 blocked")
    deliver(published, "outlet", State.SENT, 1, contact_id=None, outlet="Mastodon")
    published_at = published.published_at
    assert published_at is not None
    first = report.figures(session(), published.id, published_at)
    assert first == report.figures(session(), published.id, published_at)
    assert first == report.asked(session(), published.id, published_at)
    assert [c.retried for c in first.channels] == [40, 0]


def test_an_answer_of_before_a_change_is_not_kept_after_it(app: Flask) -> None:
    numbers = iter((1, 2, 3))

    def ask() -> Answer:
        number = next(numbers)
        if number == 1:
            kept.forget(7)  # somebody commits a change while the database answers
        return Answer({"number": number}, settled=True)
    assert [shared("x", [7, 8], ask)["number"] for _ in range(3)] == [1, 2, 2]
    kept.forget(8)
    assert shared("x", [7, 8], ask) == {"number": 3}


def test_what_an_earlier_release_kept_is_asked_anew(app: Flask) -> None:
    app.extensions["redis"].set("civic-push:x:7", '{"until": 9e12, "snapshot": {}}')
    assert shared("x", [7], lambda: Answer({"new": True})) == {"new": True}


def test_while_one_asks_the_others_go_on_with_what_there_is(
        app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FRESH", 0)
    monkeypatch.setattr(kept, "_SHARE", 1e9)
    shared("x", [7], lambda: Answer({"number": 1}))

    def slow() -> Answer:
        assert shared("x", [7], lambda: Answer({"number": 3})) == {"number": 1}
        return Answer({"number": 2})
    assert shared("x", [7], slow) == {"number": 2}


def test_who_stops_sees_at_once_what_became_of_it(
        editor: Visitor, published: Announcement, deliver: Deliver,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FRESH", 60)
    deliver(published, "email", State.WAITING, 30)
    page = f"/redaktion/{published.id}"
    assert "0 übergeben, 30 warten." in editor.read(page)
    editor.press(f"{page}/stoppen")
    assert "Fertig: 0 übergeben." in editor.read(page)
