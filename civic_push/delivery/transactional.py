"""Messages that answer something a resident just did: confirmations, links, welcomes.

They go through the same ledger as everything else, in the lane that never waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Delivery, Lane, Purpose
from subscriptions.models import Contact

LIFE = timedelta(hours=48)  # how long a confirmation is worth sending, and its link holds
DAILY_LIMIT = 3  # per contact and purpose: nobody's inbox is flooded through our form


def write(session: Session, contact: Contact, purpose: Purpose, now: datetime) -> bool:
    """Write one transactional delivery, to leave after the caller's commit and `ring`.

    Returns False, writing nothing, where this contact has had DAILY_LIMIT of them within
    24 hours."""
    recent = session.scalar(
        select(func.count()).select_from(Delivery).where(
            Delivery.contact_id == contact.id, Delivery.purpose == purpose,
            Delivery.created_at > now - timedelta(hours=24)))
    if (recent or 0) >= DAILY_LIMIT:
        return False
    session.add(Delivery(
        contact_id=contact.id, purpose=purpose, channel=contact.channel,
        lane=Lane.TRANSACTIONAL, due_at=now, expires_at=now + LIFE, created_at=now))
    return True


def ring(channel: str) -> None:
    """Wake a worker for this channel's transactional lane. Call it after the commit."""
    tasks.enqueue(Lane.TRANSACTIONAL, drain, channel, Lane.TRANSACTIONAL)
