"""What a resident was sent lately, and why: the ledger in their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from sqlalchemy import select

from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from civic_push.delivery.models import Delivery, Purpose, State
from civic_push.delivery.residents import (
    PAUSED,
    Sent,
    announcements_of,
    deliveries_since,
    purpose_told,
)
from civic_push.web import links, sentences
from civic_push.web.language import _, language, moment
from civic_push.web.masking import masked
from civic_push.web.preferences import own_contacts
from civic_push.web.protection import keep_private
from subscriptions.models import Contact, Neighbourhood, Subscription, Topic

pages = Blueprint("own_history", __name__)
pages.after_request(keep_private)

DAYS = 30  # how far back a resident looks
PAGE = 50  # deliveries on a page


@dataclass(frozen=True, slots=True)
class Way:
    """One delivery: by which contact, and what became of it."""

    contact: Contact
    state: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was sent, and on which ways. `announcement` is None for links and codes."""

    title: str
    language: str
    announcement: int | None
    reason: str
    ways: list[Way]


@pages.get("/einstellungen/offen/<token>/verlauf")
def show(token: str) -> str:
    """What was sent in the last 30 days; `?weg=…` narrows it to a contact, `?seite=…` turns
    the page."""
    now = utcnow()
    page = links.to_page(token, now)
    contacts = own_contacts(page.subscriber)
    chosen = request.args.get("weg", 0, type=int)
    some = [c for c in contacts if c.id == chosen] or contacts
    number = min(max(1, request.args.get("seite", 1, type=int)), 10_000)
    rows = deliveries_since(db.session(), [c.id for c in some], now - timedelta(days=DAYS),
                            PAGE + 1, (number - 1) * PAGE)
    return render_template(
        "preferences_history.html", page=page, entries=_entries(rows[:PAGE], some, now),
        more=len(rows) > PAGE, number=number, contacts=contacts, days=DAYS, masked=masked,
        chosen=chosen if len(some) < len(contacts) else 0, way_name=sentences.way_name)


def _entries(rows: Sequence[Sent], contacts: list[Contact], now: datetime) -> list[Entry]:
    said = announcements_of(db.session(), rows)
    topics = {t.id: t.title(language()) for t in db.session.scalars(select(Topic))}
    places = {n.id: n.name for n in db.session.scalars(select(Neighbourhood))}
    mine = {contact.id: contact for contact in contacts}
    entries: list[Entry] = []
    for delivery, subscription in rows:
        contact = mine[delivery.contact_id or 0]
        announcement = said.get(delivery.announcement_id or 0)
        if not (entries and announcement and entries[-1].announcement == announcement.id):
            reason = _reason(delivery, subscription, topics, places)
            entries.append(_entry(delivery, announcement, contact, reason))
        entries[-1].ways.append(Way(contact, _state(delivery, now)))
    return entries


def _entry(delivery: Delivery, announcement: Announcement | None, contact: Contact,
           reason: str) -> Entry:
    if announcement is None:
        return Entry(_purpose(purpose_told(delivery, contact)), language(), None, reason, [])
    text = announcement.text(contact.subscriber.language, contact.subscriber.register)
    return Entry(text.title, text.language, announcement.id, reason, [])


def _reason(delivery: Delivery, subscription: Subscription | None, topics: dict[int, str],
            places: dict[int, str]) -> str:
    """Why it was sent."""
    if delivery.purpose != Purpose.ANNOUNCEMENT:
        return ""
    if subscription is None:
        return _("Das hatten Sie damals gewählt.")
    topic = topics.get(subscription.topic_id or 0) or _("alle Themen")
    place = places.get(subscription.neighbourhood_id or 0) or _("die ganze Stadt")
    return _("Sie haben „%(topic)s“ für %(place)s gewählt.", topic=topic, place=place)


def _purpose(purpose: Purpose) -> str:
    """What was sent, where it was no announcement."""
    words = {Purpose.CONFIRM: _("Bitte um Bestätigung"), Purpose.WELCOME: _("Begrüßung"),
             Purpose.KNOWN: _("Hinweis, dass Sie schon angemeldet sind"),
             Purpose.MANAGE: _("Link zu Ihren Einstellungen"),
             Purpose.UNITE: _("Frage, ob Ihre Einstellungen vereint werden sollen"),
             Purpose.TEST: _("Probe-Benachrichtigung"),
             Purpose.STAND_IN: _("Hinweis, dass die Meldungen jetzt hierher kommen"),
             Purpose.GOODBYE: _("Bestätigung der Abmeldung")}
    return words.get(purpose, _("Nachricht"))


def _state(delivery: Delivery, now: datetime) -> str:
    """What became of it."""
    if delivery.state == State.SENT:
        return _("verschickt am %(when)s", when=moment(delivery.sent_at or delivery.created_at))
    if delivery.state == State.WAITING:
        if delivery.due_at > now:
            return _("kommt am %(when)s", when=moment(delivery.due_at))
        return _("wird gerade verschickt")
    if delivery.state == State.CANCELLED and delivery.error == PAUSED:
        return _("nicht verschickt, weil Sie pausiert haben")
    return {State.REFUSED: _("konnte nicht verschickt werden"),
            State.GONE: _("nicht zustellbar: Die Adresse gibt es nicht mehr"),
            State.UNKNOWN: _("vermutlich verschickt; eine Bestätigung fehlt"),
            State.EXPIRED: _("nicht verschickt, weil es nicht mehr aktuell war"),
            State.CANCELLED: _("nicht verschickt")}[State(delivery.state)]
