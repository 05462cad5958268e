"""Preferences: asking for the link, and changing everything behind it."""

from __future__ import annotations

import time

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.delivery.models import Purpose
from civic_push.web import asking, links, sentences
from civic_push.web.forms import (
    TYPED_ADDRESSES,
    Offer,
    Typed,
    offer,
    read_address,
    read_choices,
    read_inboxes,
    read_rhythm,
    show_choices,
    show_rhythm,
    ways,
)
from civic_push.web.language import _
from civic_push.web.masking import masked
from civic_push.web.own_data import everything_about
from civic_push.web.protection import keep_private, limiter
from civic_push.web.signup import form_words
from subscriptions.leaving import leave, leave_all
from subscriptions.models import Contact, ContactState
from subscriptions.preferences import change, change_rhythm, choices_of

pages = Blueprint("preferences", __name__)
pages.after_request(keep_private)


@pages.get("/einstellungen")
def ask() -> str:
    """Where the link to one's preferences is asked for."""
    return render_template("preferences_ask.html", typed=Typed(), sent=False, ways=ways())


@pages.post("/einstellungen")
@limiter.limit("30 per hour")
def send_link() -> str | tuple[str, int]:
    """Send the link; the answer is the same whether the address is known or not."""
    started, now = time.monotonic(), utcnow()
    typed, channels = Typed(request.form), ways()
    name = "email" if "@" in typed.text("kontakt") else "sms"
    address = None
    if name not in channels or not typed.text("kontakt"):
        typed.errors["kontakt"] = _("Geben Sie die E-Mail-Adresse oder Handynummer ein, mit der "
                                    "Sie sich angemeldet haben.")
    else:
        address = read_address(typed, "kontakt", name, channels[name])
    if typed.errors:
        return render_template("preferences_ask.html", typed=typed, sent=False,
                               ways=channels), 422
    contact = asking.find(name, address) if address else None
    if contact is not None:
        asking.send(contact, Purpose.MANAGE if contact.state == ContactState.ACTIVE
                    else Purpose.CONFIRM, now)
    asking.level(started)
    return render_template("preferences_ask.html", typed=Typed(), sent=True, ways=channels)


@pages.get("/einstellungen/<token>")
def show(token: str) -> str:
    """What is stored, ready to be changed."""
    contact = links.to_manage(token, utcnow())
    return _show(token, contact, Typed(_stored(contact)), Typed(), offer(db.session()))


@pages.post("/einstellungen/<token>")
def save(token: str) -> Response | tuple[str, int]:
    """Change choices and how often each contact is written to."""
    contact = links.to_manage(token, utcnow())
    typed, offered = Typed(request.form), offer(db.session())
    choices = read_choices(typed, offered)
    if typed.errors:
        return _show(token, contact, typed, Typed(), offered), 422
    change(db.session(), contact.subscriber, choices)
    for other in contact.subscriber.contacts:
        change_rhythm(other, *read_rhythm(typed, f"k{other.id}"))
    db.session.commit()
    flash(_("Ihre Einstellungen sind gespeichert."), "success")
    return redirect(url_for("preferences.show", token=token), 303)


@pages.post("/einstellungen/<token>/neu")
@limiter.limit("30 per hour")
def add(token: str) -> Response | tuple[str, int]:
    """Add a contact, which has to be confirmed as in a sign-up."""
    started, now = time.monotonic(), utcnow()
    contact = links.to_manage(token, now)
    typed, offered = Typed(request.form), offer(db.session())
    inboxes = read_inboxes(typed, offered.channels)
    if not inboxes and not typed.errors:
        typed.errors["wege"] = _("Wählen Sie mindestens einen Weg, zum Beispiel E-Mail.")
    if not typed.ticked("einwilligung"):
        typed.errors["einwilligung"] = _("Ohne Ihre Einwilligung dürfen wir Ihnen nichts "
                                         "schicken. Setzen Sie bitte das Häkchen.")
    if typed.errors:
        return _show(token, contact, Typed(_stored(contact)), typed, offered), 422
    asking.sign_up_another(contact.subscriber, inboxes, sentences.consent(), now)
    asking.level(started)
    return redirect(url_for("signup.done"), 303)


@pages.post("/einstellungen/<token>/abmelden")
def remove(token: str) -> str | Response:
    """End one contact (`kontakt`) or all of them (`was=alles`)."""
    now = utcnow()
    contact = links.to_manage(token, now)
    if request.form.get("was") == "alles":
        leave_all(db.session(), contact.subscriber_id, "link", now)
        db.session.commit()
        return render_template("left.html")
    chosen = request.form.get("kontakt", 0, type=int)
    mine = [c.id for c in contact.subscriber.contacts if c.id == chosen]
    leave(db.session(), mine, "link", now)
    db.session.commit()
    if chosen == contact.id:
        return render_template("left.html")
    flash(_("Dieser Kanal ist abgemeldet."), "success")
    return redirect(url_for("preferences.show", token=token), 303)


@pages.get("/einstellungen/<token>/daten.json")
def copy(token: str) -> Response:
    """Everything stored about the subscriber (Art. 15 and 20 GDPR)."""
    contact = links.to_manage(token, utcnow())
    response = jsonify(everything_about(db.session(), contact.subscriber))
    response.headers["Content-Disposition"] = "attachment; filename=civic-push.json"
    return response


def _stored(contact: Contact) -> MultiDict[str, str]:
    values = show_choices(choices_of(contact.subscriber))
    for other in contact.subscriber.contacts:
        values.update(show_rhythm(other, f"k{other.id}"))
    return values


def _show(token: str, contact: Contact, typed: Typed, adding: Typed, offered: Offer) -> str:
    contacts = sorted(contact.subscriber.contacts, key=lambda c: c.id)
    return render_template(
        "preferences.html", token_text=token, contact=contact, contacts=contacts, typed=typed,
        adding=adding, offered=offered, masked=masked, consent=sentences.consent(),
        typed_addresses=TYPED_ADDRESSES, **form_words())
