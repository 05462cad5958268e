"""JSON Feed 1.1 (jsonfeed.org), with an extension for what it has no place for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from civic_push.feeds.entries import Feed, FeedEntry

MEDIA_TYPE = "application/feed+json"

_EXTENSION = "_civic_push"


def write(feed: Feed) -> bytes:
    """The feed as a JSON document, UTF-8. `_civic_push` holds slugs of topics and Ortsteile
    (none: the whole town), kind, urgency, the times (RFC 3339, UTC) it is about, and the place:
    its address, and as `point` latitude and longitude (WGS 84). `image` is its picture."""
    document = {
        "version": "https://jsonfeed.org/version/1.1", "title": feed.title,
        "home_page_url": feed.home_url, "feed_url": feed.self_url,
        **({"next_url": feed.older_url} if feed.older_url else {}),
        "icon": feed.icon_url, "language": feed.language, "authors": [{"name": feed.author}],
        "items": [_item(entry, feed.host) for entry in feed.entries]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _item(entry: FeedEntry, host: str) -> dict[str, Any]:
    item = {
        "id": f"tag:{host},2026:meldung-{entry.key}", "url": entry.url,
        "external_url": entry.link, "title": entry.title, "summary": entry.summary,
        "content_html": entry.html or entry.title, "language": entry.language,
        "image": entry.image.url if entry.image else "",
        "date_published": _time(entry.published_at), "date_modified": _time(entry.updated_at),
        "tags": [name for _slug, name in (*entry.topics, *entry.places)]}
    extension = {
        "kind": entry.kind, "urgency": entry.urgency, "change": entry.change,
        "topics": [slug for slug, _name in entry.topics],
        "neighbourhoods": [slug for slug, _name in entry.places],
        "source": entry.source_name, "starts_at": _time(entry.starts_at),
        "ends_at": _time(entry.ends_at), "expires_at": _time(entry.expires_at),
        "address": entry.address, "point": entry.point or ""}
    return {**{key: value for key, value in item.items() if value not in ("", [])},
            _EXTENSION: {key: value for key, value in extension.items() if value != ""}}


def _time(when: datetime | None) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""
