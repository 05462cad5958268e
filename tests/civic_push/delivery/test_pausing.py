"""A resident's pause: what falls into it is not sent, but for danger."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from channels.base import Urgency
from civic_push.announcements import publishing
from civic_push.announcements.publishing import Draft
from civic_push.clock import tick
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, State
from civic_push.delivery.residents import PAUSED, drop_until
from subscriptions.models import Consent, Frequency

PAUSE = timedelta(days=10)


@pytest.fixture
def announce(session, make_topic):
    """Publish an announcement and write its deliveries."""
    topic = make_topic()

    def make(now: datetime, urgency: str = Urgency.INFO) -> int:
        announcement = publishing.save(
            session, Draft(title="Sperrung", body="Zu.", topics=[topic.id], urgency=urgency), now)
        assert publishing.publish(session, announcement, now)
        fan_out(announcement.id)
        return announcement.id
    return make


@pytest.mark.parametrize(("urgency", "comes"), [
    (Urgency.INFO, False), (Urgency.IMPORTANT, False), (Urgency.DANGER, True)])
def test_only_danger_comes_through_a_pause(session, now, make_contact, announce, urgency, comes):
    paused = make_contact(subscriber={"paused_until": now + PAUSE})
    others = make_contact()
    announce(now, urgency)
    wanted = {paused.id, others.id} if comes else {others.id}
    assert {d.contact_id for d in session.query(Delivery)} == wanted


def test_after_the_pause_everything_comes_again(session, now, make_contact, announce):
    contact = make_contact(subscriber={"paused_until": now})
    announce(now)
    assert session.query(Delivery).one().contact_id == contact.id


def test_a_pause_ends_what_waits_but_not_danger_nor_what_is_on_its_way(
        session, now, make_contact, announce):
    contact = make_contact(frequency=Frequency.WEEKLY)
    stranger = make_contact(frequency=Frequency.WEEKLY)
    waits, later, leaving = announce(now), announce(now), announce(now)
    danger = announce(now, Urgency.DANGER)
    rows = {d.announcement_id: d for d in session.query(Delivery).filter_by(contact_id=contact.id)}
    rows[later].due_at = now + PAUSE
    rows[leaving].leased_until = now + timedelta(minutes=1)
    session.commit()
    assert drop_until(session, [contact.id], now + PAUSE, now) == 1
    session.commit()
    assert (rows[waits].state, rows[waits].error) == (State.CANCELLED, PAUSED)
    assert {rows[n].state for n in (later, leaving, danger)} == {State.WAITING}
    assert session.query(Delivery).filter_by(contact_id=stranger.id,
                                             state=State.CANCELLED).count() == 0


def test_the_clock_ends_proofs_whose_term_is_over(make_app, session, now, make_contact):
    ended = now - timedelta(days=4 * 366)
    session.add(Consent(contact_id=1, channel="email", wording_version="1", wording="Ja",
                        asked_at=ended, confirmed_at=ended, ended_at=ended))
    session.commit()
    tick(now)
    assert session.query(Consent).count() == 0
