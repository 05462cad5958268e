"""Leaving: as easy as joining, from every message, with one press."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.web import links, sentences
from civic_push.web.masking import masked
from civic_push.web.protection import csrf, keep_private, without_token
from subscriptions.leaving import leave, leave_all

pages = Blueprint("leaving", __name__)
pages.after_request(keep_private)


@pages.get("/abmelden/<token>")
def ask(token: str) -> str:
    """What would end, and the buttons that do it. Nothing ends by opening this page."""
    contact = links.to_leave(token, utcnow())
    if contact is None:
        return render_template("left.html")
    others = [c for c in contact.subscriber.contacts if c.id != contact.id]
    return render_template("leave.html", contact=contact, others=others, masked=masked,
                           way_name=sentences.way_name)


@pages.post("/abmelden/<token>")
@without_token  # what must be protected is, below
def end(token: str) -> str | Response:
    """End one contact or all. Mail programs press here too (RFC 8058): without cookies, so
    without a form token; their form says `List-Unsubscribe=One-Click`."""
    one_click = request.form.get("List-Unsubscribe") == "One-Click"
    if not one_click:
        csrf.protect()
    now = utcnow()
    contact = links.to_leave(token, now)
    if contact is not None:
        if request.form.get("was") == "alles" and not one_click:
            leave_all(db.session(), contact.subscriber_id, "link", now)
        else:
            leave(db.session(), [contact.id], "one-click" if one_click else "link", now)
        db.session.commit()
    return render_template("left.html")
