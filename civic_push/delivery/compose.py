"""From an announcement to a Message: once for each language, register and reason.

What differs between two recipients of one message is only in their Envelope; so a run of
75,000 composes a few dozen messages, and channels may keep what they made of each.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from flask_babel import force_locale, gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from channels.base import Message, Urgency
from civic_push.announcements.markdown import to_html, to_text
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.config import Settings
from civic_push.delivery.follow_up_words import as_follow_up
from subscriptions.models import Neighbourhood, Topic

_Row = TypeVar("_Row", Announcement, Topic, Neighbourhood)

Reason = tuple[int | None, int | None, bool]
"""Topic id, neighbourhood id (None: all), and whether the subscription still exists."""

SHORT = 300  # characters: what SMS begin with before they are cut


class About(NamedTuple):
    """What an announcement is about: ids in the order in which they are shown."""

    topics: tuple[int, ...]
    places: tuple[int, ...]  # none: the whole town


class Composer:
    """Composes the messages of one drain run; keep it no longer than the run, because topics
    and neighbourhoods may be renamed."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        self._announcements: dict[int, Announcement] = {}
        self._messages: dict[tuple[int, str, str, Reason | None, bool], Message] = {}
        self._begun: dict[int, datetime] = {}  # when the originals of chains were published
        self._topics: dict[int, Topic] | None = None
        self._places: dict[int, Neighbourhood] = {}

    def load(self, announcement_ids: set[int]) -> None:
        """Read announcements with their texts, in one go, before messages are asked for."""
        missing = announcement_ids - set(self._announcements)
        if missing:
            self._announcements.update(self._kept(
                select(Announcement).where(Announcement.id.in_(missing))
                .options(selectinload(Announcement.texts))))
            self._load_originals(missing)
        if self._topics is None:
            self._topics = self._kept(select(Topic))
            self._places = self._kept(select(Neighbourhood))

    def _kept(self, query: Select[_Row]) -> dict[int, _Row]:
        """Rows by id, cut loose from the session, whose commits would expire them."""
        rows = {row.id: row for row in self.session.scalars(query)}
        for row in rows.values():
            self.session.expunge(row)
        return rows

    def _load_originals(self, announcement_ids: set[int]) -> None:
        roots = {a.root_id for i in announcement_ids
                 if (a := self._announcements.get(i)) and a.root_id}
        if roots:
            self._begun |= {number: at for number, at in self.session.execute(
                select(Announcement.id, Announcement.published_at)
                .where(Announcement.id.in_(roots))) if at is not None}

    def is_closed(self, announcement_id: int) -> bool:
        """Whether nothing more may leave of a loaded announcement: it was stopped, or
        something follows it."""
        announcement = self._announcements.get(announcement_id)
        return announcement is not None and announcement.closed_at is not None

    def message(self, announcement_id: int, language: str, register: str, reason: Reason,
                follows: bool = False) -> Message:
        """The message of a loaded announcement for such a reader; `follows` says that he got
        what it corrects, withdraws or clears."""
        key = (announcement_id, language, register, reason, follows)
        if key not in self._messages:
            with force_locale(language):
                said = self._said(announcement_id, language, register)
                self._messages[key] = (
                    self._follow_up(said, announcement_id, language, register) if follows
                    else replace(said, why=self.why(reason, language)))
        return self._messages[key]

    def _follow_up(self, said: Message, announcement_id: int, language: str, register: str
                   ) -> Message:
        announcement = self._announcements[announcement_id]
        return as_follow_up(said, announcement.kind,
                            announcement.text(language, register).change,
                            self._begun[announcement.chain_id])

    def _said(self, announcement_id: int, language: str, register: str) -> Message:
        """The message without its reason: rendering Markdown is what costs."""
        key = (announcement_id, language, register, None, False)
        if key not in self._messages:
            self._messages[key] = self._compose(announcement_id, language, register)
        return self._messages[key]

    def why(self, reason: Reason, language: str) -> str:
        """Why somebody gets this, in the current locale, which is `language`'s."""
        topic_id, place_id, known = reason
        if not known:
            return str(gettext("Sie erhalten diese Nachricht, weil Sie Meldungen abonniert haben."))
        topics = self._topics or {}
        topic = (topics[topic_id].title(language) if topic_id in topics
                 else gettext("alle Themen"))
        place = (self._places[place_id].name if place_id in self._places
                 else gettext("die ganze Stadt"))
        return str(gettext("Sie erhalten diese Nachricht, weil Sie „%(topic)s“ für %(place)s "
                           "abonniert haben.", topic=topic, place=place))

    def _compose(self, announcement_id: int, language: str, register: str) -> Message:
        announcement = self._announcements[announcement_id]
        text = announcement.text(language, register)
        return frame(
            self.settings, text.language, key=f"a{announcement.chain_id}", title=text.title,
            text=_with_source(to_text(text.body), announcement),
            html=to_html(text.body) + _source_html(announcement),
            short=short_of(text), url=page_url(self.settings, announcement.id),
            urgency=Urgency(announcement.urgency), expires_at=announcement.expires_at,
            action_label=gettext("Auf der Webseite lesen"),
            list_id=list_id(self.settings))


def frame(settings: Settings, language: str, *, key: str, title: str, text: str, html: str,
          short: str, url: str = "", urgency: Urgency = Urgency.INFO,
          expires_at: datetime | None = None, why: str = "", action_label: str = "",
          list_id: str = "") -> Message:
    """A message with what every message carries: sender, links, their words in the current
    locale."""
    return Message(
        key=key, title=title, text=text, html=html, short=short, url=url, language=language,
        direction="rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr",
        urgency=urgency, expires_at=expires_at, why=why, sender=settings.sender,
        leave_label=gettext("Abmelden"), manage_label=gettext("Einstellungen ändern"),
        imprint_label=gettext("Impressum"), imprint_url=f"{settings.public_url}/impressum",
        privacy_label=gettext("Datenschutz"), privacy_url=f"{settings.public_url}/datenschutz",
        action_label=action_label, list_id=list_id)


def page_url(settings: Settings, announcement_id: int) -> str:
    """Where an announcement stands."""
    return f"{settings.public_url}/meldungen/{announcement_id}"


def list_id(settings: Settings) -> str:
    """RFC 2919 identifier of our one list."""
    return f"meldungen.{urlsplit(settings.public_url).hostname}"


def short_of(text: AnnouncementText) -> str:
    """The sentence for SMS and push: the editor's own, or the text's beginning."""
    if text.short:
        return text.short
    words = " ".join(to_text(text.body).split())
    if len(words) <= SHORT:
        return words
    return words[:SHORT].rsplit(" ", 1)[0] + " …"


def _with_source(text: str, announcement: Announcement) -> str:
    if not announcement.source_name:
        return text
    source = gettext("Quelle: %(name)s", name=announcement.source_name)
    return "\n\n".join(filter(None, (text, f"{source}\n{announcement.link}".strip())))


def _source_html(announcement: Announcement) -> str:
    if not announcement.source_name:
        return ""
    source = gettext("Quelle: %(name)s", name=announcement.source_name)
    link = f"[{_escape(source)}](<{announcement.link}>)" if announcement.link else _escape(source)
    return to_html(link)


def _escape(words: str) -> str:
    """Keep Markdown's signs in a source's name from meaning anything."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!<>|~" else c for c in words)


