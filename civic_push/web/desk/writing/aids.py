"""Help while writing: what the text will look like, how it reads, what it costs by SMS, which
Ortsteile and topics it seems to be about. Nothing of it sets or refuses anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from channels.base import Message
from channels.push_encryption import MAX_PLAINTEXT
from channels.push_payload import payload
from civic_push.announcements import cleaning, readability, suggestions
from civic_push.announcements.models import AnnouncementText
from civic_push.announcements.readability import Reading
from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery.previews import SmsPreview, message_preview
from civic_push.intake.rules import Gazetteer, Place
from civic_push.languages import LANGUAGES
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.sheets import Sheet
from civic_push.web.desk.writing.telling import as_told, plainly
from civic_push.web.desk.writing.written import Written
from civic_push.web.forms import topics_on_offer
from civic_push.web.protection import limiter
from subscriptions.models import Neighbourhood, Register, Topic
from subscriptions.streets import names

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
    """All that the form says about a text. `counts` go by the field of the form that a
    telephone gets, `wordings` by the short text's; suggestions leave out what is chosen
    already."""

    places: Sequence[Neighbourhood]
    topics: Sequence[tuple[Topic, str]]  # with the word that speaks for it
    readings: dict[str, Reading]
    counts: dict[str, Count]
    wordings: dict[str, tuple[str, AnnouncementText]]  # with its heading


def help_with(sheet: Sheet, written: Written) -> Help:
    """Everything there is to say about what was typed."""
    german = sheet.texts(written)
    wordings = {_short_name(text): (_heading(text), text)
                for text in (*german, *write_forms.translated(written, german[0]))}
    text = f"{written.title}\n{written.body}"
    return Help(
        places=_places(text, written), topics=_topics(text, written), wordings=wordings,
        readings={"body": readability.read(written.body, Register.STANDARD),
                  "plain_body": readability.read(written.plain_body, Register.PLAIN)},
        counts={field: _count(message) for name, (_heading, text) in wordings.items()
                for field, message in _messages(name, text)})


def take(written: Written, button: str) -> None:
    """Do what a suggestion's button says."""
    kind, _colon, number = button.removeprefix(TAKE).partition(":")
    chosen = {"places": written.places, "topics": written.topics}.get(kind)
    if chosen is not None and number.isdigit() and len(number) < 10:
        chosen.append(int(number))
        if kind == "places":
            written.where = write_forms.PLACES


def fragments(sheet: Sheet) -> ResponseReturnValue:
    """A form's help as fragments of its page, for scripts: a name → HTML."""
    if request.content_length and request.content_length > cleaning.LONGEST_PASTE:
        return {"fragments": {}}
    written = sheet.read(request.form)
    if any(len(text) > write_forms.BODY_LENGTH for text in written.texts().values()):
        return {"fragments": {}}  # the form will say so
    found = help_with(sheet, written)
    parts = {"preview": render_template("desk/help_preview.html", help=found),
                 "places": render_template("desk/help_places.html", help=found),
                 "topics": render_template("desk/help_topics.html", help=found)}
    for name, reading in found.readings.items():
        parts[f"reading-{name}"] = render_template("desk/help_reading.html", reading=reading)
    for part in ("short", "change"):
        for name in (part, f"plain_{part}", *(f"{part}-{code}" for code in LANGUAGES)):
            parts[f"count-{name}"] = render_template(
                "desk/help_count.html", count=found.counts.get(name))
    return {"fragments": parts}


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


def _messages(short: str, text: AnnouncementText) -> Iterator[tuple[str, Message]]:
    """What telephones get of a wording, by the field that says it: of a follow-up who got the
    original hears what is different, and who did not reads it like any other."""
    told = as_told(text)
    if told is not None and text.change:
        yield short.replace("short", "change"), told
    if text.body or text.short or (told is None and text.title):
        yield short, plainly(text)


def _count(message: Message) -> Count:
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
