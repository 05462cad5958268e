"""What one state of the write form says otherwise than another, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import lazy_gettext
from sqlalchemy import select

from civic_push.announcements.differences import Part, differences
from civic_push.db import db
from civic_push.languages import LANGUAGES
from civic_push.web.desk.words import URGENCIES, _
from civic_push.web.desk.writing.written import TIMES, TOWN, Written
from civic_push.web.language import moment
from civic_push.web.wall_clock import parse_local
from subscriptions.models import Neighbourhood, Topic

_LABELS = {
    "change": lazy_gettext("Was anders ist"),
    "plain_change": lazy_gettext("Was anders ist, in Einfacher Sprache"),
    "title": lazy_gettext("Titel"), "body": lazy_gettext("Text"),
    "short": lazy_gettext("Kurztext"),
    "plain_title": lazy_gettext("Titel in Einfacher Sprache"),
    "plain_body": lazy_gettext("Text in Einfacher Sprache"),
    "plain_short": lazy_gettext("Kurztext in Einfacher Sprache"),
    "reviewer": lazy_gettext("Als Leichte Sprache geprüft von"),
    "where": lazy_gettext("Wo"), "topics": lazy_gettext("Themen"),
    "urgency": lazy_gettext("Dringlichkeit"), "expires": lazy_gettext("Gültig bis"),
    "starts": lazy_gettext("Beginn"), "ends": lazy_gettext("Ende"),
    "link": lazy_gettext("Link"), "address": lazy_gettext("Ort"),
    "coordinates": lazy_gettext("Punkt auf der Karte"),
}


class Change(NamedTuple):
    """One field that is different."""

    label: str
    parts: list[Part]


def changes(before: Written, after: Written) -> list[Change]:
    """Every field that is different, in the order of the page."""
    names = _Names()
    old, new = names.words(before), names.words(after)
    found = ((name, differences(old.get(name, ""), new.get(name, "")))
             for name in dict.fromkeys((*new, *old)))
    return [Change(_label(name), parts) for name, parts in found if parts]


class _Names:
    """What ids are called; read once for two forms."""

    def __init__(self) -> None:
        self._topics = {t.id: t.name for t in db.session.scalars(select(Topic))}
        self._places = {n.id: n.name for n in db.session.scalars(select(Neighbourhood))}

    def words(self, written: Written) -> dict[str, str]:
        """A form as words, by field."""
        where = (_("ganze Stadt") if written.where == TOWN
                 else self._list(self._places, written.neighbourhoods))
        said = written.texts() | {
            "where": where, "topics": self._list(self._topics, written.topics),
            "urgency": str(dict(URGENCIES).get(written.urgency, written.urgency))}  # type: ignore[call-overload]
        return said | {name: _time(getattr(written, name)) for name in TIMES}

    def _list(self, names: Mapping[int, str], ids: list[int]) -> str:
        return ", ".join(names.get(number, f"#{number}") for number in ids)


def _time(text: str) -> str:
    """A time as the reader writes it; what is none, as it was typed."""
    try:
        return moment(parse_local(text)) if text else ""
    except (LookupError, ValueError, OverflowError):
        return text


def _label(name: str) -> str:
    part, _dash, language = name.partition("-")
    label = str(_LABELS[part])
    return f"{LANGUAGES[language]}: {label}" if language else label
