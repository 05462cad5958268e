"""Announcements as feeds and calendars show them: values, without knowing any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from flask_babel import gettext

from civic_push.announcements.archive import Origin
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import Settings
from civic_push.delivery.compose import short_of
from civic_push.wording import when_and_where
from civic_push.wording.addresses import page_url, picture_url
from civic_push.wording.markdown import to_html, to_text
from civic_push.wording.when_and_where import point_of
from subscriptions.models import Register


@dataclass(frozen=True, slots=True)
class FeedImage:
    """A picture: its address and media type, its words (German), its size in pixels."""

    url: str
    media_type: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One announcement in one wording. `key` is the number of the announcement its chain of
    corrections began with: it stays when a correction takes the place of the first text.
    Topics and places are (slug, name); no place means the whole town. `change` is what a
    correction says has changed. `html` is safe, and holds all: picture, when and where, text.
    `point` is latitude and longitude (WGS 84)."""

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
    address: str
    point: tuple[float, float] | None
    image: FeedImage | None

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


def entry_of(announcement: Announcement, origin: Origin, settings: Settings, language: str,
             register: Register, image: FeedImage | None) -> FeedEntry:
    """An announcement as an entry for such a reader."""
    text, published_at = announcement.text(language, register), announcement.published_at
    assert published_at is not None
    return FeedEntry(
        key=origin.id, url=page_url(settings, announcement.id, language, register),
        title=title_of(announcement.kind, text.title),
        summary=short_of(text), html=_html(announcement, text, language, image),
        text=to_text(text.body or text.short), change=text.change, language=text.language,
        published_at=origin.published_at, updated_at=published_at, revision=origin.followed,
        topics=[(t.slug, t.title(language)) for t in announcement.topics],
        places=[(n.slug, n.name) for n in announcement.neighbourhoods],
        kind=announcement.kind, urgency=announcement.urgency, link=announcement.link,
        source_name=announcement.source_name, starts_at=announcement.starts_at,
        ends_at=announcement.ends_at, expires_at=announcement.expires_at,
        address=announcement.place, point=point_of(announcement), image=image)


def entries_of(announcements: Sequence[Announcement], origins: Mapping[int, Origin],
               images: Mapping[int, AnnouncementImage], settings: Settings, language: str,
               register: Register) -> list[FeedEntry]:
    """Several of them; `images` are by announcement."""
    return [entry_of(row, origins[row.id], settings, language, register,
                     _image(settings, images.get(row.id))) for row in announcements]


def _image(settings: Settings, row: AnnouncementImage | None) -> FeedImage | None:
    if row is None:
        return None
    return FeedImage(picture_url(settings, row.digest, row.kind), f"image/{row.kind}", row.alt,
                     row.width, row.height)


def _html(announcement: Announcement, text: AnnouncementText, language: str,
          image: FeedImage | None) -> str:
    """Picture, when and where, text; what is in another language than the text says so."""
    said_in = language if text.language != language else ""
    parts = [when_and_where.as_html(announcement, said_in), to_html(text.body or text.short)]
    if image is not None:
        german = ' lang="de"' if text.language != "de" else ""
        parts.insert(0, f'<p><img src="{escape(image.url)}" alt="{escape(image.alt)}"{german} '
                        f'width="{image.width}" height="{image.height}"></p>')
    return "\n".join(filter(None, parts))


def title_of(kind: str, title: str) -> str:
    """A title that says when it takes something back."""
    if kind == AnnouncementKind.WITHDRAWAL:
        return str(gettext("Zurückgezogen: %(title)s", title=title))
    if kind == AnnouncementKind.ALL_CLEAR:
        return str(gettext("Entwarnung: %(title)s", title=title))
    return title
