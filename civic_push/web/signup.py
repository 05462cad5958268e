"""Signing up: the form, what helps to fill it in, and what to do next for each inbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.web import asking, choosing, estimate, sentences
from civic_push.web.asking import Waiting
from civic_push.web.forms import ALL, Offer, Typed, offer, read_choices, read_inboxes
from civic_push.web.language import _, language, register
from civic_push.web.protection import keep_private, limiter, seconds_open, stamp, wider_network
from subscriptions import streets
from subscriptions.models import Contact
from subscriptions.tokens import Purpose, Tokens

pages = Blueprint("signup", __name__)

MIN_SECONDS = 2  # people need longer for this form, programs do not
HONEYPOT = "zweitname"  # people do not see this field
START_LIFE = timedelta(hours=48)  # how long a Telegram link holds
LOOKING = ("suchen", "zaehlen")  # buttons that only show the form again, without a script


@pages.get("/anmelden")
def form() -> str:
    """The form; `?ortsteil=…&thema=…` (slugs) choose something beforehand, `?ort=…` looks
    for an Ortsteil."""
    asked = choosing.chosen(db.session(), request.args)
    values = MultiDict([("sprache", language()), ("form", register()),
                        ("ort", request.args.get("ort", ""))])
    values.setlist("ortsteil", [str(place.id) for place in asked.places])
    if choosing.WHOLE_TOWN in request.args.getlist("ortsteil"):
        values.add("ortsteil", ALL)
    values.setlist("thema", [str(t.id) for t in asked.topics if not t.retired_at])
    return show(Typed(values), offer(db.session()), stamp(utcnow()), unknown=asked.unknown,
                retired=[t.title(language()) for t in asked.topics if t.retired_at])


def _only_looking() -> bool:
    return request.form.get("was") in LOOKING


def _too_often(_limit: object) -> Response:
    """The form again, with everything typed, and how long to wait."""
    typed = Typed(request.form)
    typed.errors["absenden"] = _("Das waren zu viele Versuche in kurzer Zeit. Warten Sie eine "
                                 "Stunde und drücken Sie dann noch einmal auf „Anmelden“.")
    return make_response(show(typed, offer(db.session()), typed.text("gezeigt")), 429)


@pages.post("/anmelden")
@limiter.limit("600 per hour", key_func=wider_network, on_breach=_too_often)
@limiter.limit("240 per hour", on_breach=_too_often)
@limiter.limit("60 per hour; 12 per minute", exempt_when=_only_looking, on_breach=_too_often)
@limiter.limit("20 per hour", scope="sms", on_breach=_too_often,  # each SMS costs money
               exempt_when=lambda: _only_looking() or not request.form.get("sms"))
def submit() -> ResponseReturnValue:
    """Check the form; store it and go on, or show it again with what was typed."""
    started, now = time.monotonic(), utcnow()
    typed, offered = Typed(request.form), offer(db.session())
    shown_at = typed.text("gezeigt")
    if seconds_open(shown_at, now) is None:
        shown_at = stamp(now)
    if _only_looking():
        return show(typed, offered, shown_at)
    choices = read_choices(typed, offered)
    inboxes = read_inboxes(typed, offered.channels)
    _check_rest(typed, bool(inboxes), now)
    if typed.errors:
        return show(typed, offered, shown_at), 422
    if not typed.text(HONEYPOT):  # a program is told the same, and nothing happens
        asking.sign_up(choices, inboxes, sentences.consent(), now)
    asking.level(started)
    return redirect(url_for("signup.done"), 303)


@pages.get("/anmelden/anzahl")
@limiter.limit("120 per minute")
def count() -> Response:
    """{"text": …}: how many announcements a month `ortsteil` and `thema` (as in the form)
    would bring."""
    return jsonify({"text": _expectation(Typed(request.args), offer(db.session()))})


@pages.post("/anmelden/orte")  # with POST, no street stands in any log
@limiter.limit("120 per minute")
def find_places() -> Response:
    """{"text": …, "found": [{"id", "why"}]}: the Ortsteile that `ort` may mean."""
    found = streets.search(db.session(), request.form.get("ort", ""))
    return jsonify({"text": how_many_found(found),
                    "found": [{"id": one.place.id, "why": one.why} for one in found]})


@pages.get("/anmelden/fertig")
def done() -> Response:
    """What to do next for each inbox."""
    response = make_response(next_steps(Typed()))
    keep_private(response)
    return response


def next_steps(typed: Typed) -> str:
    """The page after a sign-up; `typed` holds a wrong SMS code, if any."""
    entries = asking.waiting()
    return render_template(
        "signup_done.html", typed=typed, entries=entries, active=asking.is_active,
        telegram_link=_telegram_link, now=utcnow())


def how_many_found(found: list[streets.Found]) -> str:
    """What a search has brought, in words."""
    if not found:
        return _("Nichts gefunden. Prüfen Sie die Schreibweise, oder wählen Sie aus der Liste.")
    return str(ngettext("Ein Ortsteil gefunden.", "%(num)d Ortsteile gefunden.", len(found)))


def form_words() -> dict[str, object]:
    """Options of the selects that sign-up and preferences share."""
    return {"hours": sentences.hours(), "weekdays": sentences.weekdays(),
            "frequencies": sentences.frequencies(), "way_name": sentences.way_name}


def show(typed: Typed, offered: Offer, shown_at: str, unknown: Sequence[str] = (),
         retired: Sequence[str] = ()) -> str:
    """The form with what was typed; `unknown` are Ortsteile and topics a link named,
    `retired` topics that it named and that are no longer offered."""
    looking = typed.text("was") in LOOKING
    return render_template(
        "signup.html", typed=typed, offered=offered, shown_at=shown_at, unknown=unknown,
        retired=retired,
        consent=sentences.consent(), honeypot=HONEYPOT, in_steps=not typed.errors and not looking,
        nothing_chosen=sentences.nothing_chosen, **places_and_count(typed, offered),
        **form_words())


def places_and_count(typed: Typed, offered: Offer) -> dict[str, object]:
    """What the form says besides: the Ortsteile that were looked for, and how many messages
    the choices would bring."""
    found = streets.search(db.session(), typed.text("ort"))
    return {"found": found, "found_words": how_many_found(found) if typed.text("ort") else "",
            "expectation": _expectation(typed, offered)}


def _expectation(typed: Typed, offered: Offer) -> str:
    """How many messages the choices would bring; what is missing while nothing is chosen."""
    chosen = Typed(typed.values)
    choices = read_choices(chosen, offered)
    if chosen.errors.keys() & {"ortsteil", "thema"}:
        return _("Wählen Sie Ortsteile und Themen. Dann steht hier, wie viele Meldungen das "
                 "ungefähr sind.")
    return estimate.in_words(estimate.a_month(
        db.session(), choices.topics, choices.neighbourhoods, utcnow()))


def _check_rest(typed: Typed, any_inbox: bool, now: datetime) -> None:
    """Errors that concern the whole form."""
    if not any_inbox and not typed.errors.keys() & {"email", "sms"}:
        typed.errors["wege"] = sentences.nothing_chosen("wege")
    if not typed.ticked("einwilligung"):
        typed.errors["einwilligung"] = sentences.nothing_chosen("einwilligung")
    open_for = seconds_open(typed.text("gezeigt"), now)
    if not typed.errors and (open_for is None or open_for < MIN_SECONDS):
        typed.errors["absenden"] = _("Das ging sehr schnell. Prüfen Sie Ihre Angaben und "
                                     "drücken Sie noch einmal auf „Anmelden“.")


def _telegram_link(entry: Waiting) -> str:
    """The link that starts the bot with this contact's token; "" where the contact is gone."""
    contact: Contact | None = asking.contact_of(entry)
    if contact is None:
        return ""
    tokens = cast(Tokens, current_app.extensions["tokens"])
    token = tokens.make(Purpose.TELEGRAM, contact.id, challenge=contact.challenge,
                        expires_at=utcnow() + START_LIFE)
    if settings().demo:
        return f"/demo/inboxes?start={token}#telegram"
    return f"https://t.me/{settings().telegram_bot}?start={token}"
