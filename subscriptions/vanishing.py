"""What becomes of sign-ups that nobody confirms: after a week nothing is left of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session

from subscriptions.knocking import A_DAY
from subscriptions.models import Consent, Contact, ContactState, Knock, Subscriber

PENDING_LIFE = timedelta(days=7)
_AT_ONCE = 5_000  # contacts; the clock comes again


def vanish_unconfirmed(session: Session, now: datetime) -> int:
    """Delete contacts that were not confirmed in time, with what hangs on them.
    Return how many."""
    stale = session.scalars(
        select(Contact.id)
        .where(Contact.state == ContactState.PENDING, Contact.created_at < now - PENDING_LIFE)
        .limit(_AT_ONCE)
    ).all()
    if stale:
        session.execute(unconfirmed(stale))
        session.execute(delete(Contact).where(Contact.id.in_(stale)))
    session.execute(delete(Subscriber).where(
        Subscriber.created_at < now - PENDING_LIFE,
        ~select(Contact.id).where(Contact.subscriber_id == Subscriber.id).exists()))
    session.execute(delete(Knock).where(Knock.since < now - A_DAY))
    return len(stale)


def unconfirmed(contact_ids: Sequence[int]) -> Delete:
    """The statement that forgets what these contacts were asked but never confirmed."""
    return delete(Consent).where(Consent.contact_id.in_(contact_ids),
                                 Consent.confirmed_at.is_(None))
