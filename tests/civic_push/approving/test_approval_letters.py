"""Mail to those who may approve, and to the author of what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import approval, scheduling
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery import endings
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Delivery, State
from civic_push.staff.models import Staff
from subscriptions.models import Neighbourhood
from tests.stand_ins.outbox import Outbox

Make = Callable[..., Announcement]


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Where the letters arrive."""
    box = Outbox("email")
    app.extensions["channels"]["email"] = box
    return box


def letters(session: Session) -> list[tuple[str, datetime]]:
    rows = session.execute(select(Delivery.outlet, Delivery.due_at).order_by(Delivery.id))
    return [(outlet or "", due) for outlet, due in rows]


def test_whoever_may_approve_gets_a_letter_that_tells_nothing_unpublished(
        session: Session, outbox: Outbox, make_announcement: Make,
        make_staff: Callable[..., Staff],
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    author = make_staff("author")
    make_staff("approver")
    make_staff("editor")
    make_staff("approver", "woanders", [make_neighbourhood("pivitsheide")])
    make_staff("approver", "gegangen").active = False
    number = make_announcement(urgency=Urgency.DANGER, author_id=author.id)
    assert approval.submit(session, author, number, utcnow()) == 1
    session.commit()
    drain("email", "transactional")
    assert [e.address for e in outbox.sent] == ["approver@example.org"]
    message = outbox.sent[0].message
    assert message.title == "Es wartet etwas auf Ihre Freigabe"
    assert message.url.endswith("/redaktion/meldungen/freigabe?wessen=fuer-mich")
    assert "Brücke" not in message.text
    assert outbox.sent[0].leave_url == ""


def test_nobody_gets_more_than_one_letter_in_ten_minutes_and_none_is_lost(
        session: Session, now: datetime, make_announcement: Make,
        make_staff: Callable[..., Staff]) -> None:
    author = make_staff("author")
    make_staff("editor")

    def submit(minutes: int, **draft: object) -> None:
        approval.submit(session, author, make_announcement(**draft),
                        now + timedelta(minutes=minutes))
        session.commit()

    submit(0)
    submit(1)  # the first has not left yet
    assert letters(session) == [("editor@example.org", now)]
    for delivery in session.scalars(select(Delivery)):
        delivery.state, delivery.sent_at = State.SENT, now
    session.commit()
    submit(2)
    submit(3)
    assert [due for _to, due in letters(session)] == [now, now + timedelta(minutes=10)]
    for delivery in session.scalars(select(Delivery)):
        delivery.state, delivery.sent_at = State.SENT, now + timedelta(minutes=10)
    session.commit()
    submit(60)
    assert letters(session)[-1][1] == now + timedelta(minutes=60)


def test_danger_does_not_wait_ten_minutes(
        session: Session, now: datetime, make_announcement: Make,
        make_staff: Callable[..., Staff]) -> None:
    author = make_staff("author")
    make_staff("approver")
    approval.submit(session, author, make_announcement(), now)
    session.commit()
    for delivery in session.scalars(select(Delivery)):
        delivery.state, delivery.sent_at = State.SENT, now
    session.commit()
    later = now + timedelta(minutes=2)
    approval.submit(session, author, make_announcement(), later)
    assert letters(session)[-1][1] == now + timedelta(minutes=10)
    approval.submit(session, author, make_announcement(urgency=Urgency.DANGER), later)
    session.commit()
    assert letters(session)[-1][1] <= later + timedelta(minutes=1)
    assert len(letters(session)) == 2


def test_the_author_learns_by_mail_what_came_back_and_what_did_not_leave(
        session: Session, now: datetime, outbox: Outbox, make_announcement: Make,
        make_staff: Callable[..., Staff]) -> None:
    author, editor = make_staff("author"), make_staff("editor")
    sent_back = make_announcement(author_id=author.id)
    approval.submit(session, author, sent_back, now)
    approval.send_back(session, editor, sent_back, now, "Nein.")
    late = make_announcement(author_id=author.id, expires_at=now + timedelta(hours=2))
    approval.release(session, editor, late, now, at=now + timedelta(hours=1))
    for delivery in session.scalars(select(Delivery)):
        delivery.state, delivery.sent_at = State.SENT, now
    session.commit()
    scheduling.publish_due(session, now + timedelta(hours=3))
    mine = [due for to, due in letters(session) if to == "author@example.org"]
    assert mine == [now, now + timedelta(hours=3)]


def test_who_has_nobody_to_ask_is_told(
        session: Session, make_announcement: Make, make_staff: Callable[..., Staff]) -> None:
    author = make_staff("author")
    make_staff("editor")
    assert approval.submit(
        session, author, make_announcement(urgency=Urgency.DANGER), utcnow()) == 0


def test_the_ledger_forgets_whom_a_letter_went_to_a_day_later(
        session: Session, outbox: Outbox, make_announcement: Make,
        make_staff: Callable[..., Staff]) -> None:
    author = make_staff("author")
    make_staff("approver")
    now = utcnow()
    approval.submit(session, author, make_announcement(author_id=author.id), now)
    public = Delivery(announcement_id=1, outlet="Mastodon", channel="outlet", lane="normal",
                      state=State.SENT, due_at=now, expires_at=now, created_at=now)
    session.add(public)
    session.commit()
    endings.forget_letters(session, now + timedelta(days=3))
    assert letters(session)[0][0] == "approver@example.org", "it has not left yet"
    drain("email", "transactional")
    for hours, address in ((23, "approver@example.org"), (25, "")):
        endings.forget_letters(session, now + timedelta(hours=hours))
        session.commit()
        assert [whom for whom, _due in letters(session)] == [address, "Mastodon"]
