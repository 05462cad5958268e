"""Known items that their source now words otherwise.

What waits in the tray is brought up to date. What is published is not changed by a source: a
correction waits in the tray, for an editor to say what is different. What vanishes from a
feed means nothing; feeds forget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from channels.base import Urgency
from civic_push.announcements import following, publishing
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.intake.models import Item
from civic_push.intake.rules import Gazetteer, Origin, to_draft
from content_sources.entry import Entry

log = structlog.get_logger()

_IN_HAND = (AnnouncementState.DRAFT, AnnouncementState.SUBMITTED, AnnouncementState.SCHEDULED)
"""An editor works on it, or has let it go out as it is."""
MOST_CHANGES = 20
"""More than these in one check are no corrections but a source that words all otherwise."""


def revise(session: Session, source_id: int, entries: Sequence[Entry], origin: Origin,
           gazetteer: Gazetteer, now: datetime) -> int:
    """Take in what known items say now; return how many corrections wait in the tray for it.
    The caller commits."""
    changed = [(item, entry, new) for item, entry in _known(session, source_id, entries)
               if (new := _reworded(item, entry, origin, gazetteer)) is not None]
    flood = len(changed) > MOST_CHANGES
    if flood:
        log.warning("intake.everything_changed", source=source_id, items=len(changed))
    return sum(_take(session, item, entry, None if flood else new, now)
               for item, entry, new in changed)


def _known(session: Session, source_id: int, entries: Sequence[Entry]
           ) -> list[tuple[Item, Entry]]:
    """Entries with the items they were taken for, where those became announcements."""
    by_key = {entry.key: entry for entry in entries}
    items = session.scalars(
        select(Item)
        .where(Item.source_id == source_id, Item.key.in_(list(by_key)),
               Item.announcement_id.is_not(None)).order_by(Item.id)
        .options(joinedload(Item.announcement)))
    return [(item, by_key[item.key]) for item in items]


def _reworded(item: Item, entry: Entry, origin: Origin, gazetteer: Gazetteer) -> Draft | None:
    """The draft that an entry makes now, if it reads otherwise than what its item made."""
    before = to_draft(replace(entry, title=item.title, summary=item.summary), origin, gazetteer)
    after = to_draft(entry, origin, gazetteer)
    same = _words(before) == _words(after)
    return None if same else after


def _words(draft: Draft) -> list[str]:
    return f"{draft.title}\n{draft.body}".split()


def _take(session: Session, item: Item, entry: Entry, new: Draft | None, now: datetime) -> bool:
    """Store one change; whether a correction waits for it now. What an editor works on at the
    moment is left alone, and looked at again with the next check."""
    try:
        with session.begin_nested():
            announcement, waits = item.announcement, False
            if new is not None and announcement is not None:
                if announcement.state in _IN_HAND:
                    return False
                if announcement.state == AnnouncementState.WAITING:
                    publishing.save(session, new, now, announcement)
                elif announcement.state == AnnouncementState.PUBLISHED:
                    outcome = _correct(session, announcement, new, now)
                    if outcome is None:
                        return False
                    waits = outcome
            item.title, item.summary, item.url = entry.title, entry.summary, entry.url
            return waits
    except OperationalError:
        raise
    except Exception:  # one change must not hold up what is new
        log.exception("intake.change_failed", item=item.id)
        return False


def _correct(session: Session, announcement: Announcement, new: Draft, now: datetime
             ) -> bool | None:
    """Put a correction into the tray, or bring one up to date that waits there. False where
    nobody needs it any more; None while an editor works on one."""
    last = following.current(session, announcement)
    ended = last.kind in (AnnouncementKind.WITHDRAWAL, AnnouncementKind.ALL_CLEAR)
    if ended or (last.expires_at is not None and last.expires_at <= now):
        return False
    waiting = following.open_draft(session, last, AnnouncementKind.CORRECTION)
    if waiting is not None and waiting.state in _IN_HAND:
        return None
    # where it counts and how urgent it is, an editor may have decided before
    draft = replace(
        new, kind=AnnouncementKind.CORRECTION, urgency=Urgency(last.urgency),
        topics=[t.id for t in last.topics], neighbourhoods=[n.id for n in last.neighbourhoods],
        expires_at=new.expires_at or last.expires_at)
    saved = publishing.save(session, draft, now, waiting, follows=last)
    saved.state = AnnouncementState.WAITING
    return True
