"""New entries into items and announcements, once each.

An item and its announcement are stored in one commit, so a crash leaves both or neither;
items whose announcement is still to be published say so, and the next check does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.config import settings
from civic_push.intake.changes import revise
from civic_push.intake.models import Item, Source
from civic_push.intake.rules import Fate, Gazetteer, Origin, Place, fate_of, to_draft
from content_sources.entry import Entry
from subscriptions.models import Neighbourhood

log = structlog.get_logger()

MOST_AT_ONCE = 20
"""More new entries in one check than this are no news but a source gone wrong (or moved
to another system): an editor looks at them first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a check brought: how many new items, and what becomes of them."""

    new: int = 0
    to_publish: int = 0
    waiting: int = 0
    failed: int = 0


def store(session: Session, source: Source, entries: Sequence[Entry], now: datetime) -> Stored:
    """Store the entries not known yet, oldest first. On a source's first check silently;
    later each with an announcement, waiting in the tray or to be published; and take in what
    known ones say otherwise. The caller holds the source's row locked and commits."""
    fresh = _unknown(session, source.id, entries)
    if source.checked_at is None:
        session.add_all(_item(source.id, entry, now) for entry in fresh)
        return Stored(new=len(fresh))
    intake = _Intake(session, source, now)
    revised = revise(session, source.id, entries, intake.origin, intake.gazetteer, now)
    if not fresh:
        return Stored(waiting=revised)
    known = _Known(session, source.id, entries, fresh)
    fates = [Fate.KEEP if known.saw(entry) else intake.fate(entry) for entry in fresh]
    if sum(fate is not Fate.KEEP for fate in fates) > MOST_AT_ONCE:
        fates = [Fate.TRAY if fate is Fate.PUBLISH else fate for fate in fates]
    done = Counter(intake.take(entry, fate) for entry, fate in zip(fresh, fates, strict=True))
    return Stored(new=len(fresh) - done[None], to_publish=done[Fate.PUBLISH],
                  waiting=done[Fate.TRAY] + revised, failed=done[None])


def publish_saved(session: Session, source_id: int, now: datetime) -> int:
    """Publish what was saved to be published, by this check or by one that was cut short.
    Return how many were published; what fails stays for the next check."""
    due = session.execute(
        select(Item.id, Item.announcement_id)
        .where(Item.source_id == source_id, Item.to_publish).order_by(Item.id)).all()
    session.commit()
    return sum(_publish(session, item_id, announcement_id, now)
               for item_id, announcement_id in due)


def _publish(session: Session, item_id: int, announcement_id: int | None,
             now: datetime) -> bool:
    done = False
    try:
        announcement = session.get(Announcement, announcement_id) if announcement_id else None
        # an editor may have been quicker, after a crash
        if announcement is not None and announcement.state == AnnouncementState.DRAFT:
            done = publishing.publish(session, announcement, now)
        item = session.get(Item, item_id)
        if item is not None:
            item.to_publish = False
        session.commit()
    except OperationalError:
        raise
    except Exception:  # one announcement must not hold up the others
        session.rollback()
        log.exception("intake.publish_failed", item=item_id)
    return done


class _Intake:
    """Takes in the new entries of one source."""

    def __init__(self, session: Session, source: Source, now: datetime) -> None:
        self.session, self.source_id, self.now = session, source.id, now
        self.origin = Origin(
            source.name, tuple(t.id for t in source.topics),
            tuple(n.id for n in source.neighbourhoods), source.titles_only, source.publish)
        self.gazetteer = Gazetteer(known_places(session), settings().town)
        self.news_lasts = timedelta(days=settings().default_expiry_days)

    def fate(self, entry: Entry) -> Fate:
        """What becomes of an entry that is really new."""
        return fate_of(entry, self.origin, self.now, self.news_lasts)

    def take(self, entry: Entry, fate: Fate) -> Fate | None:
        """Store one entry; None where it failed, which leaves the others as they are."""
        try:
            with self.session.begin_nested():
                item = _item(self.source_id, entry, self.now)
                if fate is not Fate.KEEP:
                    item.announcement = self._announcement(entry, fate)
                    item.to_publish = fate is Fate.PUBLISH
                self.session.add(item)
        except OperationalError:
            raise
        except Exception:  # whatever is wrong with this one, the others are news
            log.exception("intake.item_failed", source=self.source_id, key=entry.key)
            return None
        return fate

    def _announcement(self, entry: Entry, fate: Fate) -> Announcement:
        draft = to_draft(entry, self.origin, self.gazetteer)
        announcement = publishing.save(self.session, draft, self.now)
        if fate is Fate.TRAY:
            announcement.state = AnnouncementState.WAITING
        return announcement


class _Known:
    """What a source has shown before, as far as it matters to these new entries."""

    def __init__(self, session: Session, source_id: int, entries: Sequence[Entry],
                 fresh: Sequence[Entry]) -> None:
        own = Item.source_id == source_id
        rows = session.execute(
            select(Item.url, Item.title, Item.summary, Item.published_at)
            .where(own, Item.title.in_({entry.title for entry in fresh}))).all()
        self.titles = {(row.url, row.title) for row in rows}
        self.texts = {(row.url, row.title, row.summary) for row in rows}
        self.dates = {(row.url, row.title, row.published_at) for row in rows if row.published_at}
        linked = {(e.url, e.title) for e in entries} | {
            (url, title) for url, title in session.execute(
                select(Item.url, Item.title).distinct()
                .where(own, Item.url.in_({entry.url for entry in fresh})))}
        self.links = Counter(url for url, _ in linked)

    def saw(self, entry: Entry) -> bool:
        """Whether this is an old item under a new id: same address and title. Where several
        items share that address (some feeds link all to one page), a recurring title may be
        something new, so text or date must be the same as well."""
        if (entry.url, entry.title) not in self.titles:
            return False
        if entry.url and self.links[entry.url] == 1:
            return True
        return ((entry.url, entry.title, entry.summary) in self.texts
                or (entry.url, entry.title, entry.published_at) in self.dates)


def _unknown(session: Session, source_id: int, entries: Sequence[Entry]) -> list[Entry]:
    """The entries whose keys are new, oldest first (feeds begin with the newest)."""
    keys = set(session.scalars(
        select(Item.key).where(Item.source_id == source_id,
                               Item.key.in_([entry.key for entry in entries]))))
    return [entry for entry in reversed(entries) if entry.key not in keys]


def _item(source_id: int, entry: Entry, now: datetime) -> Item:
    return Item(source_id=source_id, key=entry.key, title=entry.title, url=entry.url,
                summary=entry.summary, published_at=entry.published_at, first_seen_at=now)


def known_places(session: Session) -> list[Place]:
    """All Ortsteile with their names and aliases, for a Gazetteer."""
    return [Place(n.id, (n.name, *filter(None, n.aliases.split("|"))))
            for n in session.scalars(select(Neighbourhood))]
