"""The dates that feeds really contain."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

_BERLIN = ZoneInfo("Europe/Berlin")
_ZONES = {"MEZ": "+0100", "MESZ": "+0200", "CET": "+0100", "CEST": "+0200", "WEST": "+0100",
          "WET": "+0000", "EET": "+0200", "EEST": "+0300", "BST": "+0100", "Z": "+0000"}
_ZONE = re.compile(rf"\b({'|'.join(_ZONES)})\.?$", re.IGNORECASE)
_MONTHS = {"jän": "Jan", "mär": "Mar", "mai": "May", "okt": "Oct", "dez": "Dec"}
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})\w*\.?", re.IGNORECASE)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*"
                  r"(Z|[+-]\d\d:?\d\d|[+-]\d\d)?)?", re.IGNORECASE)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::\d\d)?(?: Uhr)?)?")


def moment(text: str) -> datetime | None:
    """Read a date of RFC 822, RFC 3339 or German habit as aware UTC, or None.

    A date without a zone is taken as Berlin time: our sources are the town's neighbours,
    and a roadwork must not begin two hours early.
    """
    text = text.strip()[:100]
    try:
        found = _iso(text) or _german(text) or _mail(text)
        found = found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None
    return found if found and 1990 <= found.year <= 2100 else None


def _iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    zone = (found[3] or "").upper().replace("Z", "+00:00")
    plain = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}{zone}")
    return plain if plain.tzinfo else plain.replace(tzinfo=_BERLIN)


def _german(text: str) -> datetime | None:
    found = _GERMAN.fullmatch(text)
    if not found:
        return None
    day, month, year, hour, minute = (int(part or 0) for part in found.groups())
    return datetime(year, month, day, hour, minute, tzinfo=_BERLIN)


def _mail(text: str) -> datetime | None:
    text = _MONTH.sub(lambda m: _MONTHS[m[1].lower()], text)
    text = _ZONE.sub(lambda m: _ZONES[m[1].upper()], text)
    # weekdays come in every language and mean nothing
    found = parsedate_tz(re.sub(r"^[^\W\d_]{1,12}\.?,\s*", "", text))
    if found is None:
        return None
    if re.search(r":\d\d$|\b\d{4}$", text) and not re.search(r"[+-]\d{4}$", text):
        return datetime(*found[:6], tzinfo=_BERLIN)
    return datetime(*found[:6], tzinfo=timezone(timedelta(seconds=found[9] or 0)))

