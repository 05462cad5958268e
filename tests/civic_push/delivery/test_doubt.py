"""Perhaps sent: what was handed over without an answer is never told as if it had not been, so
that what corrects it follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Envelope, Kind, Outcome
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.delivery import claiming, tallies
from civic_push.delivery import drain as drain_module
from civic_push.delivery.drain import drain
from civic_push.delivery.ledger import PERHAPS, WORKER_ENDED
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.sweep import end_stale
from subscriptions.models import Contact
from tests.stand_ins.outbox import Outbox

NO_ANSWER = "connection lost"
SOON, LATER = timedelta(seconds=30), timedelta(seconds=200)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """Set the clock that workers read."""
    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(drain_module, "utcnow", lambda: moment)
    set_clock(now)
    return set_clock


@pytest.fixture
def mail(app: Flask) -> Outbox:
    """A relay that takes the whole mail and hangs up before its answer."""
    box = Outbox(answer=lambda _: Outcome(Kind.UNKNOWN, NO_ANSWER))
    app.extensions["channels"] = {"email": box}
    return box


@pytest.fixture
def publish(session: Session, now: datetime, make_announcement: Callable[..., Announcement],
            make_contact: Callable[..., Contact], run_jobs: Callable[[], list[str]],
            at: object) -> Callable[[timedelta], Announcement]:
    """Publish to one inbox something that is valid for so long."""
    def make(valid: timedelta) -> Announcement:
        make_contact()
        announcement = make_announcement(expires_at=now + valid)
        assert publishing.publish(session, announcement, now)
        run_jobs()
        return announcement
    return make


def only(session: Session) -> Delivery:
    session.rollback()
    return session.scalars(select(Delivery).execution_options(populate_existing=True)).one()


def fate(session: Session) -> tuple[str, str | None]:
    delivery = only(session)
    return delivery.state, delivery.error


def test_it_is_unknown_when_its_next_try_would_come_too_late(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        make_announcement: Callable[..., Announcement], run_jobs: Callable[[], list[str]],
        now: datetime) -> None:
    original = publish(SOON)
    assert fate(session) == (State.UNKNOWN, PERHAPS + NO_ANSWER)
    mail.answer = lambda _: Outcome(Kind.SENT)
    withdrawal = publishing.save(session, publishing.Draft(
        original.title, "", topics=[t.id for t in original.topics], change="Ein Irrtum.",
        kind=AnnouncementKind.WITHDRAWAL), now, follows=original)
    assert publishing.publish(session, withdrawal, now)
    run_jobs()
    assert [e.message.title.split(":")[0] for e in mail.sent[1:]] == ["Zurückgezogen"]


def test_it_is_unknown_when_it_is_claimed_too_late(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        at: Callable[[datetime], None], now: datetime) -> None:
    publish(LATER / 2)
    at(now + LATER)
    drain("email", Lane.NORMAL)
    assert fate(session) == (State.UNKNOWN, PERHAPS + NO_ANSWER)


def test_it_is_unknown_when_the_clock_ends_it(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        now: datetime) -> None:
    publish(LATER / 2)
    end_stale(now + LATER)
    assert fate(session) == (State.UNKNOWN, PERHAPS + NO_ANSWER)
    late = [hour for hour in tallies.since(session, now) if hour.outcome == tallies.EXPIRED]
    assert late == []


def test_a_relay_that_is_busy_the_second_time_does_not_wash_it_away(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        at: Callable[[datetime], None], now: datetime) -> None:
    publish(LATER)
    mail.answer = lambda _: Outcome(Kind.LATER, "451 busy")
    at(now + timedelta(seconds=60))
    drain("email", Lane.NORMAL)  # its next try would be in five minutes
    assert fate(session) == (State.UNKNOWN, f"{PERHAPS}451 busy")


def test_what_a_killed_worker_held_is_perhaps_sent(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        at: Callable[[datetime], None], now: datetime) -> None:
    def killed(_envelope: Envelope) -> Outcome:
        raise KeyboardInterrupt
    mail.answer = killed
    with pytest.raises(KeyboardInterrupt):
        publish(LATER / 2)
    session.rollback()
    at(now + LATER)
    drain("email", Lane.NORMAL)
    assert fate(session) == (State.UNKNOWN, PERHAPS + WORKER_ENDED)


def test_an_answer_settles_it(
        session: Session, mail: Outbox, publish: Callable[[timedelta], Announcement],
        at: Callable[[datetime], None], now: datetime) -> None:
    publish(LATER)
    mail.answer = lambda _: Outcome(Kind.SENT)
    at(now + timedelta(seconds=60))
    drain("email", Lane.NORMAL)
    assert fate(session) == (State.SENT, None)


def test_a_paid_message_is_not_claimed_again_before_the_clock_has_ended_it(
        app: Flask, session: Session, mail: Outbox,
        publish: Callable[[timedelta], Announcement], at: Callable[[datetime], None],
        now: datetime) -> None:
    mail.answer = lambda _: Outcome(Kind.LATER, "503")
    mail.repeatable = False
    publish(timedelta(days=1))
    due = only(session).due_at
    claimed = claiming.claim(session, "email", Lane.NORMAL, 10, due, timedelta(seconds=60))
    assert len(claimed) == 1  # … and the worker is killed here
    at(due + timedelta(seconds=61))
    drain("email", Lane.NORMAL)  # before the clock's next tick
    assert len(mail.sent) == 1
    assert only(session).state == State.WAITING
