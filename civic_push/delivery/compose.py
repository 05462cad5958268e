"""From an announcement to a Message: once for each language, register and reason.

What differs between two recipients of one message is only in their Envelope; so a run of
75,000 composes a few dozen messages, and channels may keep what they made of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from channels.base import Message, Urgency, direction_of
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.config import Settings
from civic_push.delivery import words
from civic_push.delivery.follow_up_words import as_follow_up
from civic_push.delivery.shelf import Key, Shelf
from civic_push.languages import locale_of
from civic_push.wording import when_and_where
from civic_push.wording.addresses import page_url, short_url
from civic_push.wording.markdown import to_html, to_text
from civic_push.wording.sentences import laid_out
from subscriptions.models import Neighbourhood, Register, Topic

_Row = TypeVar("_Row", Announcement, Topic, Neighbourhood)

Reason = tuple[int | None, int | None, bool]
"""Topic id, neighbourhood id (None: all), and whether the subscription still exists."""


class About(NamedTuple):
    """What an announcement is about: ids in the order in which they are shown."""

    topics: tuple[int, ...]
    places: tuple[int, ...]  # none: the whole town


class Composer:
    """Composes the messages of one drain run; keep it no longer than the run, because topics
    and neighbourhoods may be renamed. What it composed may be kept longer, on a shelf."""

    def __init__(self, session: Session, settings: Settings, shelf: Shelf | None = None) -> None:
        self.session, self.settings = session, settings
        self._shelf = shelf or Shelf()
        self._announcements: dict[int, Announcement] = {}
        self._messages: dict[int, dict[Key, Message]] = {}  # by announcement
        self._begun: dict[int, datetime] = {}  # when the originals of chains were published
        self._about: dict[int, About] = {}
        self._topics: dict[int, Topic] | None = None
        self._places: dict[int, Neighbourhood] = {}

    def load(self, announcement_ids: set[int]) -> None:
        """Read announcements with their texts, in one go, before messages are asked for."""
        missing = announcement_ids - set(self._announcements)
        if missing:
            found = self.session.scalars(
                select(Announcement).where(Announcement.id.in_(missing))
                .options(selectinload(Announcement.texts), selectinload(Announcement.topics),
                         selectinload(Announcement.neighbourhoods))).all()
            self._about |= {a.id: About(tuple(t.id for t in a.topics),
                                        tuple(n.id for n in a.neighbourhoods)) for a in found}
            self._announcements |= self._kept(found)
            self._load_originals(missing)
        if self._topics is None:
            self._topics = self._kept(self.session.scalars(select(Topic)).all())
            self._places = self._kept(self.session.scalars(select(Neighbourhood)).all())
            self._shelf.check(([(t.id, t.name, t.translations) for t in self._topics.values()],
                               [(n.id, n.name) for n in self._places.values()]))
        for number in missing & set(self._announcements):
            self._messages[number] = self._shelf.of(
                number, self._announcements[number].published_at)

    def _kept(self, rows: Sequence[_Row]) -> dict[int, _Row]:
        """Rows by id, cut loose from the session, whose commits would expire them."""
        for row in rows:
            self.session.expunge(row)
        return {row.id: row for row in rows}

    def about(self, announcement_id: int) -> About:
        """What a loaded announcement is about."""
        return self._about[announcement_id]

    def kind(self, announcement_id: int) -> str:
        """What a loaded announcement is to the one it follows."""
        return self._announcements[announcement_id].kind

    def topic(self, topic_id: int | None) -> Topic | None:
        """A topic by its id, if there is one."""
        return (self._topics or {}).get(topic_id or 0)

    def place(self, place_id: int | None) -> Neighbourhood | None:
        """An Ortsteil by its id, if there is one."""
        return self._places.get(place_id or 0)

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

    def is_danger(self, announcement_id: int) -> bool:
        """Whether a loaded announcement warns of danger."""
        announcement = self._announcements.get(announcement_id)
        return announcement is not None and announcement.urgency == Urgency.DANGER

    def message(self, announcement_id: int, language: str, register: str, reason: Reason,
                follows: bool = False) -> Message:
        """The message of a loaded announcement for such a reader; `follows` says that he got
        what it corrects, withdraws or clears."""
        key, made = (language, register, reason, follows), self._messages[announcement_id]
        if key not in made:
            with force_locale(locale_of(language, register)):
                whole = self._said(announcement_id, language, register)
                made[key] = (self._follow_up(whole, announcement_id, language, register)
                             if follows else replace(whole, why=self.why(reason, language)))
        return made[key]

    def _follow_up(self, whole: Message, announcement_id: int, language: str, register: str
                   ) -> Message:
        announcement = self._announcements[announcement_id]
        return as_follow_up(whole, announcement.kind,
                            announcement.change(language, register),
                            self._begun[announcement.chain_id])

    def _said(self, announcement_id: int, language: str, register: str) -> Message:
        """The message without its reason: rendering Markdown is what costs."""
        key, made = (language, register, None, False), self._messages[announcement_id]
        if key not in made:
            made[key] = said(self.settings, self._announcements[announcement_id], language,
                             register)
        return made[key]

    def why(self, reason: Reason, language: str) -> str:
        """Why somebody gets this, in the current locale, which is `language`'s."""
        if not reason[2]:
            return str(gettext("Sie erhalten diese Nachricht, weil Sie Meldungen abonniert haben."))
        return str(gettext("Sie erhalten diese Nachricht, weil Sie das abonniert haben: "
                           "%(list)s.", list=self.wish(reason, language)))

    def wish(self, reason: Reason, language: str) -> str:
        """What somebody asked for, in the current locale: "„Baustellen“ für Hiddesen"."""
        topic, place = self.topic(reason[0]), self.place(reason[1])
        return str(gettext("„%(topic)s“ für %(place)s",
                           topic=topic.title(language) if topic else gettext("alle Themen"),
                           place=place.name if place else gettext("die ganze Stadt")))


