"""What a correction, withdrawal or all-clear says to those who got what it follows.

Whoever gets a correction as the first he hears of the matter reads it like any announcement.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from html import escape

from flask_babel import force_locale, format_date, gettext

from channels.base import Message
from civic_push.announcements.models import AnnouncementKind
from subscriptions.timing import TOWN_TIME


def as_follow_up(message: Message, kind: str, change: str, begun: datetime) -> Message:
    """The message for somebody who got the original, of which `begun` is the time; to be
    called in the reader's locale. `change` is the editor's line, plain text."""
    why = gettext("Sie erhalten diese Nachricht, weil Sie unsere frühere Meldung dazu bekommen "
                  "haben.")
    # in the text's language, which may not be the reader's
    with force_locale(message.text_language) if message.text_language else nullcontext():
        title, lead = _WORDS[AnnouncementKind(kind)](
            message.title, change, format_date(begun.astimezone(TOWN_TIME), "long"))
    return replace(
        message, title=title, text="\n\n".join(filter(None, (lead, message.text))),
        html=f"<p><strong>{escape(lead)}</strong></p>\n{message.html}", short=change or lead,
        alone=f"{title}. {change or lead}", why=why, thread=message.key)


def _corrected(title: str, change: str, day: str) -> tuple[str, str]:
    return (gettext("Korrektur: %(title)s", title=title),
            gettext("Wir haben unsere Meldung vom %(day)s korrigiert. Das ist jetzt anders: "
                    "%(change)s", day=day, change=change))


def _withdrawn(title: str, change: str, day: str) -> tuple[str, str]:
    return (gettext("Zurückgezogen: %(title)s", title=title),
            gettext("Unsere Meldung vom %(day)s gilt nicht mehr. Der Grund: %(change)s",
                    day=day, change=change))


def _all_clear(title: str, change: str, day: str) -> tuple[str, str]:
    return (gettext("Entwarnung: %(title)s", title=title),
            gettext("Entwarnung zu unserer Meldung vom %(day)s: %(change)s",
                    day=day, change=change))


_WORDS: dict[AnnouncementKind, Callable[[str, str, str], tuple[str, str]]] = {
    AnnouncementKind.CORRECTION: _corrected,
    AnnouncementKind.WITHDRAWAL: _withdrawn,
    AnnouncementKind.ALL_CLEAR: _all_clear,
}
