"""Reading and showing the form of a topic."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from civic_push.languages import LANGUAGES
from civic_push.web.desk.words import _
from civic_push.web.forms import ALL, Typed
from subscriptions.models import Topic
from subscriptions.spelling import written_out

LONGEST = {"name": 120, "description": 300, "example": 200}
_MOST_ALIASES = 2000  # characters, all together
_OTHERS = [code for code in LANGUAGES if code != "de"]


def slug_of(name: str) -> str:
    """A name as a part of addresses: "Bus & Rad" is "bus-rad"."""
    return "-".join(re.findall(r"[a-z0-9]+", written_out(name)))[:60].strip("-")


def read_slug(session: Session, typed: Typed) -> str:
    """The address part that was typed, or made from the name."""
    typed_slug = typed.text("slug")
    slug = typed_slug or slug_of(typed.text("name"))
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 60:
        if typed_slug:
            typed.errors["slug"] = _("Nehmen Sie nur Kleinbuchstaben, Ziffern und Bindestriche, "
                                     "zum Beispiel bus-und-rad.")
    elif slug == ALL or session.scalar(select(Topic.id).where(Topic.slug == slug)):
        typed.errors["slug"] = _("„%(slug)s“ gibt es schon. Nehmen Sie eine andere Kurzform für "
                                 "die Adresse.", slug=slug)
    return slug


def read(session: Session, typed: Typed, known: Topic | None = None) -> dict[str, Any]:
    """What was typed, as a topic's columns; errors go to `typed`."""
    for field in ("name", "description", "example"):
        for code in ("", *(f"_{code}" for code in _OTHERS)):
            if len(typed.text(field + code)) > LONGEST[field]:
                typed.errors[field + code] = _(
                    "Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s Zeichen.",
                    most=LONGEST[field])
    name = typed.text("name")
    if not slug_of(name):
        typed.errors["name"] = _("Schreiben Sie, wie das Thema heißt.")
    elif _namesake(session, name, known):
        typed.errors["name"] = _("Ein Thema mit diesem Namen gibt es schon.")
    aliases = "|".join(filter(None, (word.strip() for word in re.split(
        r"[\n|,;]", typed.text("aliases")))))
    if len(aliases) > _MOST_ALIASES:
        typed.errors["aliases"] = _("Das sind zu viele Wörter. Lassen Sie die seltenen weg.")
    return {"name": name, "description": typed.text("description"),
            "example": typed.text("example"), "aliases": aliases,
            "translations": _translations(typed)}


def _namesake(session: Session, name: str, known: Topic | None) -> bool:
    return any(one.name.casefold() == name.casefold() and one is not known
               for one in session.scalars(select(Topic)))


def _translations(typed: Typed) -> dict[str, dict[str, str]]:
    said = {code: {field: words for field in LONGEST if (words := typed.text(f"{field}_{code}"))}
            for code in _OTHERS}
    return {code: words for code, words in said.items() if words}


def shown(topic: Topic) -> Typed:
    """A topic as form values."""
    values = MultiDict([(field, str(getattr(topic, field))) for field in LONGEST])
    values["aliases"] = topic.aliases.replace("|", "\n")
    for code, words in (topic.translations or {}).items():
        for field, text in words.items():
            values[f"{field}_{code}"] = text
    return Typed(values)


def told(topic: Topic) -> dict[str, object]:
    """A topic as the trail keeps it."""
    words = {f"{field} ({code})": text for code, said in (topic.translations or {}).items()
             for field, text in said.items()}
    return {**{field: getattr(topic, field) for field in LONGEST}, "slug": topic.slug,
            "aliases": topic.aliases, **words}
