"""One message with all that is due for a contact: composed once for each set of announcements.

A mail holds the texts, grouped by topic and Ortsteil beneath a table of contents; a chat gets
the titles as links; push and SMS get the number and the first titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import groupby
from typing import NamedTuple

from flask_babel import force_locale, format_date, gettext, ngettext

from channels.base import Message, Urgency
from civic_push.delivery.compose import Composer, Reason, frame, list_id
from civic_push.languages import locale_of
from subscriptions.timing import TOWN_TIME

Wanted = tuple[tuple[int, Reason, bool], ...]
"""Announcement ids with the reason each came, and whether the reader got what it follows."""

WHOLE_TEXTS = 60_000  # characters of HTML; longer mails give sentences (Gmail cuts at 102 kB)
_TITLE_ROOM = 80  # characters of the first title in the subject
_HEADING = re.compile(r"<(/?)h([2-4])>")
_URGENCIES = (Urgency.DANGER, Urgency.IMPORTANT, Urgency.INFO)


class _Item(NamedTuple):
    """One announcement with where it stands in the digest."""

    order: tuple[int, str, bool, str]  # topic's position and name; whole town last; places
    topic: str
    place: str  # "Hiddesen", "Ganze Stadt"
    message: Message


_Numbered = list[tuple[int, _Item]]


class Digests:
    """Composes a channel's digests from the messages of a Composer."""

    def __init__(self, composer: Composer, now: datetime, channel: str = "email") -> None:
        self.composer, self.now, self.channel = composer, now, channel
        self._made: dict[tuple[Wanted, str, str], Message] = {}

    def message(self, wanted: Wanted, language: str, register: str) -> Message:
        """The digest of these announcements for such a reader."""
        key = (wanted, language, register)
        if key not in self._made:
            items = [self._item(a, self.composer.message(a, language, register, reason, follows),
                                reason, language, register) for a, reason, follows in wanted]
            with force_locale(locale_of(language, register)):
                self._made[key] = self._compose(items, wanted, language, register)
        return self._made[key]

    def _item(self, announcement_id: int, message: Message, reason: Reason, language: str,
              register: str) -> _Item:
        """Sort an announcement under what the reader asked for; where he asked for all
        topics or the whole town, under what it is about itself."""
        about = self.composer.about(announcement_id)
        topic = self.composer.topic(reason[0] or (about.topics[0] if about.topics else None))
        ids = (reason[1],) if reason[1] in about.places else about.places
        places = ", ".join(place.name for i in ids if (place := self.composer.place(i)))
        with force_locale(locale_of(language, register)):
            name = topic.title(language) if topic else gettext("Weitere Meldungen")
            town = gettext("Ganze Stadt")
        return _Item((topic.position if topic else 1_000, name, not places, places), name,
                     places or town, message)

    def _compose(self, items: list[_Item], wanted: Wanted, language: str, register: str
                 ) -> Message:
        first = min(items, key=_importance).message
        items = sorted(items, key=lambda item: item.order)
        titles = [first.title, *(i.message.title for i in items if i.message is not first)]
        settings, day = self.composer.settings, self.now.astimezone(TOWN_TIME).date()
        intro = ngettext("%(num)d Meldung vom %(day)s", "%(num)d Meldungen vom %(day)s",
                         len(items), day=format_date(day, "long"))
        parts = _mail(items) if self.channel == "email" else _chat(items)
        return replace(
            frame(
                settings, language, register, key=f"d{day:%Y%m%d}",
                title=_subject(titles), text="\n".join((intro, *titles)),
                html="\n".join((f"<p>{escape(intro)}</p>", *parts)),
                short="; ".join(titles[1:]), url=f"{settings.public_url}/meldungen",
                expires_at=max((i.message.expires_at for i in items if i.message.expires_at),
                               default=None),
                why=self._why(wanted, language), list_id=list_id(settings),
                action_label=gettext("Alle Meldungen ansehen")),
            alone=ngettext("%(num)d Meldung: %(titles)s", "%(num)d Meldungen: %(titles)s",
                           len(items), titles="; ".join(titles)))

    def _why(self, wanted: Wanted, language: str) -> str:
        """All reasons in one sentence."""
        reasons = [r for r in dict.fromkeys(reason for _, reason, _ in wanted) if r[2]]
        if not reasons:  # all of it has been given up since
            return self.composer.why(wanted[0][1], language)
        return str(gettext("Sie erhalten diese Nachricht, weil Sie das abonniert haben: "
                           "%(list)s.",
                           list="; ".join(self.composer.wish(r, language) for r in reasons)))


