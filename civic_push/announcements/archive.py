"""What is published, as readers look for it: by Ortsteil, topic, words and time, newest
first; a page at a time by key, so that the thousandth page costs what the first does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from civic_push.announcements.following import newest
from civic_push.announcements.models import Announcement, AnnouncementState, AnnouncementText
from subscriptions.models import Neighbourhood, Topic

MOST_WORDS, LONGEST_WORD = 6, 60  # of a search; more narrow nothing down, but cost


@dataclass(frozen=True, slots=True)
class Search:
    """What a reader wants: any of these Ortsteile (or the whole town, which they are part
    of), any of these topics (ids; none: all), all of these words, published at or after
    `since` and before `until`."""

    places: tuple[int, ...] = ()
    topics: tuple[int, ...] = ()
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results; `newer` and `older` are the keys (announcement ids) to turn the
    page with, None where there is nothing more that way."""

    rows: Sequence[Announcement]
    newer: int | None = None
    older: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a chain of corrections began, and how many have followed since."""

    id: int
    published_at: datetime
    followed: int = 0


def find(session: Session, search: Search, size: int, *, older_than: int | None = None,
         newer_than: int | None = None) -> Found:
    """A page of what is published and not replaced by something newer. Turn it with the keys
    of the page before; one that is unknown gives the first page."""
    if newer_than is not None and (key := _key(session, newer_than)):
        rows = session.scalars(
            _matching(search).where(_beyond(key, newer=True))
            .order_by(Announcement.published_at, Announcement.id).limit(size + 1)).all()
        if len(rows) > size:  # otherwise the first page is not full: show it from its top
            rows = rows[:size][::-1]
            return Found(rows, newer=rows[0].id, older=rows[-1].id)
        key = None
    else:
        key = _key(session, older_than) if older_than is not None else None
    query = _matching(search).where(_beyond(key, newer=False)) if key else _matching(search)
    rows = session.scalars(query.order_by(
        Announcement.published_at.desc(), Announcement.id.desc()).limit(size + 1)).all()
    newer = rows[0].id if key and rows else None
    return Found(rows[:size], newer, rows[size - 1].id if len(rows) > size else None)


def concerning(session: Session, search: Search, condition: ColumnElement[bool], most: int
               ) -> Sequence[Announcement]:
    """Up to `most` announcements, newest first, that match and fulfil a condition."""
    return session.scalars(
        _matching(search).where(condition)
        .order_by(Announcement.published_at.desc(), Announcement.id.desc()).limit(most)).all()


def origins(session: Session, rows: Iterable[Announcement]) -> dict[int, Origin]:
    """For each announcement, by id, the one its chain of corrections began with."""
    shown = list(rows)
    known = {row.id: (row.replaces_id, row.published_at) for row in shown}
    missing = {before for before, _at in known.values() if before} - known.keys()
    while missing:
        found = session.execute(
            select(Announcement.id, Announcement.replaces_id, Announcement.published_at)
            .where(Announcement.id.in_(missing))).all()
        known |= {number: (before, at) for number, before, at in found}
        missing = {before for _n, before, _at in found if before} - known.keys()
    return {row.id: _origin(row.id, known) for row in shown}


def _origin(number: int, known: dict[int, tuple[int | None, datetime | None]]) -> Origin:
    followed = 0
    while (before := known[number][0]) and before in known:
        number, followed = before, followed + 1
    at = known[number][1]
    assert at is not None, "only what is published is shown or replaced"
    return Origin(number, at, followed)


def _matching(search: Search) -> Select[Announcement]:
    return (
        select(Announcement)
        .where(Announcement.state == AnnouncementState.PUBLISHED, newest(),
               *_conditions(search))
        .options(selectinload(Announcement.texts), selectinload(Announcement.topics),
                 selectinload(Announcement.neighbourhoods)))


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if search.places:
        conditions.append(or_(Announcement.neighbourhoods.any(Neighbourhood.id.in_(search.places)),
                              ~Announcement.neighbourhoods.any()))
    if search.topics:
        conditions.append(Announcement.topics.any(Topic.id.in_(search.topics)))
    if search.since is not None:
        conditions.append(Announcement.published_at >= search.since)
    if search.until is not None:
        conditions.append(Announcement.published_at < search.until)
    words = [word[:LONGEST_WORD] for word in search.words.split()[:MOST_WORDS]]
    if words:
        conditions.append(Announcement.texts.any(and_(*map(contains, words))))
    return conditions


def contains(word: str) -> ColumnElement[bool]:
    """Whether a text holds a word, in any case. SQLite, and PostgreSQL with the locale C,
    know upper and lower case of ASCII letters only: umlauts are asked for in both."""
    spellings = sorted({word, word.lower(), word.upper(), word.capitalize()}) \
        if not word.isascii() else [word]
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings
                 for column in (AnnouncementText.title, AnnouncementText.body)))


def _key(session: Session, announcement_id: int) -> tuple[datetime, int] | None:
    at = session.scalar(select(Announcement.published_at)
                        .where(Announcement.id == announcement_id))
    return (at, announcement_id) if at is not None else None


def _beyond(key: tuple[datetime, int], *, newer: bool) -> ColumnElement[bool]:
    at, number = key
    if newer:
        return and_(Announcement.published_at >= at,
                    or_(Announcement.published_at > at, Announcement.id > number))
    return and_(Announcement.published_at <= at,
                or_(Announcement.published_at < at, Announcement.id < number))
