"""Preferences: asking for the link, and changing everything behind it.

A link holds for days, because it stands in every message; the page it opens holds for half
an hour, in one browser (links.open_page), and can be kept open longer.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.delivery.models import Purpose
from civic_push.delivery.residents import drop_until
from civic_push.web import asking, links, sentences
from civic_push.web.forms import (
    TYPED_ADDRESSES,
    Offer,
    Typed,
    offer,
    read_address,
    read_choices,
    read_rhythm,
    show_choices,
    show_rhythm,
    ways,
)
from civic_push.web.language import _, moment
from civic_push.web.links import OpenPage
from civic_push.web.masking import masked
from civic_push.web.protection import keep_private, limiter
from civic_push.web.signup import form_words
from subscriptions.models import Contact, ContactState, Subscriber
from subscriptions.preferences import (
    LONGEST_PAUSE,
    change,
    change_rhythm,
    choices_of,
    is_mixed,
    is_paused,
    pause_end,
)
from subscriptions.timing import TOWN_TIME

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
    if contact is not None and contact.state == ContactState.ACTIVE:
        asking.send(contact, Purpose.MANAGE, now)
    elif contact is not None and contact.state == ContactState.PENDING:
        asking.remind(contact, now)
    asking.level(started)
    return render_template("preferences_ask.html", typed=Typed(), sent=True, ways=channels)


@pages.get("/einstellungen/<token>")
def open_link(token: str) -> Response:
    """Open the page behind a link. Opening one twice opens two pages; nothing is changed."""
    now = utcnow()
    return show_page(links.to_manage(token, now).id)


@pages.get("/einstellungen/offen/<token>")
def show(token: str) -> str:
    """What is stored, ready to be changed."""
    page = links.to_page(token, utcnow())
    return render(page)


@pages.post("/einstellungen/offen/<token>")
def save(token: str) -> Response | tuple[str, int]:
    """Change choices and how often each contact is written to."""
    page = links.to_page(token, utcnow())
    typed = Typed(request.form)
    choices = read_choices(typed, _offer(page.subscriber))
    if typed.errors:
        return render(page, typed), 422
    change(db.session(), page.subscriber, choices)
    for contact in page.subscriber.contacts:
        _change_contact(contact, typed)
    db.session.commit()
    flash(_("Ihre Einstellungen sind gespeichert."), "success")
    return show_page(page.contact.id)


@pages.post("/einstellungen/offen/<token>/verlaengern")
def extend(token: str) -> str | Response:
    """Keep the page open longer, with what is typed and not saved yet. For scripts: JSON
    {"token", "seconds" (left), "until" (ISO 8601), "words" (the same, to read)}."""
    now = utcnow()
    before = links.to_page(token, now)
    page = links.to_page(links.open_page(before.contact.id, now), now)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"token": page.token, "seconds": page.seconds,
                        "until": page.until.isoformat(), "words": moment(page.until, "time")})
    if "ortsteil" in request.form or "thema" in request.form:
        return render(page, Typed(request.form))
    return show_page(page.contact.id)


@pages.post("/einstellungen/offen/<token>/schliessen")
def close(token: str) -> Response:
    """Close the pages of this browser, which may be a library's."""
    links.to_page(token, utcnow())
    links.close_pages()
    flash(_("Ihre Einstellungen sind geschlossen. Andere können sie hier nicht mehr öffnen."),
          "success")
    return redirect(url_for("preferences.ask"), 303)


@pages.post("/einstellungen/offen/<token>/pause")
def pause(token: str) -> Response | tuple[str, int]:
    """Pause until the end of a day (`pause_bis`), or end the pause (`was=beenden`)."""
    now = utcnow()
    page = links.to_page(token, now)
    subscriber, typed = page.subscriber, Typed(request.form)
    if typed.text("was") == "beenden":
        subscriber.paused_until = None
        db.session.commit()
        flash(_("Die Pause ist beendet. Ab jetzt bekommen Sie wieder Meldungen."), "success")
        return show_page(page.contact.id)
    day = _read_day(typed, now.astimezone(TOWN_TIME).date())
    if day is None:
        return render(page, pausing=typed), 422
    until = subscriber.paused_until = pause_end(day)
    drop_until(db.session(), [c.id for c in subscriber.contacts], until, now)
    db.session.commit()
    flash(_("Ihre Pause dauert bis zum %(day)s.", day=_until(subscriber)), "success")
    return show_page(page.contact.id)


