"""Announcements, sources and deliveries as the API says them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import url_for

from civic_push.announcements.image_models import AnnouncementImage, images_of
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery.progress import ChannelProgress
from civic_push.delivery.report import FEW
from civic_push.intake.models import Source
from civic_push.web.desk.writing.written import OTHERS
from civic_push.wording.addresses import picture_url
from civic_push.wording.when_and_where import point_of
from subscriptions.models import Register


def announcement(row: Announcement) -> dict[str, Any]:
    """An announcement with its texts in all languages."""
    return announcements([row])[0]


def announcements(rows: Sequence[Announcement]) -> list[dict[str, Any]]:
    """Several of them."""
    images = images_of(db.session(), [row.id for row in rows])
    return [_announcement(row, images.get(row.id)) for row in rows]


def _announcement(row: Announcement, picture: AnnouncementImage | None) -> dict[str, Any]:
    texts = {t.register: t for t in row.texts if t.language == "de"}
    standard = texts.get(Register.STANDARD) or row.texts[0]
    return {
        "id": row.id, "state": str(row.state), "kind": str(row.kind),
        "url": settings().public_url + url_for("public.announcement", announcement_id=row.id),
        "replaces": row.replaces_id, "change": standard.change,
        **_wording(standard),
        "plain": _wording(texts[Register.PLAIN]) if Register.PLAIN in texts else None,
        "translations": _translations(row),
        "topics": [t.slug for t in row.topics],
        "neighbourhoods": [n.slug for n in row.neighbourhoods],
        "urgency": str(row.urgency), "link": row.link, "source": row.source_name,
        "place": _place(row), "image": _image(picture) if picture else None,
        **{name: utc(getattr(row, name)) for name in (
            "created_at", "scheduled_at", "published_at", "expires_at", "starts_at",
            "ends_at")}}


def etag(shown: dict[str, Any]) -> str:
    """The same for the same content (RFC 9110, 8.8.3), quoted."""
    text = json.dumps(shown, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def source(row: Source) -> dict[str, Any]:
    """A place we read."""
    return {**{name: getattr(row, name) for name in (
        "id", "url", "name", "kind", "active", "publish", "titles_only", "interval_minutes",
        "errors", "last_error")},
        "topics": [t.slug for t in row.topics],
        "neighbourhoods": [n.slug for n in row.neighbourhoods],
        "checked_at": utc(row.checked_at), "next_check_at": utc(row.next_check_at)}


def channels(found: Sequence[ChannelProgress]) -> list[dict[str, Any]]:
    """Deliveries by channel and state; there are no totals, which would tell small numbers."""
    return [{"channel": c.channel, "outlet": c.public,
             "counts": {state: count if c.public else few(count)
                        for state, count in sorted(c.counts.items())}} for c in found]


def few(count: int) -> int | None:
    """A number of residents; None where it is too small to be told."""
    return None if 0 < count < FEW else count


def utc(when: datetime | None) -> datetime | None:
    """A time in UTC, whatever zone the database answered in."""
    return when.astimezone(UTC) if when else None


def _translations(row: Announcement) -> dict[str, dict[str, str]]:
    said = {t.language: t for t in row.texts if t.register == Register.STANDARD}
    follows = row.kind != AnnouncementKind.ORIGINAL
    return {code: _wording(said[code]) | ({"change": said[code].change} if follows else {})
            for code in OTHERS if code in said}


def _place(row: Announcement) -> dict[str, Any] | None:
    if not row.place and point_of(row) is None:
        return None
    return {"address": row.place, "latitude": row.latitude, "longitude": row.longitude}


def _image(row: AnnouncementImage) -> dict[str, Any]:
    return {"url": picture_url(settings(), row.digest, row.kind), "alt": row.alt,
            "width": row.width, "height": row.height}


def _wording(text: AnnouncementText) -> dict[str, str]:
    return {"title": text.title, "text": text.body, "short": text.short}
