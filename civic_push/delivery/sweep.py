"""What the clock does: nothing that was promised stays lying because a job was lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select

from channels.base import Kind
from civic_push import tasks
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.db import db
from civic_push.delivery import ledger, tallies
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out, lane_of
from civic_push.delivery.follow_ups import follow_up
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.pauses import paused_until

_FAN_OUT_PATIENCE = timedelta(seconds=10)


def sweep(now: datetime) -> None:
    """Free leases that ran out, ring for what is due."""
    session = db.session()
    channels = current_app.extensions["channels"]
    freed = ledger.free_leases(
        session, now, [c.name for c in channels.values() if not c.repeatable])
    tallies.add(session, freed, Kind.UNKNOWN, now, ledger.WORKER_ENDED)
    session.commit()
    open_ones = [channel for channel in channels if not paused_until(session, channel, now)]
    due = {lane: [(channel, lane) for channel in open_ones if is_due(channel, lane, now)]
           for lane in Lane}
    unfinished = session.execute(
        select(Announcement.id, Announcement.urgency, Announcement.kind).where(
            Announcement.state == AnnouncementState.PUBLISHED,
            Announcement.fan_out_done_at.is_(None), Announcement.closed_at.is_(None),
            Announcement.published_at < now - _FAN_OUT_PATIENCE)).all()
    session.rollback()
    for announcement_id, urgency, kind in unfinished:
        job = fan_out if kind == AnnouncementKind.ORIGINAL else follow_up
        tasks.ring_once(lane_of(urgency), job, announcement_id)
    for lane, runs in due.items():
        if runs:
            tasks.ring(lane, drain, *runs)


def end_stale(now: datetime) -> None:
    """End what is due but stale. Commits at once: workers may wait for the tallies."""
    session = db.session()
    tallies.add(session, ledger.expire(session, now), tallies.EXPIRED, now)
    session.commit()


def is_due(channel: str, lane: Lane, now: datetime) -> bool:
    """Whether anything on this channel and lane waits and may leave (or is under way)."""
    return db.session().scalar(
        select(Delivery.id).where(
            Delivery.channel == channel, Delivery.lane == lane,
            Delivery.state == State.WAITING, Delivery.due_at <= now)
        .order_by(Delivery.due_at).limit(1)) is not None
