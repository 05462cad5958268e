"""Lists of announcements, a page at a time, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from civic_push.announcements.models import Announcement, AnnouncementState

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; numbers begin with 1."""

    rows: Sequence[Announcement]
    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """The number of the last page; 1 where there is nothing."""
        return max(1, -(-self.total // self.size))


def page(session: Session, state: AnnouncementState, number: int = 1,
         size: int = PAGE_SIZE) -> Page:
    """Announcements in one state, newest first, with texts, topics and Ortsteile. A number
    beyond the end gives the last page."""
    total = session.scalar(
        select(func.count()).select_from(Announcement).where(Announcement.state == state)) or 0
    number = min(max(1, number), max(1, -(-total // size)))
    # by id, which the index on state ends with in both databases' eyes, where nothing is
    # published yet; by time of publication for readers otherwise
    order = ((Announcement.published_at.desc(), Announcement.id.desc())
             if state == AnnouncementState.PUBLISHED else (Announcement.id.desc(),))
    rows = session.scalars(
        select(Announcement).where(Announcement.state == state).order_by(*order)
        .limit(size).offset((number - 1) * size)
        .options(selectinload(Announcement.texts), selectinload(Announcement.topics),
                 selectinload(Announcement.neighbourhoods))).all()
    return Page(rows, number, total, size)


def counts(session: Session) -> dict[AnnouncementState, int]:
    """How many announcements there are in each state."""
    rows = session.execute(
        select(Announcement.state, func.count()).group_by(Announcement.state))
    return {AnnouncementState(state): count for state, count in rows}
