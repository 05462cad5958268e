"""From a draft to the doorbell: draft, publish, and who would get it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements.models import Announcement


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
    link: str = ""
    source_name: str = ""
    author_id: int | None = None


def save(session: Session, draft: Draft, now: datetime,
         announcement: Announcement | None = None) -> Announcement:
    """Store a draft, new or over an unpublished announcement. Does not commit."""
    raise NotImplementedError


def publish(session: Session, announcement: Announcement, now: datetime) -> bool:
    """Publish: commit, then ring for fan_out. Returns False where it was published before
    (two tabs, two editors), True where this call did it."""
    raise NotImplementedError


def audience(session: Session, topics: Collection[int], neighbourhoods: Collection[int]
             ) -> dict[str, int]:
    """How many inboxes an announcement would reach, by channel."""
    raise NotImplementedError
