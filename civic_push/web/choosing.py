"""What an address asks for: Ortsteile, topics, a span of days, and a way of speaking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from flask import abort
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from civic_push.announcements.archive import Search
from civic_push.languages import LANGUAGES, locale_of
from civic_push.web.forms import Typed
from civic_push.web.language import PLAIN, _, language, register
from subscriptions.models import Neighbourhood, Register, Topic
from subscriptions.timing import TOWN_TIME

WHOLE_TOWN = "ganze-stadt"
"""Stands where an address needs an Ortsteil and all are meant."""


_Row = TypeVar("_Row", Topic, Neighbourhood)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Ortsteile and topics, none meaning all; `unknown` are the slugs nobody knows."""

    places: tuple[Neighbourhood, ...] = ()
    topics: tuple[Topic, ...] = ()
    unknown: tuple[str, ...] = ()

    def search(self, words: str = "", since: datetime | None = None,
               until: datetime | None = None) -> Search:
        """As the archive takes it."""
        return Search(tuple(p.id for p in self.places), tuple(t.id for t in self.topics),
                      words, since, until)

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as values for url_for."""
        found = {"ortsteil": [p.slug for p in self.places], "thema": [t.slug for t in self.topics]}
        return {name: slugs for name, slugs in found.items() if slugs}

    def words(self) -> str:
        """In the page's words: "Hiddesen, Klüt: Abfall"; "" where all is meant."""
        places = ", ".join(p.name for p in self.places)
        topics = ", ".join(t.title(language()) for t in self.topics)
        return ": ".join(filter(None, (places, topics)))


def chosen(session: Session, values: MultiDict[str, str]) -> Chosen:
    """Read `ortsteil=…&thema=…`, each as often as one likes."""
    slugs = {name: [s for s in dict.fromkeys(values.getlist(name)) if s and s != WHOLE_TOWN]
             for name in ("ortsteil", "thema")}
    places = _rows(session, Neighbourhood, slugs["ortsteil"])
    topics = _rows(session, Topic, slugs["thema"])
    known = {n.slug for n in places} | {t.slug for t in topics}
    return Chosen(places, topics, tuple(s for all_ in slugs.values() for s in all_
                                        if s not in known))


def named(session: Session, place: str, topic: str = "") -> Chosen:
    """Read an address like /einbetten/<ortsteil>/<thema>; 404 where one is unknown."""
    found = chosen(session, MultiDict({"ortsteil": place, "thema": topic}))
    if found.unknown:
        abort(404)
    return found


def pickable(session: Session) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen, as (slug, name) for templates: places by name, topics in the
    town's order."""
    places = session.scalars(select(Neighbourhood).order_by(Neighbourhood.name))
    topics = session.scalars(select(Topic).order_by(Topic.position, Topic.name))
    return {"places": [(n.slug, n.name) for n in places],
            "topics": [(t.slug, t.title(language())) for t in topics]}


def manner(values: Mapping[str, str]) -> tuple[str, Register]:
    """How to speak where the address alone decides (feeds, embedded lists, prints), so that
    all get the same: `sprache=`, one of language.CHOICES; German otherwise."""
    choice = values.get("sprache", "")
    if PLAIN in (choice, values.get("sprachstil")):
        return "de", Register.PLAIN
    return (choice if choice in LANGUAGES else "de"), Register.STANDARD


def manner_spoken() -> dict[str, Any]:
    """The reverse: the values for url_for that make others speak as the page being made."""
    choice = PLAIN if register() == Register.PLAIN else language()
    return {"sprache": None if choice == "de" else choice}


@contextmanager
def speaking(tongue: str, style: Register) -> Iterator[None]:
    """Make what follows speak like this, whatever the browser or a cookie say."""
    with force_locale(locale_of(tongue, style)):
        yield


def read_span(typed: Typed) -> tuple[datetime | None, datetime | None]:
    """The days `von` and `bis`, both included, on the town's clocks: from the beginning of
    the one to the end of the other. Errors go to `typed`."""
    first, last = _read_day(typed, "von"), _read_day(typed, "bis")
    if first and last and last < first:
        typed.errors["bis"] = _("Der letzte Tag liegt vor dem ersten. Tauschen Sie die beiden.")
    return (midnight(first) if first else None,
            midnight(last + timedelta(days=1)) if last else None)


def midnight(day: date) -> datetime:
    """When a day begins in the town, as UTC."""
    return datetime.combine(day, time(), TOWN_TIME).astimezone(UTC)


def _read_day(typed: Typed, name: str) -> date | None:
    text = typed.text(name)
    for form in ("%Y-%m-%d", "%d.%m.%Y"):  # as browsers send it; as people write it
        try:
            day = datetime.strptime(text, form).replace(tzinfo=TOWN_TIME).date()
        except ValueError:
            continue
        if 1900 <= day.year <= 2200:
            return day
    if text:
        typed.errors[name] = _("Schreiben Sie den Tag so: 24.12.2026")
    return None


def _rows(session: Session, kind: type[_Row], slugs: Sequence[str]) -> tuple[_Row, ...]:
    if not slugs:
        return ()
    return tuple(session.scalars(select(kind).where(kind.slug.in_(slugs)).order_by(kind.name)))