def said(settings: Settings, announcement: Announcement, language: str, register: str
         ) -> Message:
    """What an announcement says to such a reader, in the current locale, which is his; not
    yet why."""
    text = announcement.text(language, register)
    note, mark = words.fallback(text, language, register)
    body, other = laid_out(text), language if text.language != language else ""
    facts = when_and_where.as_text(announcement), when_and_where.as_html(announcement, other)
    with force_locale(locale_of(text.language, text.register)):  # it stands in the text
        source = words.source_text(announcement), words.source_html(announcement)
    return replace(
        frame(
            settings, language, register, key=f"a{announcement.chain_id}", title=text.title,
            text=_joined(facts[0], to_text(body), source[0]),
            html=_joined(facts[1], to_html(body), source[1]),
            short=words.push_words(text), urgency=Urgency(announcement.urgency),
            url=page_url(settings, announcement.id, language, text.register),
            expires_at=announcement.expires_at, list_id=list_id(settings),
            action_label=gettext("Auf der Webseite lesen")),
        text_language="" if text.language == language else text.language,
        note=note, mark=mark, alone=words.sms_words(text),
        short_url=short_url(settings, announcement.id, text.register))


def frame(settings: Settings, language: str, register: str = Register.STANDARD, *, key: str,
          title: str, text: str, html: str, short: str, url: str = "",
          urgency: Urgency = Urgency.INFO, expires_at: datetime | None = None, why: str = "",
          action_label: str = "", list_id: str = "") -> Message:
    """A message with what every message carries: sender, links, their words in the current
    locale, which is the reader's; so are `language` and `register`."""
    return Message(
        key=key, title=title, text=text, html=html, short=short, url=url, language=language,
        direction=direction_of(language), plain=register == Register.PLAIN,
        urgency=urgency, expires_at=expires_at, why=why, sender=settings.sender,
        leave_label=gettext("Abmelden"), manage_label=gettext("Einstellungen ändern"),
        imprint_label=gettext("Impressum"), imprint_url=f"{settings.public_url}/impressum",
        privacy_label=gettext("Datenschutz"), privacy_url=f"{settings.public_url}/datenschutz",
        stop_hint=gettext("Ende: STOP") if settings.sms_inbound_secret else "",
        fewer_label=gettext("Weniger davon") if list_id else "",
        action_label=action_label, list_id=list_id)


def list_id(settings: Settings) -> str:
    """RFC 2919 identifier of our one list."""
    return f"meldungen.{urlsplit(settings.public_url).hostname}"


def short_of(text: AnnouncementText) -> str:
    """A text in a few lines, for lists: the editor's sentence, or the beginning."""
    if text.short:
        return text.short
    whole = " ".join(to_text(text.body).split())
    if len(whole) <= words.SHORT:
        return whole
    return whole[:words.SHORT].rsplit(" ", 1)[0] + " …"


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))
