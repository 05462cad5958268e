"""What the ledger holds about one resident: to show it, and to end what a pause drops."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session, selectinload

from channels.base import Urgency
from civic_push.announcements.models import Announcement
from civic_push.delivery.models import Delivery, Purpose, State
from subscriptions.models import Contact, ContactState, Subscription

PAUSED = "The resident has paused."

Sent = Row[Delivery, Subscription | None]
"""A delivery and the subscription it came for (None: there is none, or no longer)."""


def deliveries_since(session: Session, contact_ids: Collection[int], since: datetime | None,
                     limit: int | None = None, offset: int = 0) -> Sequence[Sent]:
    """Deliveries to these contacts, newest first, with their reasons."""
    query = (select(Delivery, Subscription)
             .outerjoin(Subscription, Subscription.id == Delivery.subscription_id)
             .where(Delivery.contact_id.in_(contact_ids))
             .order_by(Delivery.created_at.desc(), Delivery.announcement_id.desc(),
                       Delivery.id.desc())
             .limit(limit).offset(offset))
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    return session.execute(query).all()


def announcements_of(session: Session, rows: Sequence[Sent]) -> dict[int, Announcement]:
    """The announcements of these deliveries by id, with their texts."""
    ids = {delivery.announcement_id for delivery, _why in rows if delivery.announcement_id}
    return {a.id: a for a in session.scalars(
        select(Announcement).where(Announcement.id.in_(ids))
        .options(selectinload(Announcement.texts)))}


def purpose_told(delivery: Delivery, contact: Contact) -> Purpose:
    """What a delivery to this contact was for, as its owner may know it: who has not proved
    that an address is theirs does not learn that it is somebody's already."""
    purpose = Purpose(delivery.purpose)
    if purpose == Purpose.UNITE and contact.state != ContactState.ACTIVE:
        return Purpose.CONFIRM
    return purpose


def drop_until(session: Session, contact_ids: Collection[int], until: datetime, now: datetime
               ) -> int:
    """End what waits for these contacts and would leave before `until`, but for warnings
    of danger and what a worker is handing over. Return how many. The caller commits."""
    dangers = select(Announcement.id).where(Announcement.urgency == Urgency.DANGER)
    done = session.execute(
        update(Delivery)
        .where(Delivery.contact_id.in_(contact_ids), Delivery.state == State.WAITING,
               Delivery.purpose == Purpose.ANNOUNCEMENT, Delivery.due_at < until,
               or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
               Delivery.announcement_id.not_in(dangers))
        .values(state=State.CANCELLED, leased_until=None, error=PAUSED)
        .execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]
