"""One's own contacts: adding, confirming, replacing, removing, uniting."""

from __future__ import annotations

import time
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.delivery.endings import confirm
from civic_push.web import asking, links, sentences
from civic_push.web.forms import TYPED_ADDRESSES, Typed, read_address, read_inboxes, ways
from civic_push.web.language import _
from civic_push.web.links import OpenPage
from civic_push.web.masking import masked
from civic_push.web.preferences import render, show_page
from civic_push.web.protection import keep_private, limiter, wider_network
from subscriptions.leaving import leave
from subscriptions.models import Contact, ContactState
from subscriptions.preferences import wake_stand_ins
from subscriptions.signup import Inbox
from subscriptions.tokens import Purpose

pages = Blueprint("own_contacts", __name__, url_prefix="/einstellungen/offen/<token>")
pages.after_request(keep_private)

MOST = 12  # contacts of one subscriber: more is no household any more


@pages.post("/neu")
@limiter.limit("120 per hour", key_func=wider_network)
@limiter.limit("30 per hour")
def add(token: str) -> Response | tuple[str, int]:
    """Add contacts, which have to be confirmed as in a sign-up."""
    started, now = time.monotonic(), utcnow()
    page, typed = links.to_page(token, now), Typed(request.form)
    inboxes = read_inboxes(typed, ways())
    if not inboxes and not typed.errors:
        typed.errors["wege"] = _("Wählen Sie mindestens einen Weg, zum Beispiel E-Mail.")
    if len(page.subscriber.contacts) + len(inboxes) > MOST:
        typed.errors["wege"] = _("Sie haben schon sehr viele Wege. Melden Sie zuerst einen ab.")
    for inbox in inboxes:
        _refuse_own(page, typed, inbox.channel, inbox.channel, inbox.address)
    _need_consent(typed)
    if typed.errors:
        return render(page, adding=typed), 422
    asking.sign_up_another(page.subscriber, inboxes, sentences.consent(), now)
    asking.level(started)
    return redirect(url_for("signup.done"), 303)


@pages.post("/bestaetigen")
@limiter.limit("30 per hour")
def verify(token: str) -> Response:
    """Send the confirmation of a pending contact (`kontakt`) again, and say how to go on."""
    now = utcnow()
    page = links.to_page(token, now)
    contact = _chosen(page, request.form.get("kontakt", 0, type=int))
    if contact is None or contact.state != ContactState.PENDING:
        return show_page(page.contact.id)  # confirmed or removed in another window
    asking.ask_again(contact, now)
    return redirect(url_for("signup.done"), 303)


@pages.get("/wege/<int:contact_id>")
def replacing(token: str, contact_id: int) -> str | Response:
    """Where a new address for a contact is entered."""
    page = links.to_page(token, utcnow())
    contact = _chosen(page, contact_id)
    if contact is None or contact.channel not in TYPED_ADDRESSES:
        return show_page(page.contact.id)
    return _show_replacing(page, contact, Typed())


@pages.post("/wege/<int:contact_id>")
@limiter.limit("120 per hour", key_func=wider_network)
@limiter.limit("30 per hour")
def replace(token: str, contact_id: int) -> str | Response | tuple[str, int]:
    """Ask the new address to confirm; the old one goes on until it has."""
    started, now = time.monotonic(), utcnow()
    page, typed = links.to_page(token, now), Typed(request.form)
    contact = _chosen(page, contact_id)
    if contact is None or contact.channel not in TYPED_ADDRESSES:
        return show_page(page.contact.id)
    address = _read_new(page, typed, contact.channel)
    _need_consent(typed)
    if typed.errors or address is None:
        return _show_replacing(page, contact, typed), 422
    inbox = Inbox(contact.channel, address, contact.frequency, contact.digest_hour,
                  contact.digest_weekday)
    asking.sign_up_another(page.subscriber, [inbox], sentences.consent(), now, contact.id)
    asking.level(started)
    return redirect(url_for("signup.done"), 303)


@pages.post("/abmelden")
def remove(token: str) -> Response:
    """End one contact (`kontakt`). The page stays open while another one is left."""
    now = utcnow()
    page = links.to_page(token, now)
    contact = _chosen(page, request.form.get("kontakt", 0, type=int))
    if contact is None:
        return show_page(page.contact.id)
    own, subscriber = contact.id == page.contact.id, page.subscriber
    left = [c.id for c in subscriber.contacts
            if c.state == ContactState.ACTIVE and c is not contact]
    woken = wake_stand_ins(db.session(), subscriber, contact)
    leave(db.session(), [contact.id], "link", now)
    db.session.commit()
    if not left:
        token = links.tokens().make(Purpose.LEAVE, page.contact.id)
        return redirect(url_for("leaving.ask", token=token), 303)
    flash(_("Dieser Weg ist abgemeldet. Ab jetzt kommen die Meldungen auf dem Weg, der bisher "
            "nur Ersatz war.") if woken else _("Dieser Weg ist abgemeldet."), "success")
    return show_page(left[0] if own else page.contact.id)


def united(claim: Contact, now: datetime) -> Response:
    """Confirm a contact that claims an address in use (`Contact.claimed`), and show whose
    settings are now one."""
    subscriber = claim.subscriber
    confirm(db.session(), claim, "link", now)
    db.session.commit()
    contact = min((c for c in subscriber.contacts if c.state == ContactState.ACTIVE),
                  key=lambda c: c.id)
    flash(_("Ihre Einstellungen sind vereint. Sehen Sie nach, ob alles so stimmt."), "success")
    return show_page(contact.id)


def _chosen(page: OpenPage, contact_id: int) -> Contact | None:
    """One of the subscriber's own contacts."""
    return next((c for c in page.subscriber.contacts if c.id == contact_id), None)


def _read_new(page: OpenPage, typed: Typed, channel: str) -> str | None:
    """The new address of a contact; None with an error in `typed`."""
    channels = ways()
    if channel not in channels:
        typed.errors["neu"] = _("Dieser Weg ist zurzeit nicht eingerichtet. Bitte versuchen Sie "
                                "es später noch einmal.")
        return None
    if not typed.text("neu"):
        typed.errors["neu"] = (_("Geben Sie die neue E-Mail-Adresse ein.") if channel == "email"
                               else _("Geben Sie die neue Handynummer ein."))
        return None
    address = read_address(typed, "neu", channel, channels[channel])
    _refuse_own(page, typed, "neu", channel, address)
    return address


def _refuse_own(page: OpenPage, typed: Typed, field: str, channel: str, address: str | None
                ) -> None:
    """An address that is one's own already needs no adding. Others' are not told of."""
    contact = asking.find(channel, address) if address else None
    if (contact is not None and contact.state == ContactState.ACTIVE
            and contact.subscriber_id == page.subscriber.id):
        typed.errors[field] = _("Diese Adresse haben Sie schon angemeldet.")


def _need_consent(typed: Typed) -> None:
    if not typed.ticked("einwilligung"):
        typed.errors["einwilligung"] = _("Ohne Ihre Einwilligung dürfen wir Ihnen nichts "
                                         "schicken. Setzen Sie bitte das Häkchen.")


def _show_replacing(page: OpenPage, contact: Contact, typed: Typed) -> str:
    return render_template("preferences_replace.html", page=page, contact=contact, typed=typed,
                           masked=masked, consent=sentences.consent(),
                           way_name=sentences.way_name)
