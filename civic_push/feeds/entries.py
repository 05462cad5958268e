"""Announcements as feeds and calendars show them: values, without knowing any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from civic_push.announcements.addresses import page_url
from civic_push.announcements.archive import Origin
from civic_push.announcements.markdown import to_html, to_text
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.config import Settings
from civic_push.delivery.compose import short_of
from subscriptions.models import Register


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One announcement in one wording. `key` is the number of the announcement its chain of
    corrections began with: it stays when a correction takes the place of the first text.
    Topics and places are (slug, name); no place means the whole town. `change` is what a
    correction says has changed."""

    key: int
    url: str
    title: str
    summary: str
    html: str
    text: str
    change: str
    language: str
    published_at: datetime
    updated_at: datetime
    revision: int
    topics: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    kind: str
    urgency: str
    link: str
    source_name: str
    starts_at: datetime | None
    ends_at: datetime | None
    expires_at: datetime | None

    @property
    def withdrawn(self) -> bool:
        """Whether what it said does not hold any more."""
        return self.kind == AnnouncementKind.WITHDRAWAL


@dataclass(frozen=True, slots=True)
class Feed:
    """What all formats say about themselves. Addresses are absolute; `older` and `newer`
    are pages of the same feed (RFC 5005, section 3), "" where there is none."""

    title: str
    author: str
    host: str
    language: str
    home_url: str
    self_url: str
    first_url: str
    icon_url: str
    entries: Sequence[FeedEntry]
    older_url: str = ""
    newer_url: str = ""

    @property
    def updated_at(self) -> datetime | None:
        """When the newest entry came; None for an empty feed."""
        return max((entry.updated_at for entry in self.entries), default=None)


def entry_of(announcement: Announcement, origin: Origin, language: str, register: Register,
             url: str) -> FeedEntry:
    """An announcement as an entry; `url` is its page."""
    text, published_at = announcement.text(language, register), announcement.published_at
    assert published_at is not None
    return FeedEntry(
        key=origin.id, url=url, title=title_of(announcement.kind, text.title),
        summary=short_of(text), html=to_html(text.body or text.short),
        text=to_text(text.body or text.short), change=text.change, language=text.language,
        published_at=origin.published_at, updated_at=published_at, revision=origin.followed,
        topics=[(t.slug, t.title(language)) for t in announcement.topics],
        places=[(n.slug, n.name) for n in announcement.neighbourhoods],
        kind=announcement.kind, urgency=announcement.urgency, link=announcement.link,
        source_name=announcement.source_name, starts_at=announcement.starts_at,
        ends_at=announcement.ends_at, expires_at=announcement.expires_at)


def entries_of(announcements: Sequence[Announcement], origins: Mapping[int, Origin],
               settings: Settings, language: str, register: Register) -> list[FeedEntry]:
    """Several of them, with the addresses of their pages."""
    return [entry_of(row, origins[row.id], language, register,
                     page_url(settings, row.id, language, register)) for row in announcements]


def title_of(kind: str, title: str) -> str:
    """A title that says when it takes something back."""
    if kind == AnnouncementKind.WITHDRAWAL:
        return str(gettext("Zurückgezogen: %(title)s", title=title))
    if kind == AnnouncementKind.ALL_CLEAR:
        return str(gettext("Entwarnung: %(title)s", title=title))
    return title
