"""Quiet hours hold when something is handed over, not only when the ledger is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome, Urgency
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.delivery import drain as drain_module
from civic_push.delivery import pauses, rate
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, Lane, Purpose, State
from subscriptions.models import Contact
from subscriptions.timing import TOWN_TIME
from tests.stand_ins.outbox import Outbox

QUIET = {"quiet_from": 21, "quiet_to": 7}


def town(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=TOWN_TIME).astimezone(UTC)


EVENING, NIGHT, MORNING = town(12, 20, 50), town(13, 3), town(13, 7)


@pytest.fixture
def now() -> datetime:
    return EVENING


@pytest.fixture
def work(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
         ) -> Callable[..., None]:
    """Let a worker look at a lane at some time."""
    def run(moment: datetime, lane: str = Lane.URGENT) -> None:
        monkeypatch.setattr(drain_module, "utcnow", lambda: moment)
        session.rollback()
        with app.app_context():
            drain("sms", lane)
        session.expire_all()
    return run


@pytest.fixture
def gateway(app: Flask) -> Outbox:
    """A gateway that has no time."""
    box = Outbox("sms", repeatable=False, answer=lambda _: Outcome(Kind.LATER, "busy"))
    app.extensions["channels"] = {"sms": box}
    return box


@pytest.fixture
def publish(session: Session, make_announcement: Callable[..., Announcement],
            gateway: Outbox) -> Callable[..., None]:
    """Publish at ten to nine in the evening; deliveries are written."""
    def make(urgency: Urgency = Urgency.IMPORTANT) -> None:
        announcement = make_announcement(
            urgency=urgency, expires_at=EVENING + timedelta(days=2))
        assert publishing.publish(session, announcement, EVENING)
        fan_out(announcement.id)
    return make


def due(session: Session) -> datetime:
    return session.scalars(
        select(Delivery.due_at).where(Delivery.state == State.WAITING)).one()


def test_what_a_retry_brings_into_the_night_leaves_in_the_morning(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        publish: Callable[..., None], work: Callable[..., None]) -> None:
    make_contact("sms", subscriber=QUIET)
    publish()
    tries = []
    moment = EVENING
    while moment < MORNING:
        before = len(gateway.sent)
        work(moment)
        tries += [moment] * (len(gateway.sent) - before)
        moment = due(session)
    assert [t - EVENING for t in tries] == [timedelta(0), timedelta(minutes=1),
                                            timedelta(minutes=6)]
    assert moment == MORNING
    gateway.answer = lambda _: Outcome(Kind.SENT)
    work(MORNING)
    delivery = session.scalars(select(Delivery)).one()
    assert (delivery.state, delivery.attempts) == (State.SENT, 4)


def test_what_a_rest_of_the_channel_brings_into_the_night_leaves_in_the_morning(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        publish: Callable[..., None], work: Callable[..., None]) -> None:
    make_contact("sms", subscriber=QUIET)
    publish()
    pauses.hold(session, "sms", "Umbau", NIGHT, EVENING)
    session.commit()
    work(NIGHT)
    assert (gateway.sent, due(session)) == ([], MORNING)


def test_danger_and_who_knows_no_quiet_hours_do_not_wait(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        publish: Callable[..., None], work: Callable[..., None]) -> None:
    gateway.answer = lambda _: Outcome(Kind.SENT)
    make_contact("sms", "+4915112345601", subscriber=QUIET)
    publish(Urgency.DANGER)
    work(NIGHT)
    make_contact("sms", "+4915112345602")
    publish()
    work(NIGHT)
    assert [e.address for e in gateway.sent] == ["+4915112345601", "+4915112345602"]
    assert due(session) == MORNING  # of the second for the first


def test_what_somebody_asked_for_at_night_comes_at_night(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        work: Callable[..., None]) -> None:
    gateway.answer = lambda _: Outcome(Kind.SENT)
    contact = make_contact("sms", subscriber=QUIET)
    session.add(Delivery(contact_id=contact.id, purpose=Purpose.CONFIRM, channel="sms",
                         lane=Lane.TRANSACTIONAL, due_at=NIGHT, created_at=NIGHT,
                         expires_at=MORNING))
    session.commit()
    work(NIGHT, Lane.TRANSACTIONAL)
    assert len(gateway.sent) == 1


def test_what_waits_for_the_morning_takes_nothing_of_the_rate(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        publish: Callable[..., None], work: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "wait", lambda *_: pytest.fail("it slept"))
    gateway.answer, gateway.per_second = lambda _: Outcome(Kind.SENT), 2
    for number in range(5):
        make_contact("sms", f"+49151123456{number}1", subscriber=QUIET)
    make_contact("sms", "+4915112345699")
    publish()
    work(NIGHT)
    assert [e.address for e in gateway.sent] == ["+4915112345699"]


def test_quiet_hours_chosen_after_publishing_hold(
        session: Session, gateway: Outbox, make_contact: Callable[..., Contact],
        publish: Callable[..., None], work: Callable[..., None]) -> None:
    contact = make_contact("sms")
    publish()
    contact.subscriber.quiet_from, contact.subscriber.quiet_to = 20, 8
    session.commit()
    work(EVENING)
    assert (gateway.sent, due(session)) == ([], town(13, 8))
