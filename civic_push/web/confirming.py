"""Confirming an inbox: by the link in a mail, or by the code of an SMS."""

from __future__ import annotations

import time
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import update
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.web import asking, choice_words, links, sentences
from civic_push.web.forms import Typed
from civic_push.web.language import _
from civic_push.web.masking import masked
from civic_push.web.own_contacts import united
from civic_push.web.protection import keep_private, limiter
from civic_push.web.signup import next_steps
from subscriptions.models import Contact, ContactState
from subscriptions.signup import MAX_TRIES, confirm

pages = Blueprint("confirming", __name__)
pages.after_request(keep_private)


@pages.get("/bestaetigen/<token>")
def by_link(token: str) -> str:
    """A button for what is pending (mail scanners follow links, they press no buttons);
    the good news for what is confirmed."""
    contact = links.to_confirm(token, utcnow())
    if contact.claimed is not None:
        return render_template("unite.html", contact=contact, masked=masked,
                               way_name=sentences.way_name)
    return render_template("confirm.html", pending=contact.state == ContactState.PENDING,
                           facts=choice_words.of_contact(db.session(), contact))


@pages.post("/bestaetigen/<token>")
def confirm_link(token: str) -> Response:
    """Confirm, once or again."""
    now = utcnow()
    contact = links.to_confirm(token, now)
    if contact.claimed is not None:
        return united(contact, now)
    confirm(db.session(), contact, "link", now)
    db.session.commit()
    return redirect(url_for("confirming.by_link", token=token), 303)


@pages.get("/code")
def code_form() -> Response:
    """Where the SMS's code is entered."""
    return redirect(url_for("signup.done"), 303)


@pages.post("/code")
@limiter.limit("60 per hour")
def confirm_code() -> Response | tuple[str, int]:
    """Check the six digits; five wrong ones and a new code is needed."""
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
    """Confirm with a code. Return what is wrong, or "". One UPDATE counts the try, so that
    parallel guesses count too; a contact confirmed before counts like any other, because
    the visitor must not learn that it is."""
    counted = contact is not None and db.session.execute(
        update(Contact).where(Contact.id == contact.id, Contact.tries < MAX_TRIES)
        .values(tries=Contact.tries + 1).execution_options(synchronize_session=False)
    ).rowcount == 1  # type: ignore[attr-defined]
    if contact is None or not counted:
        return _("Das waren zu viele falsche Codes. Lassen Sie sich einen neuen schicken.")
    if not links.tokens().check_code(contact.id, contact.challenge, code):
        return _("Dieser Code stimmt nicht. Prüfen Sie die sechs Ziffern in der SMS.")
    confirm(db.session(), contact, how, now)
    return ""
