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
from civic_push.delivery.progress import Snapshot, watched
from civic_push.staff.models import Staff
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.watching.live import numbers

REFRESH_SECONDS = 10  # for those who ask for it, while deliveries are on their way
SOON = 300  # seconds to its time, in which the page waits for it


@desk.get(f"/{ID}")
@needs(Can.READ)
def watch(number: int) -> str:
    """One announcement; published ones with their deliveries by channel and state."""
    session, now, announcement = db.session(), utcnow(), wanted(number)
    published = announcement.state == AnnouncementState.PUBLISHED
    found = watched(session, number, now) if published else None
    announcement = wanted(number)  # asking has ended the transaction
    return render_template(
        "desk/watch.html", announcement=announcement, published=published, now=now,
        live=numbers(found) if found else None, channels=found.channels if found else [],
        held=found is not None and found.held, moving=found is not None and found.moving,
        pauses=report.pauses(session, now), steps=approval.steps(session, announcement),
        author=session.scalar(
            select(Staff.email).where(Staff.id == announcement.author_id)),
        leaves_in=_leaves_in(announcement, now),
        seconds=REFRESH_SECONDS, refresh="neu" in request.args,  # never unasked: WCAG 2.2, 2.2.1
        **_following(announcement, found))


def _leaves_in(announcement: Announcement, now: datetime) -> int | None:
    """Seconds until it leaves, where that is soon enough to wait for; None where it is not, and
    where the clock is late."""
    if announcement.state != AnnouncementState.SCHEDULED or announcement.scheduled_at is None:
        return None
    seconds = (announcement.scheduled_at - now).total_seconds()
    return max(0, round(seconds)) if abs(seconds) < SOON else None


def _following(announcement: Announcement, found: Snapshot | None) -> dict[str, object]:
    """What came before and after it, and whether there is anything left to stop."""
    published = announcement.state == AnnouncementState.PUBLISHED
    chain = following.chain(db.session(), announcement) if published else []
    newer = published and chain[-1].id != announcement.id
    return {
        "chain": chain, "newer": newer,
        "stopped": announcement.closed_at is not None and not newer,
        "stoppable": announcement.closed_at is None and found is not None and (
            found.spreading or any(c.count(State.WAITING) for c in found.channels))}
