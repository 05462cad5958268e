"""iCalendar (RFC 5545, with RFC 7986's properties of calendars).

What has a date stands at its date. What has none stands on the day it was published, as one
whole day: up to its expiry it would lie as a banner over a week of somebody's calendar.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask_babel import gettext
from icalendar import Calendar, Event, vDuration, vText

from civic_push.announcements.models import AnnouncementKind
from civic_push.feeds.entries import Feed, FeedEntry
from subscriptions.timing import TOWN_TIME

MEDIA_TYPE = "text/calendar"

_REFRESH = timedelta(hours=1)


def write(feed: Feed) -> bytes:
    """The feed as a calendar that others subscribe to, UTF-8."""
    calendar = Calendar()
    calendar.add("prodid", "-//Civic Push//DE")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, feed.title)
    calendar.add("x-wr-timezone", str(TOWN_TIME))
    calendar.add("url", feed.home_url)
    calendar.add("source", feed.self_url)
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    for entry in feed.entries:
        calendar.add_component(_event(entry, feed.host))
    body: bytes = calendar.to_ical()
    return body


def _event(entry: FeedEntry, host: str) -> Event:
    event = Event()
    event.add("uid", f"meldung-{entry.key}@{host}")
    event.add("dtstamp", entry.updated_at)
    event.add("created", entry.published_at)
    event.add("last-modified", entry.updated_at)
    event.add("sequence", entry.revision)
    begins, ends = _span(entry)
    event.add("dtstart", begins)
    if ends is not None:
        event.add("dtend", ends)
    event.add("summary", _clean(entry.title), parameters={"language": entry.language})
    event.add("description", _description(entry))
    event.add("location", _clean(entry.address)
              or ", ".join(name for _slug, name in entry.places) or str(gettext("Ganze Stadt")))
    if entry.point:
        event.add("geo", entry.point)
    event.add("categories", [vText(name) for _slug, name in entry.topics])
    event.add("url", entry.url)
    event.add("status", "CANCELLED" if entry.kind in _OVER else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # nobody is busy because the town has news
    return event


_OVER = (AnnouncementKind.WITHDRAWAL, AnnouncementKind.ALL_CLEAR)


def _span(entry: FeedEntry) -> tuple[date, date | None]:
    """Begin and end, in UTC; days where both are midnights in the town."""
    if entry.starts_at is None and entry.ends_at is None:
        return _day(entry.published_at), None
    begins = entry.starts_at or entry.published_at
    ends = entry.ends_at if entry.ends_at and entry.ends_at > begins else None
    if _is_midnight(begins) and (ends is None or _is_midnight(ends)):
        return _day(begins), _day(ends) if ends else None
    return begins, ends


def _is_midnight(when: datetime) -> bool:
    return when.astimezone(TOWN_TIME).time() == time()


def _day(when: datetime) -> date:
    return when.astimezone(TOWN_TIME).date()


def _description(entry: FeedEntry) -> str:
    source = gettext("Quelle: %(name)s", name=entry.source_name) if entry.source_name else ""
    return _clean("\n\n".join(filter(None, (
        entry.change, entry.text, f"{source}\n{entry.link}".strip(), entry.url))))


def _clean(text: str) -> str:
    """Without control characters, which RFC 5545 does not allow in texts."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable() or c.isspace())
