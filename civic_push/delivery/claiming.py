"""Claiming: a worker takes what is due, so that nobody else does.

A claim is a conditional UPDATE that writes a lease, so that no two workers hold one row; a
worker that dies keeps nothing longer than its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from civic_push.db import is_sqlite, one_of, read_only
from civic_push.delivery.ledger import PERHAPS, WORKER_ENDED
from civic_push.delivery.models import Delivery, State
from subscriptions.models import Contact, Subscriber, Subscription

NEVER_LEASED = Delivery.leased_until.is_(None)
"""Nobody has begun to hand it over. Of what was, `ledger.free_leases` ends what must not be
repeated."""


class Claimed(NamedTuple):
    """One leased delivery with all that sending it needs. The reason is the subscription's
    topic and neighbourhood (None: all); `subscription_id` is None where that no longer
    exists, `address` where the contact has left. Quiet hours are those of now."""

    id: int
    announcement_id: int | None
    contact_id: int | None
    outlet: str | None
    purpose: str
    attempts: int
    expires_at: datetime
    address: bytes | None
    language: str | None
    register: str | None
    challenge: int | None
    topic_id: int | None
    neighbourhood_id: int | None
    subscription_id: int | None
    follows_id: int | None = None
    error: str | None = None
    quiet_from: int | None = None
    quiet_to: int | None = None

    @property
    def perhaps_sent(self) -> bool:
        """Whether it was handed over before, and nobody knows whether it arrived."""
        return bool(self.error and self.error.startswith(PERHAPS))


def claim(session: Session, channel: str, lane: str, limit: int, now: datetime,
          lease: timedelta, *members: ColumnElement[bool]) -> list[Claimed]:
    """Lease up to `limit` due deliveries, oldest due first, and commit. `members`: only those
    of which these hold, too; NEVER_LEASED where a repeat is not harmless."""
    due = (
        select(Delivery.id)
        .where(*_claimable(channel, lane, now), *members)
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due"))
    return _lease(session, Delivery.id.in_(select(due.c.id)), now + lease)


def claim_digests(session: Session, channel: str, lane: str, limit: int, now: datetime,
                  lease: timedelta, *members: ColumnElement[bool]) -> list[Claimed]:
    """Lease all that is due in this lane for up to `limit` contacts, and commit: a digest is
    whole.

    The contacts' rows are locked first, so that no two workers share one contact. Where none
    is left to lock, others have them, or they are gone: then their rows are claimed, to end."""
    some = (select(Delivery.contact_id).where(*_claimable(channel, lane, now), *members)
            .order_by(Delivery.due_at).limit(limit * 4))
    contacts = session.scalars(
        select(Contact.id).where(Contact.id.in_(some)).order_by(Contact.id).limit(limit)
        .with_for_update(skip_locked=True)).all()
    if not contacts:
        return claim(session, channel, lane, limit, now, lease, *members,
                     ~exists().where(Contact.id == Delivery.contact_id))
    return _lease(session, and_(Delivery.contact_id.in_(contacts),
                                *_claimable(channel, lane, now), *members), now + lease)


def _claimable(channel: str, lane: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Due, and nobody's. A lease that ran out is nobody's: its worker is gone."""
    return (Delivery.channel == channel, Delivery.lane == lane,
            Delivery.state == State.WAITING, Delivery.due_at <= now,
            or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now))


def _lease(session: Session, which: ColumnElement[bool], until: datetime) -> list[Claimed]:
    """Write the leases, commit, and return the deliveries with all that sending them needs.
    What a worker that is gone had leased, he has perhaps sent.

    PostgreSQL does both in one statement, without looking the rows up again. SQLite knows no
    such statement; there the reading comes after the commit, so that other writers wait less."""
    leased = update(Delivery).where(which).values(
        leased_until=until, attempts=Delivery.attempts + 1,
        error=case((Delivery.leased_until.is_not(None), PERHAPS + WORKER_ENDED),
                   else_=Delivery.error))
    if is_sqlite(session.connection()):
        ids = session.scalars(leased.returning(Delivery.id).execution_options(
            synchronize_session=False)).all()
        session.commit()
        with read_only(session):
            rows = session.execute(_with_recipients(Delivery.__table__.c).where(
                one_of(session, Delivery.id, ids))).all()
    else:
        rows = session.execute(_with_recipients(
            leased.returning(*(Delivery.__table__.c[name] for name in _OWN)).cte("leased").c)
        ).all()
        session.commit()
    return list(map(Claimed._make, rows))


_OWN = ("id", "announcement_id", "contact_id", "outlet", "purpose", "attempts", "expires_at",
        "subscription_id", "follows_id", "error")


def _with_recipients(d: ReadOnlyColumnCollection[str, Any]) -> Select[Any]:
    """Deliveries, of which `d` are the columns, in the order of Claimed's fields."""
    contact, subscriber = Contact.__table__, Subscriber.__table__
    reason = Subscription.__table__
    return (
        select(d.id, d.announcement_id, d.contact_id, d.outlet, d.purpose, d.attempts,
               d.expires_at, contact.c.address, subscriber.c.language, subscriber.c.register,
               contact.c.challenge, reason.c.topic_id, reason.c.neighbourhood_id, reason.c.id,
               d.follows_id, d.error, subscriber.c.quiet_from, subscriber.c.quiet_to)
        .join_from(d.id.table, contact, contact.c.id == d.contact_id, isouter=True)
        .outerjoin(subscriber, subscriber.c.id == contact.c.subscriber_id)
        .outerjoin(reason, reason.c.id == d.subscription_id))