def show_page(contact_id: int) -> Response:
    """Go to the settings this contact belongs to, open from now on."""
    return redirect(url_for("preferences.show", token=links.open_page(contact_id, utcnow())), 303)


def render(page: OpenPage, typed: Typed | None = None, *, adding: Typed | None = None,
           pausing: Typed | None = None) -> str:
    """The page with what is stored, or with what was typed in one of its forms."""
    subscriber, now = page.subscriber, utcnow()
    today = now.astimezone(TOWN_TIME).date()
    return render_template(
        "preferences.html", page=page, contacts=own_contacts(subscriber),
        typed=typed or Typed(_stored(subscriber)), adding=adding or Typed(),
        pausing=pausing or Typed(), offered=_offer(subscriber), masked=masked,
        consent=sentences.consent(), typed_addresses=TYPED_ADDRESSES,
        paused=_until(subscriber) if is_paused(subscriber, now) else "",
        today=today.isoformat(), latest=(today + LONGEST_PAUSE).isoformat(),
        mixed=is_mixed(subscriber), has_push=_has_push(subscriber), **form_words())


def _offer(subscriber: Subscriber) -> Offer:
    """What there is to choose, and what this subscriber has already."""
    return offer(db.session(), [s.topic_id for s in subscriber.subscriptions if s.topic_id])


def own_contacts(subscriber: Subscriber) -> list[Contact]:
    """A subscriber's contacts in their order."""
    return sorted((c for c in subscriber.contacts if c.state != ContactState.LEAVING),
                  key=lambda contact: contact.id)


def _stored(subscriber: Subscriber) -> MultiDict[str, str]:
    values = show_choices(choices_of(subscriber))
    for contact in subscriber.contacts:
        values.update(show_rhythm(contact, f"k{contact.id}"))
        if contact.stands_in:
            values[f"k{contact.id}_ersatz"] = "ja"
    return values


def _change_contact(contact: Contact, typed: Typed) -> None:
    """Store what the form said about a contact, if it stood there: it may be younger."""
    prefix = f"k{contact.id}"
    if f"{prefix}_oft" not in typed.values:
        return
    change_rhythm(contact, *read_rhythm(typed, prefix))
    if contact.channel != "push" and _has_push(contact.subscriber):
        contact.stands_in = typed.ticked(f"{prefix}_ersatz")


def _has_push(subscriber: Subscriber) -> bool:
    """Whether there is a browser that another contact could stand in for."""
    return any(c.channel == "push" and c.state == ContactState.ACTIVE
               for c in subscriber.contacts)


def _read_day(typed: Typed, today: date) -> date | None:
    """The last day of the pause; None with an error in `typed`."""
    day = _day(typed.text("pause_bis"))
    if day is None:
        typed.errors["pause_bis"] = _(
            "Wählen Sie den letzten Tag der Pause, zum Beispiel %(day)s.",
            day=f"{today + timedelta(days=14):%d.%m.%Y}")
        return None
    if day < today:
        typed.errors["pause_bis"] = _("Dieser Tag ist schon vorbei. Wählen Sie heute oder einen "
                                      "späteren Tag.")
    elif day > today + LONGEST_PAUSE:
        typed.errors["pause_bis"] = _("Eine Pause dauert höchstens ein Jahr. Möchten Sie gar "
                                      "nichts mehr bekommen, melden Sie sich bitte ab.")
    return None if typed.errors else day


def _day(text: str) -> date | None:
    """A date as browsers send it, or as people type it where they have no calendar."""
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _until(subscriber: Subscriber) -> str:
    """The last day of a pause, in words."""
    assert subscriber.paused_until is not None
    return moment(subscriber.paused_until - timedelta(seconds=1), "date")
