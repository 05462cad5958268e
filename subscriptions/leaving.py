"""Ending contacts. What ends is deleted; only the hashed proof of consent remains."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from subscriptions.models import Consent, Contact, Subscriber


def leave(session: Session, contact_ids: Collection[int], reason: str, now: datetime) -> int:
    """End these contacts, and every subscriber left without one. `reason` is a word for
    the consent record: "link", "one-click", "stop", "gone", "erased". Return how many
    contacts ended; those already gone are not counted (leaving twice is no error)."""
    if not contact_ids:
        return 0
    owners = set(session.scalars(
        select(Contact.subscriber_id).where(Contact.id.in_(contact_ids))))
    session.execute(
        update(Consent)
        .where(Consent.contact_id.in_(contact_ids), Consent.ended_at.is_(None))
        .values(ended_at=now, ended_reason=reason)
        .execution_options(synchronize_session=False))
    ended = session.execute(
        delete(Contact).where(Contact.id.in_(contact_ids))
        .execution_options(synchronize_session="fetch"))
    session.execute(
        delete(Subscriber)
        .where(Subscriber.id.in_(owners),
               ~select(Contact.id).where(Contact.subscriber_id == Subscriber.id).exists())
        .execution_options(synchronize_session="fetch"))
    return int(ended.rowcount)  # type: ignore[attr-defined]


def leave_all(session: Session, subscriber_id: int, reason: str, now: datetime) -> int:
    """End every contact of a subscriber, and so the subscriber. Return how many."""
    ids = session.scalars(
        select(Contact.id).where(Contact.subscriber_id == subscriber_id)).all()
    return leave(session, ids, reason, now)
