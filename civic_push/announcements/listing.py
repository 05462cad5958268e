"""The desk's lists of announcements: by where they stand, searched and filtered, a page at a
time by key, so that the thousandth page costs what the first does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from civic_push.announcements.archive import LONGEST_WORD, MOST_WORDS, contains
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.delivery.models import Delivery, State
from civic_push.staff.models import Staff
from subscriptions.models import Neighbourhood, Topic

PAGE_SIZE = 50
TOWN = 0  # instead of an Ortsteil: what is for the whole town


class Where(StrEnum):
    """Where an announcement stands; each has its list."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"


_ORDER: dict[Where, tuple[Any, bool]] = {
    Where.SCHEDULED: (Announcement.scheduled_at, True),
    Where.SUBMITTED: (Announcement.id, True),
    Where.SENDING: (Announcement.published_at, False),
    Where.PUBLISHED: (Announcement.published_at, False),
    Where.WITHDRAWN: (Announcement.published_at, False),
}
"""The column a list is sorted by, and whether it begins with the smallest: who has waited
longest, what leaves next. Other lists begin with what was written last."""


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. `place` and `topic` and `author` are ids (place TOWN: for the
    whole town); `words` must all be there; times are half open. `decider`: only what this
    person may perhaps approve."""

    where: Where
    words: str = ""
    place: int | None = None
    topic: int | None = None
    author: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    decider: Staff | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page; `before` and `after` are the keys (announcement ids) to turn it with, None
    where there is nothing more that way."""

    rows: Sequence[Announcement]
    before: int | None = None
    after: int | None = None


def find(session: Session, search: Search, now: datetime, size: int = PAGE_SIZE, *,
         after: int | None = None, before: int | None = None) -> Found:
    """A page of a list, with texts, topics and Ortsteile, in a fixed number of statements. An
    unknown key gives the first page."""
    column, rising = _ORDER.get(search.where, (Announcement.id, False))
    number = before if before is not None else after
    key = None if number is None else session.scalar(
        select(column).where(Announcement.id == number))
    back = before is not None and key is not None
    up = rising != back
    query = select(Announcement).where(*_conditions(search, now))
    if key is not None and number is not None:
        query = query.where(_beyond(column, key, number, up))
    order = (column, Announcement.id) if up else (column.desc(), Announcement.id.desc())
    rows = list(session.scalars(query.order_by(*order).limit(size + 1).options(
        selectinload(Announcement.texts), selectinload(Announcement.topics),
        selectinload(Announcement.neighbourhoods))))
    more, rows = len(rows) > size, rows[:size]
    if back:
        if not more:  # the first page is not full: show it from its top
            return find(session, search, now, size)
        rows.reverse()
    return Found(rows, rows[0].id if rows and (back or key is not None) else None,
                 rows[-1].id if rows and (back or more) else None)


def counts(session: Session) -> dict[AnnouncementState, int]:
    """How many announcements there are in each state."""
    rows = session.execute(
        select(Announcement.state, func.count()).group_by(Announcement.state))
    return {AnnouncementState(state): count for state, count in rows}


def _conditions(search: Search, now: datetime) -> list[ColumnElement[bool]]:
    found = _standing(search.where, now)
    if search.place == TOWN:
        found.append(~Announcement.neighbourhoods.any())
    elif search.place is not None:
        found.append(Announcement.neighbourhoods.any(Neighbourhood.id == search.place))
    if search.topic is not None:
        found.append(Announcement.topics.any(Topic.id == search.topic))
    if search.author is not None:
        found.append(Announcement.author_id == search.author)
    moment = _ORDER.get(search.where, (Announcement.id, False))[0]
    moment = Announcement.created_at if moment is Announcement.id else moment
    if search.since is not None:
        found.append(moment >= search.since)
    if search.until is not None:
        found.append(moment < search.until)
    words = [word[:LONGEST_WORD] for word in search.words.split()[:MOST_WORDS]]
    if words:
        found.append(Announcement.texts.any(and_(*map(contains, words))))
    return [*found, *(_for(search.decider) if search.decider is not None else ())]


def _standing(where: Where, now: datetime) -> list[ColumnElement[bool]]:
    if where == Where.WITHDRAWN:  # what a withdrawal follows
        later = aliased(Announcement)
        return [Announcement.state == AnnouncementState.PUBLISHED, exists().where(
            later.replaces_id == Announcement.id, later.kind == AnnouncementKind.WITHDRAWAL,
            later.state == AnnouncementState.PUBLISHED)]
    if where == Where.SENDING:
        # read from the side of what waits, which has an index of its own; asked to leave out
        # what is of no announcement, SQLite would read the whole ledger by another one
        waiting = select(Delivery.announcement_id).where(Delivery.state == State.WAITING)
        return [Announcement.state == AnnouncementState.PUBLISHED,
                Announcement.closed_at.is_(None), Announcement.expires_at > now,
                or_(Announcement.fan_out_done_at.is_(None), Announcement.id.in_(waiting))]
    return [Announcement.state == AnnouncementState(where.value)]


def _for(staff: Staff) -> list[ColumnElement[bool]]:
    """What somebody else wrote and changed last, within this person's limits."""
    found = [or_(Announcement.author_id.is_(None), Announcement.author_id != staff.id),
             or_(Announcement.editor_id.is_(None), Announcement.editor_id != staff.id)]
    if topics := [t.id for t in staff.topics]:
        found += [Announcement.topics.any(), ~Announcement.topics.any(Topic.id.not_in(topics))]
    if places := [n.id for n in staff.neighbourhoods]:
        found += [Announcement.neighbourhoods.any(),
                  ~Announcement.neighbourhoods.any(Neighbourhood.id.not_in(places))]
    return found


def _beyond(column: Any, key: Any, number: int, up: bool) -> ColumnElement[bool]:
    """Whether a row comes after the one with this key and number, in this direction."""
    if up:
        return and_(column >= key, or_(column > key, Announcement.id > number))
    return and_(column <= key, or_(column < key, Announcement.id < number))
