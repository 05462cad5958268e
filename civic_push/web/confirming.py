"""Confirming an inbox: by the link in a mail, or by the code of an SMS."""

from __future__ import annotations

import time
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.delivery.endings import confirm
from civic_push.web import asking, choice_words, links, sentences
from civic_push.web.forms import Typed
from civic_push.web.language import _
from civic_push.web.masking import masked
from civic_push.web.own_contacts import united
from civic_push.web.preferences import own_contacts
from civic_push.web.protection import keep_private, limiter, wider_network
from civic_push.web.signup import next_steps
from subscriptions.codes import may_try
from subscriptions.models import Contact, ContactState
from subscriptions.uniting import is_in_use

pages = Blueprint("confirming", __name__)
pages.after_request(keep_private)


@pages.get("/bestaetigen/<token>")
def by_link(token: str) -> str:
    """A button for what is pending (mail scanners follow links, they press no buttons);
    the good news for what is confirmed."""
    contact = links.to_confirm(token, utcnow())
    if is_in_use(db.session(), contact):
        return render_template("unite.html", contact=contact, masked=masked,
                               way_name=sentences.way_name)
    return render_template("confirm.html", pending=contact.state == ContactState.PENDING,
                           facts=choice_words.of_contact(db.session(), contact),
                           others=[c for c in own_contacts(contact.subscriber) if c is not contact],
                           masked=masked, way_name=sentences.way_name)


@pages.post("/bestaetigen/<token>")
def confirm_link(token: str) -> Response:
    """Confirm, once or again."""
    now = utcnow()
    contact = links.to_confirm(token, now)
    if is_in_use(db.session(), contact):
        return united(contact, now)
    confirm(db.session(), contact, "link", now)
    db.session.commit()
    return redirect(url_for("confirming.by_link", token=token), 303)


@pages.get("/code")
def code_form() -> Response:
    """Where the SMS's code is entered."""
    return redirect(url_for("signup.done"), 303)


@pages.post("/code")
@limiter.limit("240 per hour", key_func=wider_network)
@limiter.limit("60 per hour")
def confirm_code() -> Response | tuple[str, int]:
    """Check the six digits; after five wrong ones a new code is needed."""
    started, now = time.monotonic(), utcnow()
    entry = asking.waiting_for("sms")
    if entry is None:
        return redirect(url_for("signup.done"), 303)
    typed = Typed(request.form)
    verdict = try_code(asking.contact_of(entry), typed.text("code"), now)
    db.session.commit()
    asking.level(started)
    if verdict:
        typed.errors["code"] = verdict
        return next_steps(typed), 422
    asking.mark_done(entry)
    flash(_("Ihre Handynummer ist bestätigt."), "success")
    return redirect(url_for("signup.done"), 303)


@pages.post("/code/neu")
@limiter.limit("40 per hour", key_func=wider_network)
@limiter.limit("10 per hour")
def new_code() -> Response:
    """Send another code, or (the visitor cannot tell) the note that the number is known."""
    started, now = time.monotonic(), utcnow()
    entry = asking.waiting_for("sms")
    contact = asking.contact_of(entry) if entry else None
    if contact is not None:
        asking.send_again(contact, now)
    asking.level(started)
    flash(_("Wir haben Ihnen noch eine SMS geschickt. Nach drei SMS am Tag ist Schluss; "
            "versuchen Sie es sonst morgen wieder."))
    return redirect(url_for("signup.done"), 303)


def try_code(contact: Contact | None, code: str, now: datetime, how: str = "code") -> str:
    """Confirm with a code. Return what is wrong, or "": one sentence for all that can be,
    because from two anybody could learn who is subscribed."""
    if (contact is None or not may_try(db.session(), contact, now)
            or not links.tokens().check_code(contact.id, contact.challenge, code)):
        return _("Dieser Code stimmt nicht oder gilt nicht mehr. Prüfen Sie die sechs Ziffern aus "
                 "der neuesten SMS. Nach fünf falschen Codes hilft nur eine neue SMS. Hilft auch "
                 "die nicht, versuchen Sie es morgen wieder.")
    confirm(db.session(), contact, how, now)
    return ""
