"""Claiming and recording, always set-wise. Elsewhere a delivery's state changes only where
somebody ends it (`cutting_off`, `endings`, `residents`) or sends again (`again`).

A claim is a conditional UPDATE that writes a lease, so that no two workers hold one row; a
worker that dies keeps nothing longer than its lease.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from civic_push.db import is_sqlite, one_of, read_only
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.pause_models import HELD
from subscriptions.models import Contact, Subscriber, Subscription

WORKER_ENDED = "The worker ended while handing this over."


class Claimed(NamedTuple):
    """One leased delivery with all that sending it needs. The reason is the subscription's
    topic and neighbourhood (None: all); `subscription_id` is None where that no longer
    exists, `address` where the contact has left."""

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


class Earlier(NamedTuple):
    """What an inbox got before: the provider's name of it, and whether other announcements
    were in the same message."""

    receipt: str
    digest: bool


class Record(NamedTuple):
    """What becomes of one delivery. `due_at` only for WAITING."""

    id: int
    state: State
    due_at: datetime | None = None
    receipt: str = ""
    error: str = ""
    parts: int = 0
    count_attempt: bool = True


def claim(session: Session, channel: str, lane: str, limit: int, now: datetime,
          lease: timedelta) -> list[Claimed]:
    """Lease up to `limit` due deliveries, oldest due first, and commit."""
    due = (
        select(Delivery.id)
        .where(*_claimable(channel, lane, now))
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due"))
    return _lease(session, Delivery.id.in_(select(due.c.id)), now + lease)


def claim_digests(session: Session, channel: str, lane: str, limit: int, now: datetime,
                  lease: timedelta) -> list[Claimed]:
    """Lease all that is due in this lane for up to `limit` contacts, and commit: a digest is
    whole.

    The contacts' rows are locked first, so that no two workers share one contact."""
    some = (select(Delivery.contact_id).where(*_claimable(channel, lane, now))
            .order_by(Delivery.due_at).limit(limit * 4))
    contacts = session.scalars(
        select(Contact.id).where(Contact.id.in_(some)).order_by(Contact.id).limit(limit)
        .with_for_update(skip_locked=True)).all()
    if not contacts:  # all of them have left: claim the rows, so that they end
        return claim(session, channel, lane, limit, now, lease)
    return _lease(session, and_(Delivery.contact_id.in_(contacts),
                                *_claimable(channel, lane, now)), now + lease)


