"""The counter: a clerk signs somebody up who stands before him, or calls.

The inbox confirms itself here too: by the link in the mail, or by the code of the SMS, which
its owner reads out, now or later by telephone. The clerk learns no more than the form does
elsewhere: whether an address was known before is not told.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.datastructures import MultiDict

from channels.base import Channel
from civic_push.db import db, utcnow
from civic_push.languages import LANGUAGES
from civic_push.staff.roles import Can
from civic_push.web import asking, choosing, sentences
from civic_push.web.asking import COUNTER
from civic_push.web.confirming import try_code
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import (
    TYPED_ADDRESSES,
    Typed,
    offer,
    read_address,
    read_choices,
    read_inboxes,
    ways,
)
from civic_push.web.language import CHOICES, PLAIN
from civic_push.web.protection import limiter
from civic_push.web.signup import LOOKING, form_words, places_and_count
from subscriptions.leaving import leave
from subscriptions.models import Contact, Register
from subscriptions.signup import Given, Wording

HOW = "counter"  # how a consent record says that a clerk entered the code, or ended it


def _by_clerk() -> str:
    return f"clerk {current_user.get_id()}"


@desk.get("/schalter")
@needs(Can.COUNTER)
def counter() -> str:
    """An empty form for the next person."""
    return _show(Typed(MultiDict([("sprache", "de"), ("form", "standard"),
                                  ("einwilligung_in", "de")])))


@desk.post("/schalter")
@needs(Can.COUNTER)
@limiter.limit("120 per hour", key_func=_by_clerk)
def counter_submit() -> ResponseReturnValue:
    """Store what the person wants, and ask the inboxes to confirm."""
    now, typed, offered = utcnow(), Typed(request.form), offer(db.session())
    if typed.text("was") in LOOKING:
        return _show(typed)
    choices = read_choices(typed, offered)
    inboxes = read_inboxes(typed, _ways())
    if not inboxes and not typed.errors.keys() & set(TYPED_ADDRESSES):
        typed.errors["wege"] = _("Geben Sie eine Handynummer oder eine E-Mail-Adresse ein.")
    wording = _read_consent(typed)
    if typed.errors or wording is None:
        return _show(typed), 422
    note("counter.signed_up", ("counter", ""), None, {
        "channels": [i.channel for i in inboxes], "consent": wording.given})
    asking.sign_up(choices, inboxes, wording, now, COUNTER)
    return redirect(url_for("desk.counter_done"), 303)


@desk.get("/schalter/fertig")
@needs(Can.COUNTER)
def counter_done() -> str:
    """What the person has to do now; the code can be entered at once."""
    return render_template("desk/counter_done.html", typed=Typed(),
                           entries=asking.waiting(COUNTER), way_name=sentences.way_name)


@desk.get("/schalter/code")
@needs(Can.COUNTER)
def counter_code() -> str:
    """For those who call later and read their code out."""
    return render_template("desk/counter_code.html", typed=Typed())


@desk.post("/schalter/code")
@needs(Can.COUNTER)
@limiter.limit("120 per hour", key_func=_by_clerk)
def counter_confirm() -> ResponseReturnValue:
    """Check a code, or (`was=neu`) send a new one."""
    started, now, typed = time.monotonic(), utcnow(), Typed(request.form)
    number = _read(typed, "nummer", "sms")
    contact = asking.find("sms", number) if number else None
    if not typed.errors and typed.text("was") == "neu":
        return _send_code(typed, contact, now, started)
    if not typed.text("code"):
        typed.errors["code"] = _("Geben Sie die sechs Ziffern aus der SMS ein.")
    elif not typed.errors and (verdict := try_code(contact, typed.text("code"), now, HOW)):
        typed.errors["code"] = verdict
    db.session.commit()
    asking.level(started)
    if typed.errors:
        return render_template("desk/counter_code.html", typed=typed), 422
    flash(_("Die Handynummer ist bestätigt. Ab jetzt kommen die Meldungen."), "success")
    waits = asking.waiting_for("sms", COUNTER)
    if waits is None or waits.address != number:
        return redirect(url_for("desk.counter_code"), 303)
    asking.mark_done(waits, COUNTER)
    return redirect(url_for("desk.counter_done"), 303)


@desk.get("/schalter/abmelden")
@needs(Can.COUNTER)
def counter_leave() -> str:
    """For those who want no more messages and cannot end them themselves."""
    return render_template("desk/counter_leave.html", typed=Typed())


@desk.post("/schalter/abmelden")
@needs(Can.COUNTER)
@limiter.limit("60 per hour", key_func=_by_clerk)
def counter_end() -> ResponseReturnValue:
    """End the contact; the answer is the same whether there was one."""
    now, typed = utcnow(), Typed(request.form)
    name = "email" if "@" in typed.text("kontakt") else "sms"
    address = _read(typed, "kontakt", name)
    if typed.errors:
        return render_template("desk/counter_leave.html", typed=typed), 422
    contact = asking.find(name, address)
    if contact is not None:
        leave(db.session(), [contact.id], HOW, now)
    note("counter.ended", ("counter", ""), None, {"channel": name})
    db.session.commit()
    flash(_("Unter dieser Adresse kommen keine Meldungen mehr an."), "success")
    return redirect(url_for("desk.counter_leave"), 303)


@desk.get("/schalter/einwilligung")
@needs(Can.COUNTER)
def counter_sheet() -> str:
    """The consent text to print or to read out, in the words `?in=…` asks for."""
    wanted = request.args.get("in", "de")
    wanted = wanted if wanted in CHOICES else "de"
    with _speaking(wanted):
        return render_template("counter_sheet.html", wanted=wanted, wordings=CHOICES,
                               consent=sentences.consent())


def _show(typed: Typed) -> str:
    offered = replace(offer(db.session()), channels=_ways())
    return render_template(
        "desk/counter.html", typed=typed, offered=offered, wordings=CHOICES, given=Given,
        consent=_consent(typed), **places_and_count(typed, offered),
        **form_words())


def _ways() -> dict[str, Channel]:
    """What works without a device of one's own at the counter."""
    return {name: way for name, way in ways().items() if name in TYPED_ADDRESSES}


