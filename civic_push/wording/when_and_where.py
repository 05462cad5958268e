"""When and where something is, as people read it: in the current locale, on the town's clocks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from html import escape

from flask_babel import format_date, format_time, gettext

from channels.base import direction_of
from civic_push.announcements.models import Announcement, AnnouncementKind
from subscriptions.timing import TOWN_TIME

_ONE_DAY = timedelta(days=1)
_OVER = (AnnouncementKind.WITHDRAWAL, AnnouncementKind.ALL_CLEAR)


def when(announcement: Announcement) -> str:
    """Begin and end in words; days alone where both are midnights; "" where it has no date."""
    begins, ends = announcement.starts_at, announcement.ends_at
    if begins is None:
        return ""
    if ends is None or ends <= begins:
        return _day(begins) if _is_midnight(begins) else moment(begins)
    if _is_midnight(begins) and _is_midnight(ends):
        return _from_to(_day(begins), _day(ends.astimezone(TOWN_TIME) - _ONE_DAY))
    if _day(begins) == _day(ends):
        return str(gettext("%(date)s, %(begin)s bis %(end)s Uhr", date=_day(begins),
                           begin=format_time(begins, "short"), end=format_time(ends, "short")))
    return _from_to(moment(begins), moment(ends))


def moment(at: datetime) -> str:
    """A day with its name, and a time."""
    return str(gettext("%(date)s, %(time)s Uhr", date=_day(at), time=format_time(at, "short")))


def as_text(announcement: Announcement) -> str:
    """A line each for time, place and the map's address. "" where there is nothing to say, and
    for what takes something back: that is not announced again."""
    if announcement.kind in _OVER:
        return ""
    lines = [f"{label}: {words}" for label, words in _facts(announcement)]
    return "\n".join(filter(None, (*lines, map_url(announcement))))


def as_html(announcement: Announcement, language: str = "") -> str:
    """The same as a safe fragment; `language` is what it says, where that is not the language
    of what stands around it."""
    if announcement.kind in _OVER:
        return ""
    tongue = f' lang="{language}" dir="{direction_of(language)}"' if language else ""
    lines = [f"<strong>{escape(label)}:</strong> <bdi>{escape(words)}</bdi>"
             for label, words in _facts(announcement)]
    found = [f"<p{tongue}>{'<br>'.join(lines)}</p>"] if lines else []
    if url := map_url(announcement):
        label = escape(gettext("Auf der Karte ansehen (OpenStreetMap)"))
        found.append(f'<p{tongue}><a href="{escape(url)}">{label}</a></p>')
    return "\n".join(found)


def _facts(announcement: Announcement) -> list[tuple[str, str]]:
    pairs = [(gettext("Wann"), when(announcement)), (gettext("Wo"), announcement.place)]
    return [(str(label), words) for label, words in pairs if words]


def _from_to(begin: str, end: str) -> str:
    if begin == end:
        return begin
    return str(gettext("%(begin)s bis %(end)s", begin=begin, end=end))


def _is_midnight(at: datetime) -> bool:
    return at.astimezone(TOWN_TIME).time() == time()


def _day(at: datetime) -> str:
    return str(format_date(at, "full"))


def point_of(announcement: Announcement) -> tuple[float, float] | None:
    """An announcement's latitude and longitude, if it has them."""
    if announcement.latitude is None or announcement.longitude is None:
        return None
    return announcement.latitude, announcement.longitude


def map_url(announcement: Announcement) -> str:
    """OpenStreetMap's page of the place; "" where it has no point."""
    point = point_of(announcement)
    if point is None:
        return ""
    return (f"https://www.openstreetmap.org/?mlat={point[0]:.6f}&mlon={point[1]:.6f}"
            f"#map=18/{point[0]:.6f}/{point[1]:.6f}")
