"""What a resident may take along: everything stored about them (Art. 15 and 20 GDPR)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.delivery.models import Delivery
from civic_push.web.asking import seals
from subscriptions.models import Consent, Contact, Neighbourhood, Subscriber, Topic
from subscriptions.seals import UnreadableAddress


def everything_about(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """Choices, contacts, consents and deliveries of a subscriber, as JSON values; times are
    ISO 8601 in UTC."""
    topics = {topic.id: topic.name for topic in session.scalars(select(Topic))}
    places = {place.id: place.name for place in session.scalars(select(Neighbourhood))}
    return {
        "language": subscriber.language, "register": subscriber.register,
        "quiet_from": subscriber.quiet_from, "quiet_to": subscriber.quiet_to,
        "created_at": _time(subscriber.created_at),
        "subscriptions": [
            {"topic": topics.get(s.topic_id or 0), "neighbourhood": places.get(
                s.neighbourhood_id or 0)} for s in subscriber.subscriptions],
        "contacts": [_contact(session, contact) for contact in subscriber.contacts],
    }


def _contact(session: Session, contact: Contact) -> dict[str, Any]:
    consents = session.scalars(select(Consent).where(Consent.contact_id == contact.id))
    deliveries = session.scalars(
        select(Delivery).where(Delivery.contact_id == contact.id).order_by(Delivery.id))
    return {
        "channel": contact.channel, "address": _address(contact), "state": contact.state,
        "frequency": contact.frequency, "digest_hour": contact.digest_hour,
        "digest_weekday": contact.digest_weekday, "created_at": _time(contact.created_at),
        "verified_at": _time(contact.verified_at),
        "consents": [
            {"wording_version": c.wording_version, "wording": c.wording,
             "asked_at": _time(c.asked_at), "confirmed_at": _time(c.confirmed_at),
             "confirmed_by": c.confirmed_by} for c in consents],
        "deliveries": [
            {"announcement": d.announcement_id, "purpose": d.purpose, "state": d.state,
             "created_at": _time(d.created_at), "sent_at": _time(d.sent_at)}
            for d in deliveries],
    }


def _address(contact: Contact) -> str | None:
    if contact.address is None:
        return None
    try:
        return seals().open(contact.channel, contact.address)
    except UnreadableAddress:
        return None


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