def _claimable(channel: str, lane: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Due, and nobody's. A lease that ran out is nobody's: its worker is gone. Where a repeat
    is not harmless, `free_leases` sees to that the delivery does not wait any more."""
    return (Delivery.channel == channel, Delivery.lane == lane,
            Delivery.state == State.WAITING, Delivery.due_at <= now,
            or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now))


def _lease(session: Session, which: ColumnElement[bool], until: datetime) -> list[Claimed]:
    """Write the leases, commit, and return the deliveries with all that sending them needs.

    PostgreSQL does both in one statement, without looking the rows up again. SQLite knows no
    such statement; there the reading comes after the commit, so that other writers wait less."""
    leased = update(Delivery).where(which).values(
        leased_until=until, attempts=Delivery.attempts + 1)
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
        "subscription_id", "follows_id")


def _with_recipients(d: ReadOnlyColumnCollection[str, Any]) -> Select[Any]:
    """Deliveries, of which `d` are the columns, in the order of Claimed's fields."""
    contact, subscriber = Contact.__table__, Subscriber.__table__
    reason = Subscription.__table__
    return (
        select(d.id, d.announcement_id, d.contact_id, d.outlet, d.purpose, d.attempts,
               d.expires_at, contact.c.address, subscriber.c.language, subscriber.c.register,
               contact.c.challenge, reason.c.topic_id, reason.c.neighbourhood_id, reason.c.id,
               d.follows_id)
        .join_from(d.id.table, contact, contact.c.id == d.contact_id, isouter=True)
        .outerjoin(subscriber, subscriber.c.id == contact.c.subscriber_id)
        .outerjoin(reason, reason.c.id == d.subscription_id))


_RECORD_SQLITE = text("""
    UPDATE delivery SET
        state = v.value ->> 1,
        due_at = coalesce(v.value ->> 2, due_at),
        receipt = v.value ->> 3, error = v.value ->> 4, parts = v.value ->> 5,
        attempts = attempts - (v.value ->> 6),
        sent_at = CASE WHEN v.value ->> 1 = 'sent' THEN :now END,
        leased_until = NULL
    FROM json_each(:rows) AS v
    WHERE delivery.id = v.value ->> 0 AND delivery.state = 'waiting'""")

_RECORD_POSTGRESQL = text("""
    UPDATE delivery SET
        state = v.state,
        due_at = coalesce(v.due_at, delivery.due_at),
        receipt = v.receipt, error = v.error, parts = v.parts,
        attempts = attempts - v.uncounted,
        sent_at = CASE WHEN v.state = 'sent' THEN CAST(:now AS timestamptz) END,
        leased_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:due AS timestamptz[]),
                CAST(:receipts AS text[]), CAST(:errors AS text[]), CAST(:parts AS int[]),
                CAST(:uncounted AS int[]))
        AS v(id, state, due_at, receipt, error, parts, uncounted)
    WHERE delivery.id = v.id AND delivery.state = 'waiting'""")


def record(session: Session, records: Iterable[Record], now: datetime) -> None:
    """Write what became of leased deliveries, in one statement. The caller commits."""
    rows = [(r.id, r.state.value, r.due_at, r.receipt or None, r.error or None, r.parts,
             0 if r.count_attempt else 1) for r in records]
    if not rows:
        return
    if is_sqlite(session.connection()):
        session.execute(_RECORD_SQLITE, {"rows": json.dumps(rows, default=_sqlite_time),
                                         "now": _sqlite_time(now)})
    else:
        names = ("ids", "states", "due", "receipts", "errors", "parts", "uncounted")
        session.execute(_RECORD_POSTGRESQL, {
            "now": now, **{name: list(column) for name, column in
                         zip(names, zip(*rows, strict=True), strict=True)}})


def _sqlite_time(moment: datetime) -> str:
    """Naive UTC as text, as SQLAlchemy stores it there."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def earlier(session: Session, ids: Sequence[int]) -> dict[int, Earlier]:
    """What became of deliveries that others follow, by id."""
    rows = session.execute(select(Delivery.id, Delivery.receipt, Delivery.lane)
                           .where(one_of(session, Delivery.id, ids)))
    return {number: Earlier(receipt or "", lane.endswith(Lane.DIGEST))  # "held digest" too
            for number, receipt, lane in rows}


def extend(session: Session, ids: Sequence[int], until: datetime) -> None:
    """Lengthen the lease of deliveries that a slow provider still works on."""
    session.execute(
        update(Delivery).where(one_of(session, Delivery.id, ids), Delivery.state == State.WAITING)
        .values(leased_until=until).execution_options(synchronize_session=False))


def free_leases(session: Session, now: datetime, unrepeatable: Sequence[str]) -> dict[str, int]:
    """End deliveries whose worker died on a channel where a repeat costs money or annoys:
    what became of them is unknown. Elsewhere they are claimed again. Return how many, by
    channel."""
    return _end(session, and_(
        Delivery.channel.in_(unrepeatable), Delivery.state == State.WAITING,
        Delivery.due_at <= now, Delivery.leased_until <= now), State.UNKNOWN, WORKER_ENDED)


def expire(session: Session, now: datetime) -> dict[str, int]:
    """End what is due but stale. Return how many, by channel; what an editor held back until
    then is not among them."""
    return _end(session, and_(
        Delivery.state == State.WAITING, Delivery.due_at <= now, Delivery.expires_at <= now,
        Delivery.leased_until.is_(None)), State.EXPIRED)


def _end(session: Session, which: ColumnElement[bool], state: State, error: str | None = None
         ) -> dict[str, int]:
    """End waiting deliveries and count them by channel, in the database: there may be many."""
    ended = update(Delivery).where(which).values(
        state=state, leased_until=None, error=error or Delivery.error)
    number = func.count().filter(~Delivery.lane.startswith(HELD))
    if is_sqlite(session.connection()):  # nobody else writes between the two
        rows = session.execute(select(Delivery.channel, number).where(which)
                               .group_by(Delivery.channel)).all()
        if rows:
            session.execute(ended.execution_options(synchronize_session=False))
    else:
        done = ended.returning(Delivery.channel, Delivery.lane).cte("done")
        rows = session.execute(select(
            done.c.channel, func.count().filter(~done.c.lane.startswith(HELD)))
            .group_by(done.c.channel)).all()
    return {channel: count for channel, count in rows if count}


def parts_since(session: Session, channel: str, since: datetime) -> int:
    """How many paid parts (SMS segments) left this channel since then."""
    return session.scalar(
        select(func.coalesce(func.sum(Delivery.parts), 0))
        .where(Delivery.channel == channel, Delivery.sent_at >= since,
               text("delivery.parts > 0"))) or 0  # as ix_delivery_paid has it
