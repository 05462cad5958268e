"""Who will get it: held against who really gets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.announcements.reach import (
    Audience,
    ChannelReach,
    SmsCost,
    audience,
    rounded_up,
)
from civic_push.config import settings
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, Lane, State
from subscriptions.models import Contact, Frequency, Neighbourhood, Register, Topic

Make = Callable[..., Announcement]


@pytest.fixture
def people(make_contact: Callable[..., Contact], make_topic: Callable[..., Topic],
           make_neighbourhood: Callable[..., Neighbourhood], now: datetime
           ) -> tuple[Topic, Neighbourhood]:
    """Residents of every kind, twice or more subscribed, paused, asleep, elsewhere."""
    topic, other = make_topic("verkehr"), make_topic("kultur")
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    both = ((topic, here), (None, None), (other, here))
    for frequency in Frequency:
        for quiet in ({}, {"quiet_from": 22, "quiet_to": 7}, {"quiet_from": 9, "quiet_to": 12}):
            make_contact(pairs=both, subscriber=quiet, frequency=frequency)
    make_contact("push", pairs=((topic, here),), subscriber={"quiet_from": 10, "quiet_to": 11})
    make_contact(pairs=((other, here),))
    make_contact(pairs=((topic, there),))
    make_contact(pairs=both, subscriber={"paused_until": now + timedelta(days=1)})
    make_contact(pairs=both, stands_in=True)
    make_contact(pairs=both, state="pending")
    return topic, here


@pytest.mark.parametrize("urgency", list(Urgency))
def test_the_count_is_what_fan_out_writes(
        session: Session, now: datetime, people: tuple[Topic, Neighbourhood], urgency: Urgency,
        make_announcement: Make) -> None:
    topic, here = people
    announcement = make_announcement(topics=[topic.id], neighbourhoods=[here.id],
                                     urgency=urgency)
    found = audience(session, settings(), announcement, {}, now)
    publishing.publish(session, announcement, now)
    fan_out(announcement.id)
    for channel in ("email", "push"):
        rows = session.execute(select(Delivery.lane, Delivery.due_at).where(
            Delivery.channel == channel)).all()
        told = found.channels[channel]
        assert told.total == len(rows)
        assert told.digest == sum(lane == Lane.DIGEST for lane, _ in rows)
        quiet = [due for lane, due in rows if lane != Lane.DIGEST and due > now]
        assert told.quiet == len(quiet)
        assert told.quiet_until == max(quiet, default=None)


def test_an_sms_costs_its_segments_by_language_and_register_and_the_month_s_budget_is_told(
        make_app: Callable[..., Flask], now: datetime, make_contact: Callable[..., Contact],
        make_announcement: Make, session: Session) -> None:
    app = make_app(sms_segment_cents=8.0, sms_monthly_cap=100)
    for number in range(30):
        register = Register.PLAIN if number < 10 else Register.STANDARD
        make_contact("sms", f"+49151123456{number:02}", subscriber={"register": register})
    last_month = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)
    for sent_at in (last_month, last_month + timedelta(minutes=1)):  # local midnight
        session.add(Delivery(channel="sms", lane=Lane.NORMAL, state=State.SENT, parts=70,
                             sent_at=sent_at, due_at=now, expires_at=now, created_at=now))
    session.commit()
    with app.app_context():
        parts = {("de", "standard"): 1, ("de", "plain"): 2}
        cost = audience(session, settings(), make_announcement(), parts, now).sms
    assert cost == SmsCost(parts=40, cents=320.0, spent=70, cap=100)
    assert cost.left == 30
    assert not cost.enough


def test_a_small_number_cannot_be_worked_out_from_the_ones_beside_it() -> None:
    assert ChannelReach(20, digest=10).told
    assert not ChannelReach(20, digest=3).told
    assert not ChannelReach(20, digest=17).told
    assert not ChannelReach(20, quiet=18).told
    assert not ChannelReach(3).told
    assert ChannelReach(20).told
    assert Audience({"email": ChannelReach(20), "sms": ChannelReach(4)}).total is None
    assert Audience({"email": ChannelReach(20), "sms": ChannelReach(5)}).total == 25


def test_four_sms_are_too_few_to_name_their_cost(
        session: Session, now: datetime, make_contact: Callable[..., Contact],
        make_announcement: Make) -> None:
    for number in range(4):
        make_contact("sms", f"+4915112345{number:03}")
    assert audience(session, settings(), make_announcement(), {}, now).sms is None


def test_estimates_are_rounded_up() -> None:
    assert [rounded_up(n) for n in (0, 1, 7, 99, 101, 1_234, 75_001)] == [
        0, 5, 10, 100, 110, 1_300, 76_000]


def test_a_count_is_made_by_one_statement_and_holds_for_a_minute(
        session: Session, now: datetime, people: tuple[Topic, Neighbourhood],
        make_announcement: Make, make_contact: Callable[..., Contact]) -> None:
    topic, here = people
    announcement = make_announcement(topics=[topic.id], neighbourhoods=[here.id])
    first = audience(session, settings(), announcement, {}, now)
    assert first.channels["email"].total == session.scalar(
        select(func.count()).select_from(Contact)) - 6
    make_contact(pairs=((topic, here),))
    assert audience(session, settings(), announcement, {}, now) == first
    current_app.extensions["civic_push_counts"].clear()
    assert audience(session, settings(), announcement, {}, now).channels["email"].total == (
        first.channels["email"].total + 1)
