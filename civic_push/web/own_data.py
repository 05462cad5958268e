"""What is stored about a resident: shown, taken along, erased (Art. 15, 17 and 20 GDPR)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.web import links, sentences
from civic_push.web.language import _
from civic_push.web.masking import masked
from civic_push.web.own_copy import everything_about
from civic_push.web.preferences import own_contacts
from civic_push.web.protection import keep_private, limiter
from subscriptions.leaving import leave_all
from subscriptions.models import Consent, Contact

pages = Blueprint("own_data", __name__, url_prefix="/einstellungen/offen/<token>")
pages.after_request(keep_private)

@dataclass(frozen=True, slots=True)
class Given:
    """A consent with the contact it was given for."""

    contact: Contact
    consent: Consent


@pages.get("/daten")
def data(token: str) -> str:
    """Consents, the copy to take along, and erasing."""
    page = links.to_page(token, utcnow())
    contacts = own_contacts(page.subscriber)
    return render_template(
        "preferences_data.html", page=page, given=_given(contacts), ways=_ways_of_confirming(),
        years=settings().consent_years, masked=masked, way_name=sentences.way_name)


@pages.get("/daten.json")
@limiter.limit("30 per hour")
def copy(token: str) -> Response:
    """Everything stored about the subscriber, as docs/own-data.md describes it."""
    now = utcnow()
    page = links.to_page(token, now)
    response = jsonify(everything_about(db.session(), page.subscriber, now))
    response.headers["Content-Disposition"] = "attachment; filename=civic-push.json"
    return response


@pages.post("/loeschen")
def erase(token: str) -> str:
    """End every contact and delete all that hangs on them, but for the hashed proof."""
    now = utcnow()
    page = links.to_page(token, now)
    leave_all(db.session(), page.subscriber.id, "erased", now)
    db.session.commit()
    links.close_pages()
    return render_template("erased.html", years=settings().consent_years)


def _given(contacts: list[Contact]) -> list[Given]:
    """The consents of these contacts, in the order they were asked for."""
    mine = {contact.id: contact for contact in contacts}
    rows = db.session.scalars(select(Consent).where(Consent.contact_id.in_(mine))
                              .order_by(Consent.asked_at, Consent.id))
    return [Given(mine[row.contact_id], row) for row in rows]


def _ways_of_confirming() -> dict[str, str]:
    """How a consent was confirmed, in words."""
    return {"link": _("über den Link in der Nachricht"), "code": _("mit dem Code aus der SMS"),
            "start": _("mit „Start“ in Telegram"),
            "permission": _("mit der Erlaubnis im Browser")}
