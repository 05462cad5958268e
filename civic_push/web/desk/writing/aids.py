"""Help while writing: what the text will look like, how it reads, what it costs by SMS, which
Ortsteile and topics it seems to be about. Nothing of it sets or refuses anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy import select

from channels.push_encryption import MAX_PLAINTEXT
from channels.push_payload import payload
from civic_push.announcements import cleaning, readability, suggestions
from civic_push.announcements.models import AnnouncementText
from civic_push.announcements.readability import Reading
from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery.compose import said
from civic_push.delivery.previews import SmsPreview, message_preview
from civic_push.intake.rules import Gazetteer, Place
from civic_push.languages import LANGUAGES, locale_of
from civic_push.staff.roles import Can
from civic_push.streets import names
from civic_push.web.desk.frame import desk, needs
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.forms import Written
from civic_push.web.forms import topics_on_offer
from civic_push.web.protection import limiter
from subscriptions.models import Neighbourhood, Register, Topic

TAKE = "take:"
"""What the buttons begin with that take a suggestion: "take:places:7"."""


@dataclass(frozen=True, slots=True)
class Count:
    """How large a wording is on its way to a telephone."""

    sms: SmsPreview
    push: int  # bytes
    most_push: int = MAX_PLAINTEXT


@dataclass(frozen=True, slots=True)
class Help:
    """All that the form says about a text. `counts` and `wordings` go by the short text's
    name in the form; suggestions leave out what is chosen already."""

    places: Sequence[Neighbourhood]
    topics: Sequence[tuple[Topic, str]]  # with the word that speaks for it
    readings: dict[str, Reading]
    counts: dict[str, Count]
    wordings: dict[str, tuple[str, AnnouncementText]]  # with its heading


def help_with(written: Written) -> Help:
    """Everything there is to say about what was typed."""
    german = write_forms.texts(written)
    wordings = {_short_name(text): (_heading(text), text)
                for text in (*german, *write_forms.translated(written, german[0]))}
    text = f"{written.title}\n{written.body}"
    return Help(
        places=_places(text, written), topics=_topics(text, written), wordings=wordings,
        readings={"body": readability.read(written.body, Register.STANDARD),
                  "plain_body": readability.read(written.plain_body, Register.PLAIN)},
        counts={name: _count(text) for name, (_heading, text) in wordings.items()
                if text.title or text.short})


def take(written: Written, button: str) -> None:
    """Do what a suggestion's button says."""
    kind, _colon, number = button.removeprefix(TAKE).partition(":")
    chosen = {"places": written.places, "topics": written.topics}.get(kind)
    if chosen is not None and number.isdigit() and len(number) < 10:
        chosen.append(int(number))
        if kind == "places":
            written.where = write_forms.PLACES


@desk.post("/schreibhilfe")
@needs(Can.WRITE)
@limiter.limit("240 per minute")
def writing_help() -> ResponseReturnValue:
    """The form's help as fragments of the page, for scripts: a name → HTML."""
    if request.content_length and request.content_length > cleaning.LONGEST_PASTE:
        return {"fragments": {}}
    written = write_forms.read(request.form)
    if any(len(text) > write_forms.BODY_LENGTH for text in written.texts().values()):
        return {"fragments": {}}  # the form will say so
    found = help_with(written)
    fragments = {"preview": render_template("desk/help_preview.html", help=found),
                 "places": render_template("desk/help_places.html", help=found),
                 "topics": render_template("desk/help_topics.html", help=found)}
    for name, reading in found.readings.items():
        fragments[f"reading-{name}"] = render_template("desk/help_reading.html", reading=reading)
    for name in ("short", "plain_short", *(f"short-{code}" for code in LANGUAGES)):
        fragments[f"count-{name}"] = render_template(
            "desk/help_count.html", count=found.counts.get(name))
    return {"fragments": fragments}


@desk.post("/einfuegen")
@needs(Can.WRITE)
@limiter.limit("120 per minute")
def paste() -> ResponseReturnValue:
    """Pasted HTML as Markdown, for scripts."""
    html = request.form.get("html", "")
    if len(html) > cleaning.LONGEST_PASTE:
        return {"problem": _("Das ist zu viel auf einmal. Bitte fügen Sie es in Teilen ein.")}, 413
    return {"markdown": cleaning.from_html(html)}


def _places(text: str, written: Written) -> list[Neighbourhood]:
    """Ortsteile that are named; at the town's own desk an ambiguous name is ours."""
    known = db.session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all()
    gazetteer = Gazetteer((Place(p.id, tuple(names(p))) for p in known), settings().town)
    found = gazetteer.named_in(text, expected=[place.id for place in known])
    return [p for p in known if p.id in found and p.id not in written.neighbourhoods]


def _topics(text: str, written: Written) -> list[tuple[Topic, str]]:
    known = topics_on_offer(db.session())
    found = suggestions.topics_in(text, known)
    return [(topic, found[topic.id]) for topic in known
            if topic.id in found and topic.id not in written.topics]


def _count(text: AnnouncementText) -> Count:
    with force_locale(locale_of(text.language, text.register)):
        message = said(settings(), text.announcement, text.language, text.register)
    return Count(message_preview(settings(), message), len(payload(message)))


def _short_name(text: AnnouncementText) -> str:
    if text.language != "de":
        return f"short-{text.language}"
    return "plain_short" if text.register == Register.PLAIN else "short"


def _heading(text: AnnouncementText) -> str:
    if text.language != "de":
        return LANGUAGES[text.language]
    if text.register != Register.PLAIN:
        return _("In Standardsprache")
    return _("In Leichter Sprache") if text.reviewer else _("In Einfacher Sprache")
