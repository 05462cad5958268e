"""Sending an announcement once more to those who did not get it.

The same rows wait again, so that nobody can get it twice through this: whoever got it has a
row that says so. Quiet hours and digests count from now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import is_sqlite
from civic_push.delivery.fan_out import first_of_all, in_rhythm, lane_of, rhythms_of
from civic_push.delivery.holding import lane_prefix
from civic_push.delivery.models import Delivery, Purpose, State
from civic_push.delivery.reasons import WORTH_ANOTHER_TRY
from civic_push.delivery.report import Failures
from subscriptions.models import Contact, ContactState, Subscriber


class Objection(StrEnum):
    """Why an announcement cannot be sent again."""

    UNPUBLISHED = "unpublished"
    CLOSED = "closed"  # stopped, or something follows it
    EXPIRED = "expired"


def objection(announcement: Announcement, now: datetime) -> Objection | None:
    """Why this announcement cannot be sent again, if so."""
    if announcement.state != AnnouncementState.PUBLISHED or announcement.expires_at is None:
        return Objection.UNPUBLISHED
    if announcement.closed_at is not None:
        return Objection.CLOSED
    return Objection.EXPIRED if announcement.expires_at <= now else None


def worth_it(failures: Sequence[Failures]) -> list[Failures]:
    """Those of them where another try may help."""
    return [group for group in failures if group.reason in WORTH_ANOTHER_TRY]


def send_again(session: Session, announcement: Announcement, chosen: Sequence[Failures],
               now: datetime) -> int:
    """Let deliveries that failed for these reasons wait once more, and return how many.
    Contacts that have left or pause stay as they are. The caller holds the announcement's
    row, commits, and rings."""
    if objection(announcement, now) or not worth_it(chosen):
        return 0
    missing = and_(Delivery.announcement_id == announcement.id,
                   Delivery.purpose == Purpose.ANNOUNCEMENT,
                   or_(*(_failed(group) for group in worth_it(chosen))))
    return (_residents(session, announcement, missing, now)
            + _outlets(session, announcement, missing, now))


def _failed(group: Failures) -> ColumnElement[bool]:
    return and_(Delivery.channel == group.channel, Delivery.state == group.state,
                func.coalesce(Delivery.error, "").in_(group.texts))


_FRESH = {"state": State.WAITING, "attempts": 0, "leased_until": None, "sent_at": None,
          "receipt": None, "error": None}


def _residents(session: Session, announcement: Announcement, missing: ColumnElement[bool],
               now: datetime) -> int:
    """Whoever got what this follows does not wait for his digest: that would leave him wrong
    for so long."""
    follows = Delivery.follows_id.is_not(None)
    return (_wait_again(session, announcement, and_(missing, follows), now, at_once=True)
            + _wait_again(session, announcement, and_(missing, ~follows), now, at_once=False))


def _wait_again(session: Session, announcement: Announcement, missing: ColumnElement[bool],
                now: datetime, at_once: bool) -> int:
    members = [Contact.state == ContactState.ACTIVE, Contact.stands_in.is_(False)]
    if announcement.urgency != Urgency.DANGER:
        members.append(or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= now))
    waiting = Contact.id.in_(select(Delivery.contact_id).where(missing))
    rhythms = rhythms_of(session, (*members, waiting), announcement, at_once, now)
    if rhythms is None:
        return 0
    people = first_of_all(
        select(Contact.id.label("contact_id"), Contact.frequency, Contact.digest_hour,
               Contact.digest_weekday, Subscriber.quiet_from, Subscriber.quiet_to)
        .join(Subscriber, Subscriber.id == Contact.subscriber_id).where(*members))
    done = session.execute(
        update(Delivery)
        .where(missing, Delivery.contact_id == people.c.contact_id, in_rhythm(people, rhythms))
        .values(**_FRESH, lane=rhythms.c.lane, due_at=rhythms.c.due_at)
        .execution_options(synchronize_session=False))
    if is_sqlite(session.connection()):  # Python counts nothing of what begins with WITH
        return int(session.scalar(select(func.changes())) or 0)
    return int(done.rowcount)  # type: ignore[attr-defined]


def _outlets(session: Session, announcement: Announcement, missing: ColumnElement[bool],
             now: datetime) -> int:
    lane = lane_prefix(session, announcement.id) + lane_of(announcement.urgency)
    done = session.execute(
        update(Delivery).where(missing, Delivery.outlet.is_not(None))
        .values(**_FRESH, lane=lane, due_at=now).execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]
