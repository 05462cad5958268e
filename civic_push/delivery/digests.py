"""One message with all that is due for a contact: composed once for each set of announcements."""

from __future__ import annotations

from datetime import datetime
from html import escape

from flask_babel import force_locale, format_date, ngettext

from channels.base import Message
from civic_push.delivery.compose import Composer, Reason, frame, list_id
from subscriptions.timing import TOWN_TIME

Wanted = tuple[tuple[int, Reason], ...]
"""Announcement ids with the reason each came, in the order they appear."""


class Digests:
    """Composes digests from the messages of a Composer."""

    def __init__(self, composer: Composer, now: datetime) -> None:
        self.composer, self.now = composer, now
        self._made: dict[tuple[Wanted, str, str], Message] = {}

    def message(self, wanted: Wanted, language: str, register: str) -> Message:
        """The digest of these announcements for such a reader."""
        key = (wanted, language, register)
        if key not in self._made:
            messages = [self.composer.message(a, language, register, r) for a, r in wanted]
            with force_locale(language):
                self._made[key] = self._compose(messages, language)
        return self._made[key]

    def _compose(self, messages: list[Message], language: str) -> Message:
        settings = self.composer.settings
        day = self.now.astimezone(TOWN_TIME).date()
        title = ngettext("%(num)d Meldung vom %(day)s", "%(num)d Meldungen vom %(day)s",
                         len(messages), day=format_date(day, "long"))
        return frame(
            settings, language, key=f"d{day:%Y%m%d}", title=title,
            text="\n\n".join(f"{m.title}\n{'-' * min(len(m.title), 70)}\n\n{m.text}\n\n{m.url}"
                             for m in messages),
            html="\n".join(f'<h2><a href="{escape(m.url)}">{escape(m.title)}</a></h2>\n{m.html}'
                           for m in messages),
            short="; ".join(m.title for m in messages), url=f"{settings.public_url}/meldungen",
            expires_at=max(m.expires_at for m in messages if m.expires_at),
            why="\n".join(dict.fromkeys(m.why for m in messages)),
            action_label=messages[0].action_label, list_id=list_id(settings))
