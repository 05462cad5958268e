"""Signing up: the form, and the page that says what to do next for each inbox."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.web import asking, sentences
from civic_push.web.asking import Waiting
from civic_push.web.forms import Offer, Typed, offer, read_choices, read_inboxes
from civic_push.web.language import _, language
from civic_push.web.protection import keep_private, limiter, seconds_open, stamp
from subscriptions.models import Contact
from subscriptions.tokens import Purpose, Tokens

pages = Blueprint("signup", __name__)
pages.after_request(keep_private)

MIN_SECONDS = 2  # people need longer for this form, programs do not
HONEYPOT = "zweitname"  # people do not see this field
START_LIFE = timedelta(hours=48)  # how long a Telegram link holds


@pages.get("/anmelden")
def form() -> str:
    """The empty form."""
    values = MultiDict([("sprache", language()), ("form", "standard")])
    return _show(Typed(values), offer(db.session()), stamp(utcnow()))


@pages.post("/anmelden")
@limiter.limit("60 per hour; 12 per minute")
def submit() -> Response | tuple[str, int]:
    """Check the form; store it and go on, or show it again with what was typed."""
    started, now = time.monotonic(), utcnow()
    typed, offered = Typed(request.form), offer(db.session())
    choices = read_choices(typed, offered)
    inboxes = read_inboxes(typed, offered.channels)
    _check_rest(typed, bool(inboxes), now)
    if typed.errors:
        shown_at = typed.text("gezeigt")
        if seconds_open(shown_at, now) is None:
            shown_at = stamp(now)
        return _show(typed, offered, shown_at), 422
    if not typed.text(HONEYPOT):  # a program is told the same, and nothing happens
        asking.sign_up(choices, inboxes, sentences.consent(), now)
    asking.level(started)
    return redirect(url_for("signup.done"), 303)


@pages.get("/anmelden/fertig")
def done() -> str:
    """What to do next for each inbox."""
    return next_steps(Typed())


def next_steps(typed: Typed) -> str:
    """The page after a sign-up; `typed` holds a wrong SMS code, if any."""
    entries = asking.waiting()
    return render_template(
        "signup_done.html", typed=typed, entries=entries, active=asking.is_active,
        telegram_link=_telegram_link, now=utcnow())


def _check_rest(typed: Typed, any_inbox: bool, now: datetime) -> None:
    """Errors that concern the whole form."""
    if not any_inbox and not typed.errors.keys() & {"email", "sms"}:
        typed.errors["wege"] = _("Wählen Sie mindestens einen Weg, zum Beispiel E-Mail.")
    if not typed.ticked("einwilligung"):
        typed.errors["einwilligung"] = _("Ohne Ihre Einwilligung dürfen wir Ihnen nichts "
                                         "schicken. Setzen Sie bitte das Häkchen.")
    open_for = seconds_open(typed.text("gezeigt"), now)
    if not typed.errors and (open_for is None or open_for < MIN_SECONDS):
        typed.errors["absenden"] = _("Das ging sehr schnell. Prüfen Sie Ihre Angaben und "
                                     "drücken Sie noch einmal auf „Anmelden“.")


def _show(typed: Typed, offered: Offer, shown_at: str) -> str:
    return render_template(
        "signup.html", typed=typed, offered=offered, shown_at=shown_at,
        consent=sentences.consent(), honeypot=HONEYPOT, **form_words())


def form_words() -> dict[str, object]:
    """Options of the selects that sign-up and preferences share."""
    return {"hours": sentences.hours(), "weekdays": sentences.weekdays(),
            "frequencies": sentences.frequencies(), "way_name": sentences.way_name}


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