def _read_consent(typed: Typed) -> Wording | None:
    """The wording agreed to and how it was given; errors go to `typed`."""
    given = typed.text("gegeben")
    if given not in (Given.PRINTED, Given.READ_OUT):
        typed.errors["gegeben"] = _("Wählen Sie, wie die Person den Text bekommen hat.")
    if not typed.ticked("einwilligung"):
        typed.errors["einwilligung"] = _("Ohne Einwilligung geht es nicht. Setzen Sie das "
                                         "Häkchen, wenn die Person zugestimmt hat.")
    if typed.errors:
        return None
    return replace(_consent(typed), given=Given(given), staff_id=current_user.id)


def _consent(typed: Typed) -> Wording:
    with _speaking(typed.text("einwilligung_in")):
        return sentences.consent()


def _speaking(choice: str) -> AbstractContextManager[None]:
    """Speak like one of CHOICES."""
    plain = choice == PLAIN
    return choosing.speaking(choice if choice in LANGUAGES else "de",
                             Register.PLAIN if plain else Register.STANDARD)


def _read(typed: Typed, field: str, name: str) -> str:
    """The address in a field; errors go to `typed`."""
    channel = _ways().get(name)
    address = read_address(typed, field, name, channel) if channel else None
    if address is None and field not in typed.errors:
        typed.errors[field] = sentences.about_address(f"{name}_malformed")
    return address or ""


def _send_code(typed: Typed, contact: Contact | None, now: datetime, started: float
               ) -> ResponseReturnValue:
    if contact is not None:
        asking.send_again(contact, now)
    asking.level(started)
    flash(_("Wir haben noch eine SMS geschickt, wenn es heute nicht schon drei waren."))
    return render_template("desk/counter_code.html", typed=typed)
