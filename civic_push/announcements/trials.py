"""Sending an announcement to oneself, as readers would get it.

It goes to the account's own address and, for the other channels, to inboxes that are signed
up beside that address like any resident's: who confirmed them is the same person, so no
inbox of somebody else's can be named here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from civic_push.delivery.models import Delivery, Lane, Purpose, Trial
from civic_push.staff.models import Staff
from subscriptions.models import Contact, ContactState
from subscriptions.seals import Seals

MOST_AN_HOUR = 30  # deliveries; SMS among them cost money
_LIFE = timedelta(hours=1)
_KEPT = timedelta(days=7)


class TooManyTrials(Exception):
    """Somebody has sent himself more than is any use."""


def own_contacts(session: Session, seals: Seals, staff: Staff) -> Sequence[Contact]:
    """Somebody's own inboxes besides his mail address: active, and of the same subscriber as
    that address."""
    mine = aliased(Contact)
    return session.scalars(
        select(Contact).join(mine, mine.subscriber_id == Contact.subscriber_id)
        .where(mine.channel == "email", mine.state == ContactState.ACTIVE,
               mine.fingerprint == seals.fingerprint("email", staff.email.lower()),
               Contact.state == ContactState.ACTIVE, Contact.channel != "email",
               Contact.stands_in.is_(False))
        .order_by(Contact.channel, Contact.id)).all()


def order(session: Session, staff: Staff, announcement_id: int, contacts: Collection[Contact],
          language: str, register: str, now: datetime, by_mail: bool = True) -> list[str]:
    """Write trials for these inboxes, to leave after the caller's commit and a
    `transactional.ring` for each of the channels returned. Raises TooManyTrials."""
    session.execute(delete(Trial).where(Trial.staff_id == staff.id,
                                        Trial.created_at < now - _KEPT))
    recent = session.scalar(select(func.count()).select_from(Trial).where(
        Trial.staff_id == staff.id, Trial.created_at > now - timedelta(hours=1))) or 0
    if recent + len(contacts) + by_mail > MOST_AN_HOUR:
        raise TooManyTrials
    rows = [Delivery(contact_id=one.id, channel=one.channel) for one in contacts]
    if by_mail:
        rows.append(Delivery(outlet=staff.email, channel="email"))
    for row in rows:
        row.purpose, row.lane = Purpose.TRIAL, Lane.TRANSACTIONAL
        row.due_at = row.created_at = now
        row.expires_at = now + _LIFE
    session.add_all(rows)
    session.flush()
    session.add_all(Trial(
        delivery_id=row.id, staff_id=staff.id, announcement_id=announcement_id,
        language=language, register=register, created_at=now) for row in rows)
    session.flush()
    return sorted({row.channel for row in rows})