def _importance(item: _Item) -> tuple[int, bool, tuple[int, str, bool, str]]:
    """What presses comes first, then what concerns the reader's own part of town."""
    return _URGENCIES.index(item.message.urgency), item.order[2], item.order


def _subject(titles: list[str]) -> str:
    title = titles[0]
    if len(title) > _TITLE_ROOM:
        title = title[:_TITLE_ROOM].rsplit(" ", 1)[0] + " …"
    return str(ngettext("%(num)d Meldung: %(title)s", "%(num)d Meldungen: %(title)s u. a.",
                        len(titles), title=title))


def _mail(items: list[_Item]) -> Iterator[str]:
    """Table of contents and texts. The numbers lead from one to the other where a mail
    program follows no links within a mail, and in text mode."""
    whole = sum(len(item.message.html) for item in items) <= WHOLE_TEXTS
    numbered = list(enumerate(items, start=1))
    contents = gettext("Inhalt")
    yield f"<h2>{escape(contents)}</h2>"
    for topic, group in _by_topic(numbered):
        entries = (f"<li>{_title(item.message, f'#m{n}')} ({escape(item.place)})</li>"
                   for n, item in group)
        yield (f"<p><strong>{escape(topic)}</strong></p>\n"
               f'<ol start="{group[0][0]}">\n{"".join(entries)}\n</ol>')
    for topic, group in _by_topic(numbered):
        yield f"<h2>{escape(topic)}</h2>"
        place = ""
        for number, item in group:
            if item.place != place:
                place = item.place
                yield f"<h3>{escape(place)}</h3>"
            yield _text(number, item.message, whole)


def _chat(items: list[_Item]) -> Iterator[str]:
    """Titles that are links."""
    for topic, group in _by_topic(list(enumerate(items))):
        entries = (f"<li>{_title(item.message, item.message.url)} ({escape(item.place)})</li>"
                   for _, item in group)
        yield f"<h2>{escape(topic)}</h2>\n<ul>\n{''.join(entries)}\n</ul>"


def _by_topic(numbered: _Numbered) -> Iterator[tuple[str, _Numbered]]:
    """Topics with their items, which are sorted already."""
    for topic, group in groupby(numbered, key=lambda pair: pair[1].topic):
        yield topic, list(group)


def _text(number: int, message: Message, whole: bool) -> str:
    """One announcement: its title, which is a link and the place the contents lead to (`name`
    for Outlook, which knows no other), and its text, its headings beneath that title's."""
    html = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(6, int(tag[2]) + 3)}>", message.html)
    title = _title(message, message.url, f'name="m{number}" ', f"{number}. ")
    return (f'<h4 id="m{number}">{title}</h4>\n<div{_said_in(message)}>\n'
            f"{html if whole else f'<p>{escape(message.short)}</p>'}\n</div>")


def _title(message: Message, target: str, attribute: str = "", number: str = "") -> str:
    """A title that leads somewhere, marked where the reader wanted another text."""
    mark = f" {escape(message.mark)}" if message.mark else ""
    return (f'<a {attribute}href="{escape(target)}"{_said_in(message)}>'
            f"{number}{escape(message.title)}</a>{mark}")


def _said_in(message: Message) -> str:
    if not message.text_language:
        return ""
    return f' lang="{escape(message.text_language)}" dir="{message.text_direction}"'
