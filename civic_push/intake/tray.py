"""The tray: what waits for an editor, in groups, a page at a time; and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, exists, func, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from civic_push.announcements.models import (
    Announcement,
    AnnouncementState,
    AnnouncementText,
    announcement_topic,
)
from civic_push.announcements.suggestions import topics_in
from civic_push.intake.grouping import Group, Seen, grouped
from civic_push.intake.models import Item, Source
from subscriptions.models import Neighbourhood, Register, Topic

PAGE_SIZE = 50  # groups
MOST = 5_000  # items looked at, the newest; a tray with more is a source gone wrong
_NAME_LENGTH = 200  # as the column
_CHAIN = func.coalesce(Announcement.root_id, Announcement.id)  # whose item it came from


@dataclass(frozen=True, slots=True)
class Only:
    """What an editor wants to see: ids; None is all."""

    source: int | None = None
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class TrayPage:
    """One page; numbers begin with 1. `total` counts items on all pages."""

    groups: Sequence[Group]
    announcements: Mapping[int, Announcement]
    items: Mapping[int, Item]
    number: int
    last: int
    total: int


def page(session: Session, only: Only, number: int = 1) -> TrayPage:
    """The groups of one page, newest first, in a fixed number of statements."""
    seen = [Seen(*row) for row in session.execute(_light(only))]
    groups = grouped(seen)
    last = max(1, -(-len(groups) // PAGE_SIZE))
    number = min(max(1, number), last)
    shown = groups[(number - 1) * PAGE_SIZE:number * PAGE_SIZE]
    rows = _whole(session, [i for group in shown for i in group.ids])
    return TrayPage(shown, {a.id: a for a in rows}, items_of(session, rows), number, last,
                    len(seen))


def sources(session: Session) -> Sequence[Source]:
    """The sources that something waits from, by name."""
    waits = exists().where(Item.source_id == Source.id, Item.announcement_id == Announcement.id,
                           Announcement.state == AnnouncementState.WAITING)
    return session.scalars(select(Source).where(waits).order_by(Source.name)).all()


def items_of(session: Session, announcements: Sequence[Announcement]) -> dict[int, Item]:
    """The items behind announcements (a correction's is its original's), with their
    sources."""
    if not announcements:
        return {}
    rows = session.scalars(
        select(Item).where(Item.announcement_id.in_({a.chain_id for a in announcements}))
        .options(joinedload(Item.source)))
    found = {row.announcement_id: row for row in rows}
    return {a.id: found[a.chain_id] for a in announcements if a.chain_id in found}


def suggested(announcement: Announcement, item: Item | None, topics: Sequence[Topic]
              ) -> dict[int, str]:
    """Topics its words speak of and that it does not have yet: id → the word. From our text
    and the source's, because titles alone say little."""
    said = f"{announcement.title}\n{announcement.text('de', Register.STANDARD).body}\n" + (
        item.summary if item else "")
    has = {topic.id for topic in announcement.topics}
    return {number: word for number, word in topics_in(said, topics).items() if number not in has}


def waiting(session: Session, ids: Collection[int]) -> list[Announcement]:
    """Those of these announcements that still wait, their rows held, in the order of `ids`.
    (Two editors, two tabs: one comes after the other.)"""
    held = select(Announcement.id).with_for_update().where(
        Announcement.id.in_(ids), Announcement.state == AnnouncementState.WAITING)
    found = {a.id: a for a in _whole(session, list(session.scalars(held)))}
    return [found[number] for number in ids if number in found]


def move(session: Session, ids: Collection[int], to: AnnouncementState,
         author_id: int | None = None) -> None:
    """Take announcements that wait out of the tray. The caller holds their rows."""
    session.execute(update(Announcement).where(Announcement.id.in_(ids)).values(
        state=to, **({"author_id": author_id} if author_id else {})))


def dismissed(session: Session, ids: Collection[int]) -> list[Announcement]:
    """Those of these announcements that were dismissed and had come from a source, their rows
    held while something is written."""
    return list(session.scalars(
        select(Announcement).with_for_update(of=Announcement)
        .where(Announcement.id.in_(ids), Announcement.state == AnnouncementState.DISMISSED,
               exists().where(Item.announcement_id == _CHAIN))
        .order_by(Announcement.id)))


def merge(several: Sequence[Announcement], author_id: int) -> Announcement:
    """Make one draft of announcements that wait: the longest text stays, what the others say
    comes beneath it under their sources' names, with all their Ortsteile and topics; they
    themselves are dismissed. It is a draft, so no source changes it any more."""
    main = max(several, key=lambda a: len(_text(a).body))
    text, names = _text(main), [main.source_name]
    for other in several:
        if other is main:
            continue
        if _words(other) != _words(main):
            told = f"**{_text(other).title}**\n\n{_text(other).body}".strip()
            text.body = f"{text.body}\n\n---\n\n{told}".strip()
        names.append(other.source_name)
        _add_new(main.topics, other.topics)
        _add_new(main.neighbourhoods, other.neighbourhoods)
        other.state = AnnouncementState.DISMISSED
    main.expires_at = _latest([a.expires_at for a in several])
    main.source_name = _joined(names)
    main.author_id, main.state = author_id, AnnouncementState.DRAFT
    return main


def _light(only: Only) -> Select[int, str, str, int | None, datetime]:
    """What grouping compares, of all that waits."""
    query = (
        select(Announcement.id, func.coalesce(AnnouncementText.title, ""), Announcement.link,
               Item.source_id,
               func.coalesce(Announcement.starts_at, Item.published_at, Announcement.created_at))
        .outerjoin(AnnouncementText, and_(
            AnnouncementText.announcement_id == Announcement.id,
            AnnouncementText.language == "de", AnnouncementText.register == Register.STANDARD))
        .outerjoin(Item, Item.announcement_id == _CHAIN)
        .where(Announcement.state == AnnouncementState.WAITING)
        .order_by(Announcement.id.desc()).limit(MOST))
    if only.source is not None:
        query = query.where(Item.source_id == only.source)
    if only.topic is not None:
        query = query.where(exists().where(
            announcement_topic.c.announcement_id == Announcement.id,
            announcement_topic.c.topic_id == only.topic))
    return query


def _whole(session: Session, ids: Collection[int]) -> Sequence[Announcement]:
    if not ids:
        return []
    return session.scalars(
        select(Announcement).where(Announcement.id.in_(ids))
        .options(selectinload(Announcement.texts), selectinload(Announcement.topics),
                 selectinload(Announcement.neighbourhoods))).all()


def _text(announcement: Announcement) -> AnnouncementText:
    return announcement.text("de", Register.STANDARD)


def _words(announcement: Announcement) -> list[str]:
    return f"{_text(announcement).title} {_text(announcement).body}".split()


def _add_new(own: list[Topic] | list[Neighbourhood], others: Sequence[Topic | Neighbourhood]
             ) -> None:
    known = {one.id for one in own}
    own.extend(one for one in others if one.id not in known)  # type: ignore[misc]


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """The last of them; None where one has no end."""
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def _joined(names: Sequence[str]) -> str:
    """All sources' names, as many as the column takes."""
    whole = ""
    for name in dict.fromkeys(filter(None, names)):
        longer = f"{whole}, {name}" if whole else name
        if len(longer) <= _NAME_LENGTH:
            whole = longer
    return whole
