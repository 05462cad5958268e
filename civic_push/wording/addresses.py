"""Where an announcement stands: its page, and the short address that leads there."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from civic_push.config import Settings
from subscriptions.models import Register

# Crockford's digits: none of them is taken for another when somebody types them from an SMS.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0"})
_CODE = re.compile(f"[{_DIGITS}]{{1,13}}")
_LARGEST = 2**63 - 1


def page_url(settings: Settings, announcement_id: int, language: str = "de",
             register: str = Register.STANDARD) -> str:
    """An announcement's page, in the words that a reader asked for."""
    words = {"sprache": language} if language != "de" else {}
    if register == Register.PLAIN:
        words["form"] = "einfach"
    query = f"?{urlencode(words)}" if words else ""
    return f"{settings.public_url}/meldungen/{announcement_id}{query}"


def short_url(settings: Settings, announcement_id: int,
              register: str = Register.STANDARD) -> str:
    """A few characters for SMS that lead to the same page."""
    letter = "e" if register == Register.PLAIN else "m"
    return f"{settings.public_url}/{letter}/{code_of(announcement_id)}"


def picture_url(settings: Settings, digest: str, kind: str) -> str:
    """A published announcement's picture; `digest` and `kind` are AnnouncementImage's."""
    return f"{settings.public_url}/bilder/{digest}.{kind}"


def code_of(announcement_id: int) -> str:
    """An id in base 32: 7 characters reach 34 billion."""
    digits = ""
    while True:
        announcement_id, digit = divmod(announcement_id, 32)
        digits = _DIGITS[digit] + digits
        if not announcement_id:
            return digits


def id_of(code: str) -> int | None:
    """The id behind a code, capitals and misread letters allowed; None for what is none."""
    code = code.lower().translate(_MISREAD)
    if not _CODE.fullmatch(code):
        return None
    number = 0
    for letter in code:
        number = number * 32 + _DIGITS.index(letter)
    return number if number <= _LARGEST else None
