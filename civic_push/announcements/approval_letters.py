"""Letters about approval: something waits for one, something came back. They go through the
ledger like every mail, at most one of a kind in ten minutes to one person; none is lost for
that, it waits and stands for all that came meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from civic_push.announcements.models import Announcement
from civic_push.delivery.models import Delivery, Lane, Purpose, State
from civic_push.staff.models import Staff

EVERY = timedelta(minutes=10)
EVERY_URGENT = timedelta(minutes=1)  # danger does not wait, but nobody is flooded with it
LIFE = timedelta(days=2)  # then the letter is worth nothing any more


def people(session: Session) -> list[Staff]:
    """Everybody who works at the desk and may get letters, with roles and limits."""
    return list(session.scalars(
        select(Staff).where(Staff.active, Staff.machine.is_(False)).order_by(Staff.id).options(
            selectinload(Staff.roles), selectinload(Staff.topics),
            selectinload(Staff.neighbourhoods))))


def write(session: Session, purpose: Purpose, readers: Iterable[Staff], now: datetime,
          urgent: bool = False) -> int:
    """Write a letter to each of these people, or let the one that waits for him stand for
    this, too; return how many people these are. Letters leave after the caller's commit, with
    the sweep or `transactional.ring("email")`."""
    count = 0
    for reader in readers:
        _write(session, purpose, reader.email, now, EVERY_URGENT if urgent else EVERY)
        count += 1
    return count


def tell_author(session: Session, announcement: Announcement, by: Staff | None, now: datetime
                ) -> None:
    """Write to the author that his announcement is a draft again, unless he did it himself."""
    author = session.get(Staff, announcement.author_id) if announcement.author_id else None
    if author is not None and author.active and not author.machine and author != by:
        write(session, Purpose.CAME_BACK, [author], now)


def _write(session: Session, purpose: Purpose, address: str, now: datetime,
           every: timedelta) -> None:
    before = session.scalars(
        select(Delivery)
        .where(Delivery.outlet == address, Delivery.announcement_id.is_(None),
               Delivery.purpose == purpose)
        .order_by(Delivery.id.desc()).limit(1)).first()
    due = now if before is None else max(now, (before.sent_at or before.due_at) + every)
    if before is not None and before.state == State.WAITING:
        if before.leased_until is None:  # it has not been composed yet: it stands for this too
            before.due_at = min(before.due_at, now + every)
            return
        due = now + every
    session.add(Delivery(
        purpose=purpose, outlet=address, channel="email", lane=Lane.TRANSACTIONAL,
        due_at=due, expires_at=due + LIFE, created_at=now))
