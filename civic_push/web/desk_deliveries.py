"""Watching: an announcement as residents see it, and what becomes of its deliveries."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, request
from sqlalchemy import select

from civic_push.announcements import approval, following
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db, utcnow
from civic_push.delivery import report
from civic_push.delivery.models import State
from civic_push.staff.models import Staff
from civic_push.staff.roles import Can
from civic_push.web.desk_frame import ID, desk, needs, wanted

REFRESH_SECONDS = 10  # for those who ask for it, while deliveries are on their way


@desk.get(f"/{ID}")
@needs(Can.READ)
def watch(number: int) -> str:
    """One announcement; published ones with their deliveries by channel and state."""
    session, now, announcement = db.session(), utcnow(), wanted(number)
    published = announcement.state == AnnouncementState.PUBLISHED
    channels = report.by_channel(session, number) if published else []
    return render_template(
        "desk/watch.html", announcement=announcement, published=published, channels=channels,
        troubles=report.troubles(session, number) if published else [],
        pauses=report.pauses(session, now), now=now,
        states_shown=_states(channels), steps=approval.steps(session, announcement),
        author=session.scalar(
            select(Staff.email).where(Staff.id == announcement.author_id)),
        moving=published and _moving(announcement, channels, now), seconds=REFRESH_SECONDS,
        refresh="neu" in request.args, **_following(announcement))  # never unasked: WCAG 2.2, 2.2.1


def _following(announcement: Announcement) -> dict[str, object]:
    """What came before and after it, and whether there is anything left to stop."""
    published = announcement.state == AnnouncementState.PUBLISHED
    chain = following.chain(db.session(), announcement) if published else []
    newer = published and chain[-1].id != announcement.id
    return {
        "chain": chain, "newer": newer,
        "stopped": announcement.closed_at is not None and not newer,
        "stoppable": announcement.closed_at is None and published and (
            announcement.fan_out_done_at is None or _waits(announcement))}


def _waits(announcement: Announcement) -> bool:
    progress = report.progress(db.session(), [announcement.id]).get(announcement.id)
    return progress is not None and progress.open > 0


def _states(channels: list[report.ChannelReport]) -> list[State]:
    """The table's columns: the usual states, and others that occur."""
    occur = {state for channel in channels for state in channel.counts}
    return [s for s in State if s in occur or s in (State.WAITING, State.SENT)]


def _moving(announcement: Announcement, channels: list[report.ChannelReport],
            now: datetime) -> bool:
    """Whether the numbers change within seconds; what waits for a digest does not."""
    unfinished = announcement.fan_out_done_at is None and announcement.closed_at is None
    return unfinished or any(
        c.next_due is not None and c.next_due <= now
        for c in channels)
