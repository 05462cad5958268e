"""What was let out leaves at its time: the clock publishes it, exactly once.

The undo window is a schedule a few seconds away, so there is one way out of the desk, which
survives a restart. The row's lock and the conditional UPDATE in publishing.publish make any
number of clocks safe; after a crash between commit and bell, the sweep rings.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from civic_push.announcements import approval_letters, publishing
from civic_push.announcements.approval_models import ApprovalStep, Deed
from civic_push.announcements.following import CannotFollow
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.staff import trail

log = structlog.get_logger()

_SCHEDULED = (AnnouncementState.SCHEDULED,)
_MOST = 50  # in one look of the clock; the next comes in two seconds


def publish_due(session: Session, now: datetime) -> int:
    """Publish what is due at `now`; return how much that was. One that fails is looked at
    again with the next tick and does not hold up the others."""
    numbers = session.scalars(
        select(Announcement.id)
        .where(Announcement.state == AnnouncementState.SCHEDULED,
               Announcement.scheduled_at <= now)
        .order_by(Announcement.scheduled_at, Announcement.id).limit(_MOST)).all()
    session.rollback()
    done = 0
    for number in numbers:
        try:
            done += _publish(session, number, now)
        except OperationalError:
            raise
        except Exception:
            session.rollback()
            log.exception("scheduling.publish_failed", announcement=number)
    return done


def _publish(session: Session, number: int, now: datetime) -> bool:
    """Publish one, if it still is to be; back to the drafts with what cannot go out any
    more."""
    announcement = session.scalar(
        select(Announcement).with_for_update(skip_locked=True)
        .where(Announcement.id == number, Announcement.state == AnnouncementState.SCHEDULED,
               Announcement.scheduled_at <= now).execution_options(populate_existing=True))
    if announcement is None:  # taken back, or another clock has it
        session.rollback()
        return False
    if announcement.expires_at is not None and announcement.expires_at <= now:
        _give_up(session, announcement, "expired", now)
        return False
    trail.record(session, trail.CLOCK, "announcement.published", ("announcement", number),
                 AnnouncementState.SCHEDULED, now=now)
    try:
        return publishing.publish(session, announcement, now, _SCHEDULED)
    except CannotFollow as error:
        session.rollback()
        _give_up(session, announcement, error.objection.value, now)
        return False


def _give_up(session: Session, announcement: Announcement, reason: str, now: datetime) -> None:
    """Make a draft of it again, for somebody to look at."""
    announcement.state, announcement.scheduled_at = AnnouncementState.DRAFT, None
    session.add(ApprovalStep(announcement_id=announcement.id, deed=Deed.LATE, comment=reason,
                             at=now))
    approval_letters.tell_author(session, announcement, None, now)
    trail.record(session, trail.CLOCK, "announcement.late", ("announcement", announcement.id),
                 AnnouncementState.SCHEDULED, {"reason": reason}, now)
    session.commit()
