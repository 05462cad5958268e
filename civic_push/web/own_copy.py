"""The copy that a resident takes along (Art. 15 and 20 GDPR); docs/own-data.md is its
description."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.config import settings
from civic_push.delivery.residents import Sent, announcements_of, deliveries_since, purpose_told
from civic_push.web.asking import seals
from subscriptions.models import Consent, Contact, Neighbourhood, Subscriber, Topic
from subscriptions.seals import UnreadableAddress

FORMAT = "civic-push/own-data/1"
"""Change it whenever a reader of the file would have to change."""

Names = tuple[dict[int, str], dict[int, str]]
"""The topics' and the neighbourhoods' names by id."""


def everything_about(session: Session, subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    """Choices, contacts, consents and deliveries of a subscriber, as JSON values; times are
    ISO 8601 in UTC."""
    names = ({topic.id: topic.name for topic in session.scalars(select(Topic))},
             {place.id: place.name for place in session.scalars(select(Neighbourhood))})
    return {
        "format": FORMAT, "exported_at": _time(now), "controller": settings().sender,
        "service": settings().public_url,
        "language": subscriber.language, "register": subscriber.register,
        "quiet_from": subscriber.quiet_from, "quiet_to": subscriber.quiet_to,
        "paused_until": _time(subscriber.paused_until),
        "created_at": _time(subscriber.created_at),
        "subscriptions": [_wanted(s.topic_id, s.neighbourhood_id, names)
                          for s in subscriber.subscriptions],
        "contacts": [_contact(session, contact, names)
                     for contact in sorted(subscriber.contacts, key=lambda c: c.id)],
    }


def _wanted(topic_id: int | None, place_id: int | None, names: Names) -> dict[str, str | None]:
    """What was asked for; None is all topics, the whole town."""
    topics, places = names
    return {"topic": topics.get(topic_id or 0), "neighbourhood": places.get(place_id or 0)}


def _contact(session: Session, contact: Contact, names: Names) -> dict[str, Any]:
    consents = session.scalars(select(Consent).where(Consent.contact_id == contact.id)
                               .order_by(Consent.asked_at))
    return {
        "channel": contact.channel, "address": _address(contact), "state": contact.state,
        "frequency": contact.frequency, "digest_hour": contact.digest_hour,
        "digest_weekday": contact.digest_weekday, "stands_in": contact.stands_in,
        "created_at": _time(contact.created_at), "verified_at": _time(contact.verified_at),
        "consents": [
            {"wording_version": c.wording_version, "wording": c.wording, "given": c.given,
             "asked_at": _time(c.asked_at), "confirmed_at": _time(c.confirmed_at),
             "confirmed_by": c.confirmed_by} for c in consents],
        "deliveries": _deliveries(
            session, contact, deliveries_since(session, [contact.id], None), names),
    }


def _deliveries(session: Session, contact: Contact, rows: Sequence[Sent], names: Names
                ) -> list[dict[str, Any]]:
    said = announcements_of(session, rows)
    return [
        {"announcement": d.announcement_id, "title": _title(said.get(d.announcement_id or 0)),
         "purpose": purpose_told(d, contact), "state": d.state,
         "reason": _wanted(why.topic_id, why.neighbourhood_id, names) if why else None,
         "created_at": _time(d.created_at), "due_at": _time(d.due_at),
         "sent_at": _time(d.sent_at)}
        for d, why in rows]


def _title(announcement: Announcement | None) -> str | None:
    return announcement.title if announcement else None


def _address(contact: Contact) -> str | None:
    if contact.address is None:
        return None
    try:
        return seals().open(contact.channel, contact.address)
    except UnreadableAddress:
        return None


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
