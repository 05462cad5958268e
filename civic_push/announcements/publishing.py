"""From a draft to the doorbell: draft, publish, and who would get it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push import tasks
from civic_push.announcements.models import Announcement, AnnouncementState, AnnouncementText
from civic_push.config import settings
from civic_push.delivery.fan_out import fan_out, lane_of
from subscriptions.matching import recipients
from subscriptions.models import Neighbourhood, Register, Topic

_Row = TypeVar("_Row", Topic, Neighbourhood)
_OPEN = (AnnouncementState.DRAFT, AnnouncementState.WAITING)


class AlreadyPublished(Exception):
    """A published announcement cannot be changed; a correction is a new one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor or a source brings. Topics and neighbourhoods are ids; no
    neighbourhood means the whole town. Plain texts may be empty."""

    title: str
    body: str  # Markdown
    short: str = ""
    plain_title: str = ""
    plain_body: str = ""
    plain_short: str = ""
    topics: Collection[int] = ()
    neighbourhoods: Collection[int] = ()
    urgency: Urgency = Urgency.INFO
    expires_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    link: str = ""
    source_name: str = ""
    author_id: int | None = None


def save(session: Session, draft: Draft, now: datetime,
         announcement: Announcement | None = None) -> Announcement:
    """Store a draft, new or over an unpublished announcement, and flush. Does not commit.
    Raises AlreadyPublished."""
    if announcement is None:
        announcement = Announcement(created_at=now, author_id=draft.author_id)
        session.add(announcement)
    elif announcement.state not in _OPEN:
        raise AlreadyPublished
    announcement.urgency, announcement.expires_at = draft.urgency, draft.expires_at
    announcement.starts_at, announcement.ends_at = draft.starts_at, draft.ends_at
    announcement.link, announcement.source_name = draft.link, draft.source_name
    announcement.topics = _chosen(session, Topic, draft.topics)
    announcement.neighbourhoods = _chosen(session, Neighbourhood, draft.neighbourhoods)
    _write(announcement, Register.STANDARD, draft.title, draft.body, draft.short)
    _write(announcement, Register.PLAIN, draft.plain_title or draft.title, draft.plain_body,
           draft.plain_short)
    session.flush()
    return announcement


def publish(session: Session, announcement: Announcement, now: datetime) -> bool:
    """Publish: commit, then ring for fan_out. Returns False where it was published or
    dismissed before (two tabs, two editors), True where this call did it."""
    expires_at = announcement.expires_at or now + timedelta(days=settings().default_expiry_days)
    done = session.execute(
        update(Announcement)
        .where(Announcement.id == announcement.id, Announcement.state.in_(_OPEN))
        .values(state=AnnouncementState.PUBLISHED, published_at=now, expires_at=expires_at)
        .execution_options(synchronize_session="fetch"))
    announcement_id, lane = announcement.id, lane_of(announcement.urgency)
    session.commit()
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    tasks.enqueue(lane, fan_out, announcement_id)
    return True


def audience(session: Session, topics: Collection[int], neighbourhoods: Collection[int]
             ) -> dict[str, int]:
    """How many inboxes an announcement would reach, by channel."""
    matched = recipients(topics, neighbourhoods).subquery()
    rows = session.execute(
        select(matched.c.channel, func.count()).group_by(matched.c.channel)).all()
    return {channel: count for channel, count in rows}


def _chosen(session: Session, kind: type[_Row],
            ids: Collection[int]) -> list[_Row]:
    return list(session.scalars(select(kind).where(kind.id.in_(ids)))) if ids else []


def _write(announcement: Announcement, register: Register, title: str, body: str,
           short: str) -> None:
    """Set one German wording; a plain one without text is none."""
    text = next((t for t in announcement.texts
                 if (t.language, t.register) == ("de", register)), None)
    if register == Register.PLAIN and not (body or short):
        if text is not None:
            announcement.texts.remove(text)
        return
    if text is None:
        text = AnnouncementText(language="de", register=register)
        announcement.texts.append(text)
    text.title, text.body, text.short = title, body, short
