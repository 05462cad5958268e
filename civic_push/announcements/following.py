"""Corrections, withdrawals, all-clears: what follows what, and what may follow.

Announcements are immutable once published, so whatever changes them is a new one. All that
follow one original are its chain, a line without branches: a second correction follows the
first. Who gets which is delivery.audiences' matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.delivery import cutting_off
from civic_push.delivery.audiences import chain_before

_UNPUBLISHED = (AnnouncementState.DRAFT, AnnouncementState.WAITING,
                AnnouncementState.SUBMITTED, AnnouncementState.SCHEDULED)
_RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}


class Objection(StrEnum):
    """Why an announcement cannot be followed by another of some kind."""

    SETTLED = "settled"  # the follow-up itself is out, or was dismissed
    UNPUBLISHED = "unpublished"  # what is not out can simply be changed
    WITHDRAWN = "withdrawn"
    CLEARED = "cleared"  # a second all-clear
    NO_DANGER = "no_danger"  # an all-clear of what was no danger
    OVERTAKEN = "overtaken"  # what was let out for later: its chain has gone on since then


class CannotFollow(Exception):
    """A follow-up that would be wrong; `last` is the newest of the chain."""

    def __init__(self, objection: Objection, last: Announcement) -> None:
        super().__init__(objection.value)
        self.objection, self.last = objection, last


def chain(session: Session, announcement: Announcement) -> Sequence[Announcement]:
    """All published announcements of a chain with their texts, the original first."""
    return session.scalars(
        select(Announcement)
        .where(_of_chain(announcement.chain_id),
               Announcement.state == AnnouncementState.PUBLISHED)
        .order_by(Announcement.published_at, Announcement.id)
        .options(selectinload(Announcement.texts))).all()


def current(session: Session, announcement: Announcement) -> Announcement:
    """The newest published announcement of a chain; the given one where it is alone."""
    found = chain(session, announcement)
    return found[-1] if found else announcement


def newest() -> ColumnElement[bool]:
    """For lists of published announcements: only those that nothing published follows."""
    later = aliased(Announcement)
    return ~exists().where(later.replaces_id == Announcement.id,
                           later.state == AnnouncementState.PUBLISHED)


def open_draft(session: Session, announcement: Announcement, kind: AnnouncementKind
               ) -> Announcement | None:
    """A follow-up of this kind to this chain that somebody has begun, or a source brought."""
    return session.scalar(
        select(Announcement)
        .where(Announcement.root_id == announcement.chain_id, Announcement.kind == kind,
               Announcement.state.in_(_UNPUBLISHED))
        .order_by(Announcement.id.desc()).limit(1))


def check(kind: str, last: Announcement) -> None:
    """Raise CannotFollow where this kind cannot follow the newest of a chain."""
    objection = _objection(AnnouncementKind(kind), last)
    if objection is not None:
        raise CannotFollow(objection, last)


def take_over(session: Session, announcement: Announcement, now: datetime) -> None:
    """Put a follow-up that is about to be published at the end of its chain, and end what
    has not left of the rest: from now on whoever waits for it gets this or nothing. The
    caller commits both in one transaction. Raises CannotFollow.

    The original's row is the lock: of two follow-ups at once the second follows the first. But
    one that was let out for later (`approval.release`) was so after another announcement, and
    by rules that may ask for more people now: somebody has to look at it again."""
    session.execute(select(Announcement.id).with_for_update()
                    .where(_of_chain(announcement.chain_id)).order_by(Announcement.id))
    before = chain_before(session, announcement)
    last = before[-1] if before else announcement
    check(announcement.kind, last)
    if announcement.state == AnnouncementState.SCHEDULED and announcement.replaces_id != last.id:
        raise CannotFollow(Objection.OVERTAKEN, last)
    announcement.replaces_id = last.id
    announcement.urgency = at_least(announcement.urgency, last.urgency)
    _close(session, [a.id for a in before], cutting_off.REPLACED, now)


def stop(session: Session, announcement: Announcement, now: datetime) -> int | None:
    """End what has not left of a published announcement, and commit. Return how many
    deliveries that was; None where it was stopped or followed before."""
    open_now = session.scalar(
        select(Announcement.id).with_for_update()
        .where(Announcement.id == announcement.id, Announcement.closed_at.is_(None),
               Announcement.state == AnnouncementState.PUBLISHED))
    ended = None if open_now is None else _close(session, [open_now], cutting_off.STOPPED, now)
    session.commit()
    return ended


def at_least(urgency: str, floor: str) -> Urgency:
    """The more pressing of the two: a follow-up is as quick as what it follows."""
    return max(Urgency(urgency), Urgency(floor), key=_RANK.__getitem__)


def _close(session: Session, announcement_ids: Sequence[int], reason: str, now: datetime) -> int:
    session.execute(
        update(Announcement)
        .where(Announcement.id.in_(announcement_ids), Announcement.closed_at.is_(None))
        .values(closed_at=now))
    return cutting_off.cut_off(session, announcement_ids, reason)


def _objection(kind: AnnouncementKind, last: Announcement) -> Objection | None:
    if last.state != AnnouncementState.PUBLISHED:
        return Objection.UNPUBLISHED
    if last.kind == AnnouncementKind.WITHDRAWAL:
        return Objection.WITHDRAWN
    if kind == AnnouncementKind.ALL_CLEAR:
        if last.kind == AnnouncementKind.ALL_CLEAR:
            return Objection.CLEARED
        if last.urgency != Urgency.DANGER:
            return Objection.NO_DANGER
    return None


def _of_chain(root_id: int) -> ColumnElement[bool]:
    return or_(Announcement.id == root_id, Announcement.root_id == root_id)
