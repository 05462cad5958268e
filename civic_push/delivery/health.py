"""How the channels and the machinery fare: for the desk, the shell and monitoring. Reads
only, but for the clock's own mark.

Numbers here are exact; where editors see them, small ones are hidden (`few`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import redis
from flask import current_app
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from channels import KINDS
from channels.base import Kind
from civic_push import tasks
from civic_push.config import Settings
from civic_push.db import db
from civic_push.delivery import tallies
from civic_push.delivery.budget import spent_since_first
from civic_push.delivery.models import ChannelHour, ChannelPause, Delivery, Lane, State
from civic_push.delivery.pause_models import HELD

OVERDUE = {Lane.TRANSACTIONAL: timedelta(minutes=2), Lane.URGENT: timedelta(minutes=5),
           Lane.NORMAL: timedelta(minutes=30), Lane.DIGEST: timedelta(hours=1)}
"""How long something may be due before it is late: a bulk run takes its time, a
confirmation does not."""
CLOCK_PATIENCE = timedelta(seconds=60)
_CLOCK = "civic-push:clock"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits on one channel in one lane."""

    channel: str
    lane: Lane
    waiting: int
    due: int  # may leave now, or is under way
    overdue: int  # for longer than OVERDUE says
    oldest: datetime  # when the first of them was, or will be, due


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong on one channel lately, by kind."""

    kind: str  # one of tallies.FAILURES
    count: int
    last_at: datetime
    detail: str  # the provider's last words, English or its own language


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One channel, whether it is set up or not."""

    name: str
    ready: bool
    per_second: float = 0.0  # 0: no limit
    pause: ChannelPause | None = None
    lanes: list[Waiting] = field(default_factory=list)
    sent: list[tuple[datetime, int]] = field(default_factory=list)  # an hour, messages
    troubles: list[Trouble] = field(default_factory=list)
    spent: int = 0  # paid parts this month
    cap: int = 0  # of them; 0: none

    @property
    def waiting(self) -> int:
        """All that waits, whenever it is due."""
        return sum(lane.waiting for lane in self.lanes)

    @property
    def overdue(self) -> int:
        """What should have left by now."""
        return sum(lane.overdue for lane in self.lanes)

    @property
    def sent_today(self) -> int:
        """Messages handed over in the hours of `sent`."""
        return sum(count for _hour, count in self.sent)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What must be so for messages to leave."""

    database: bool
    queue: bool
    transactional: bool  # no confirmation waits for long
    clock: bool  # it has ticked lately

    @property
    def whole(self) -> bool:
        """Nothing is missing."""
        return self.database and self.queue and self.transactional and self.clock


def channels(session: Session, settings: Settings, now: datetime) -> list[ChannelHealth]:
    """Every kind of channel there is."""
    pauses = {p.channel: p for p in session.scalars(
        select(ChannelPause).where(ChannelPause.until > now))}
    lanes, hours = waiting(session, now), tallies.since(session, tallies.hours(now)[0])
    return [_channel(session, name, settings, now, pauses.get(name),
                     [w for w in lanes if w.channel == name],
                     [h for h in hours if h.channel == name]) for name in KINDS]


def _channel(session: Session, name: str, settings: Settings, now: datetime,
             pause: ChannelPause | None, lanes: list[Waiting], hours: list[ChannelHour]
             ) -> ChannelHealth:
    channel = current_app.extensions["channels"].get(name)
    sent = {h.hour: h.count for h in hours if h.outcome == Kind.SENT}
    paid = name == "sms"
    return ChannelHealth(
        name, channel is not None, channel.per_second if channel else 0.0, pause, lanes,
        [(hour, sent.get(hour, 0)) for hour in tallies.hours(now)], _troubles(hours),
        spent_since_first(session, name, now) if paid else 0,
        settings.sms_monthly_cap if paid else 0)


def _troubles(hours: list[ChannelHour]) -> list[Trouble]:
    found = []
    for kind in tallies.FAILURES:
        rows = [h for h in hours if h.outcome == kind]
        if rows:
            last = max(rows, key=lambda h: h.last_at)
            found.append(Trouble(kind, sum(h.count for h in rows), last.last_at, last.detail))
    return found


def waiting(session: Session, now: datetime) -> list[Waiting]:
    """What waits, by channel and lane, in one GROUP BY over the index of what waits. What an
    editor holds back is not a channel's trouble, and not counted."""
    late = or_(*(and_(Delivery.lane == lane, Delivery.due_at <= now - patience)
                 for lane, patience in OVERDUE.items()))
    rows = session.execute(
        select(Delivery.channel, Delivery.lane, func.count(),
               func.sum(case((Delivery.due_at <= now, 1), else_=0)),
               func.sum(case((late, 1), else_=0)), func.min(Delivery.due_at))
        .where(Delivery.state == State.WAITING, ~Delivery.lane.startswith(HELD))
        .group_by(Delivery.channel, Delivery.lane))
    return [Waiting(channel, Lane(lane), number, int(due), int(overdue), oldest)
            for channel, lane, number, due, overdue, oldest in rows]


def note_tick(now: datetime) -> None:
    """Leave the clock's mark: it has looked at everything."""
    tasks.connection().set(_CLOCK, int(now.timestamp()))


def last_tick() -> datetime | None:
    """When the clock last looked; None where it never has, or the queue has forgotten it.
    Raises redis.RedisError."""
    seconds = tasks.connection().get(_CLOCK)
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def readiness(now: datetime) -> Readiness:
    """Look at what must be so for messages to leave; never raises."""
    try:
        database, prompt = True, not _late_confirmations(db.session(), now)
    except SQLAlchemyError:
        database = prompt = False
        db.session.rollback()
    try:
        tick = last_tick()
        return Readiness(database, True, prompt,
                         tick is not None and now - tick < CLOCK_PATIENCE)
    except redis.RedisError:
        return Readiness(database, False, prompt, False)


def _late_confirmations(session: Session, now: datetime) -> bool:
    """Whether something transactional should have left; what was paused by hand waits on
    purpose."""
    held = select(ChannelPause.channel).where(
        ChannelPause.held_at.is_not(None), ChannelPause.until > now)
    return session.scalar(
        select(Delivery.id).where(
            Delivery.channel.in_(list(current_app.extensions["channels"])),
            Delivery.channel.not_in(held), Delivery.lane == Lane.TRANSACTIONAL,
            Delivery.state == State.WAITING,
            Delivery.due_at <= now - OVERDUE[Lane.TRANSACTIONAL]).limit(1)) is not None
