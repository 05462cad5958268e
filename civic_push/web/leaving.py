"""Leaving: as easy as joining, from every message, with one press."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.web import links, sentences
from civic_push.web.language import _
from civic_push.web.masking import masked
from civic_push.web.protection import csrf, keep_private, without_token
from subscriptions.leaving import REASONS, give_reason, leave, leave_all, may_give_reason

pages = Blueprint("leaving", __name__)
pages.after_request(keep_private)


@pages.get("/abmelden/<token>")
def ask(token: str) -> str:
    """What would end, and the buttons that do it; or that it has ended. Nothing ends by
    opening this page, nor by scripts on it: there are none that press."""
    now = utcnow()
    contact = links.to_leave(token, now)
    if contact is None:
        asked = may_give_reason(db.session(), links.tokens().contact_id(token), now)
        return render_template("left.html", token_text=token, reasons=_reasons() if asked else ())
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
    if one_click:
        return render_template("left.html")  # RFC 8058 section 3.1: no redirect
    return redirect(url_for("leaving.ask", token=token), 303)


@pages.post("/abmelden/<token>/grund")
def explain(token: str) -> Response:
    """Note why somebody left, if they care to say. It stands beside the ended consent, which
    holds no address any more, and is only ever counted."""
    now = utcnow()
    if links.to_leave(token, now) is None and request.form.get("grund") in REASONS:
        give_reason(db.session(), links.tokens().contact_id(token), request.form["grund"], now)
        db.session.commit()
        flash(_("Danke. Das hilft uns, den Dienst zu verbessern."), "success")
    return redirect(url_for("leaving.ask", token=token), 303)


def _reasons() -> list[tuple[str, str]]:
    """What may be said, by the word that is stored."""
    words = {"too_many": _("Es waren zu viele Meldungen"),
             "not_for_me": _("Die Meldungen haben mich nicht betroffen"),
             "unclear": _("Die Meldungen waren schwer zu verstehen"),
             "other_way": _("Ich informiere mich lieber anders"),
             "moved": _("Ich wohne nicht mehr hier")}
    return [(reason, words[reason]) for reason in REASONS]
