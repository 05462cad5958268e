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
from civic_push.announcements import following
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    AnnouncementText,
)
from civic_push.config import settings
from civic_push.delivery.fan_out import fan_out, lane_of
from civic_push.delivery.follow_ups import follow_up
from subscriptions.matching import recipients
from subscriptions.models import Neighbourhood, Register, Topic

_Row = TypeVar("_Row", Topic, Neighbourhood)


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
    kind: AnnouncementKind = AnnouncementKind.ORIGINAL
    change: str = ""  # of follow-ups: what is different, or why it is withdrawn
    plain_change: str = ""


def save(session: Session, draft: Draft, now: datetime,
         announcement: Announcement | None = None, *,
         follows: Announcement | None = None) -> Announcement:
    """Store a draft, new or over an unpublished announcement, and flush. A new follow-up
    names what it `follows`, and begins with its picture and place. Does not commit. Raises
    AlreadyPublished for what is out, and for what waits for approval or its time: that is taken
    back first, and with it the approval."""
    if announcement is None:
        announcement = Announcement(
            created_at=now, author_id=draft.author_id, kind=draft.kind,
            replaces_id=follows.id if follows else None,
            root_id=follows.chain_id if follows else None)
        session.add(announcement)
        if follows is not None:
            _take_on(session, announcement, follows)
    elif announcement.state not in OPEN:
        raise AlreadyPublished
    announcement.editor_id = draft.author_id
    announcement.urgency, announcement.expires_at = draft.urgency, draft.expires_at
    announcement.starts_at, announcement.ends_at = draft.starts_at, draft.ends_at
    announcement.link, announcement.source_name = draft.link, draft.source_name
    announcement.topics = _chosen(session, Topic, draft.topics)
    announcement.neighbourhoods = _chosen(session, Neighbourhood, draft.neighbourhoods)
    _write(announcement, Register.STANDARD, draft.title, draft.body, draft.short, draft.change)
    _write(announcement, Register.PLAIN, draft.plain_title or draft.title, draft.plain_body,
           draft.plain_short, draft.plain_change)
    session.flush()
    return announcement


def publish(session: Session, announcement: Announcement, now: datetime,
            states: Collection[AnnouncementState] = OPEN) -> bool:
    """Publish: commit, then ring for its deliveries. Returns False where it is in none of
    these `states` any more (two tabs, two editors, two clocks), True where this call did it. A
    follow-up ends, in the same transaction, what has not left of its chain; raises
    following.CannotFollow where its chain has ended meanwhile. Who may do it is approval's
    matter: sources and commands need nobody."""
    if announcement.kind != AnnouncementKind.ORIGINAL:
        following.take_over(session, announcement, now)
    expires_at = announcement.expires_at or now + timedelta(days=settings().default_expiry_days)
    done = session.execute(
        update(Announcement)
        .where(Announcement.id == announcement.id, Announcement.state.in_(states))
        .values(state=AnnouncementState.PUBLISHED, published_at=now, expires_at=expires_at)
        .execution_options(synchronize_session="fetch"))
    announcement_id, lane = announcement.id, lane_of(announcement.urgency)
    job = fan_out if announcement.kind == AnnouncementKind.ORIGINAL else follow_up
    if done.rowcount != 1:  # type: ignore[attr-defined]
        session.rollback()
        return False
    session.commit()
    tasks.enqueue(lane, job, announcement_id)
    return True


def audience(session: Session, topics: Collection[int], neighbourhoods: Collection[int]
             ) -> dict[str, int]:
    """How many inboxes an announcement would reach, by channel."""
    matched = recipients(topics, neighbourhoods).subquery()
    rows = session.execute(
        select(matched.c.channel, func.count()).group_by(matched.c.channel)).all()
    return {channel: count for channel, count in rows}


def _take_on(session: Session, announcement: Announcement, follows: Announcement) -> None:
    """Give a new follow-up what stays as it was until somebody changes it."""
    announcement.place = follows.place
    announcement.latitude, announcement.longitude = follows.latitude, follows.longitude
    picture = session.get(AnnouncementImage, follows.id)
    if picture is not None and announcement.kind == AnnouncementKind.CORRECTION:
        session.flush()
        session.add(picture.copy_for(announcement.id))


def _chosen(session: Session, kind: type[_Row],
            ids: Collection[int]) -> list[_Row]:
    return list(session.scalars(select(kind).where(kind.id.in_(ids)))) if ids else []


def _write(announcement: Announcement, register: Register, title: str, body: str,
           short: str, change: str) -> None:
    """Set one German wording; a plain one without text is none."""
    text = next((t for t in announcement.texts
                 if (t.language, t.register) == ("de", register)), None)
    if register == Register.PLAIN and not (body or short or change):
        if text is not None:
            announcement.texts.remove(text)
        return
    if text is None:
        text = AnnouncementText(language="de", register=register)
        announcement.texts.append(text)
    text.title, text.body, text.short, text.change = title, body, short, change
