"""What an announcement may have besides what every one has: a place, other languages, and a
name that vouches for Leichte Sprache."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from civic_push.announcements.models import Announcement, AnnouncementText
from subscriptions.models import Register

Said = Mapping[str, str]
"""One wording: "title", "body" (Markdown), "short", and a follow-up's "change"."""

# "51.9365, 8.8791", "51,9365; 8,8791", and what OpenStreetMap's addresses end with
_DEGREES = r"(-?\d{1,3}(?:[.,]\d{1,8})?)"
_PAIR = re.compile(rf"^{_DEGREES}\s*(?:[;/\s]|,\s)\s*{_DEGREES}$|^(-?\d{{1,3}}\.\d{{1,8}}),"
                   r"(-?\d{1,3}\.\d{1,8})$")
_ON_THE_MAP = re.compile(r"#map=\d+/(-?\d+\.?\d*)/(-?\d+\.?\d*)|"
                         r"mlat=(-?\d+\.?\d*)&mlon=(-?\d+\.?\d*)")


@dataclass(frozen=True, slots=True)
class Details:
    """`translations` are by language, without German; one without a text is none."""

    place: str = ""
    point: tuple[float, float] | None = None  # latitude, longitude (WGS 84)
    reviewer: str = ""
    translations: Mapping[str, Said] = field(default_factory=dict)


def complete(announcement: Announcement, details: Details) -> None:
    """Give a draft its details; what it had of them before goes. Does not flush."""
    announcement.place = details.place
    announcement.latitude, announcement.longitude = details.point or (None, None)
    before = {text.language: text for text in announcement.texts if text.language != "de"}
    for text in announcement.texts:
        if (text.language, text.register) == ("de", Register.PLAIN):
            text.reviewer = details.reviewer
    for language, said in details.translations.items():
        if language not in before:
            announcement.texts.append(
                AnnouncementText(language=language, register=Register.STANDARD))
        text = before.pop(language, announcement.texts[-1])
        text.title = said.get("title", "")
        text.body, text.short = said.get("body", ""), said.get("short", "")
        text.change = said.get("change", "")
    for gone in before.values():
        announcement.texts.remove(gone)


def read_point(words: str) -> tuple[float, float] | None:
    """Latitude and longitude as people copy them from a map; None for what is no point."""
    found = _PAIR.match(words.strip()) or _ON_THE_MAP.search(words)
    if found is None:
        return None
    latitude, longitude = (float(part.replace(",", ".")) for part in found.groups() if part)
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def write_point(point: tuple[float, float] | None) -> str:
    """Latitude and longitude as `read_point` reads them, to 10 cm; "" for none."""
    return f"{point[0]:.6f}, {point[1]:.6f}" if point else ""
