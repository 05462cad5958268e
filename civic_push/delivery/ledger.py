"""Recording what became of what was claimed, always set-wise. Elsewhere a delivery's state
changes only where somebody ends it (`cutting_off`, `endings`, `residents`) or sends again
(`again`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.orm import Session

from civic_push.db import is_sqlite, one_of
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.pause_models import HELD

WORKER_ENDED = "The worker ended while handing this over."
PERHAPS = "Perhaps sent: "
"""Begins the reason of a delivery that was handed over without an answer and is tried again.
Whatever ends it but an answer leaves it unknown: a correction has to follow it."""


class Earlier(NamedTuple):
    """What somebody got before: the provider's name of it, whether other announcements were in
    the same message, and on which channel: a lost browser's is not its stand-in's."""

    receipt: str
    digest: bool
    channel: str


class Record(NamedTuple):
    """What becomes of one delivery. `due_at` only for WAITING."""

    id: int
    state: State
    due_at: datetime | None = None
    receipt: str = ""
    error: str = ""
    parts: int = 0
    count_attempt: bool = True


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
    rows = session.execute(
        select(Delivery.id, Delivery.receipt, Delivery.lane, Delivery.channel)
        .where(one_of(session, Delivery.id, ids)))
    # "held digest" is one, too
    return {number: Earlier(receipt or "", lane.endswith(Lane.DIGEST), channel)
            for number, receipt, lane, channel in rows}


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
    then is not among them, nor what may have arrived: that is unknown."""
    stale = (Delivery.state == State.WAITING, Delivery.due_at <= now, Delivery.expires_at <= now,
             Delivery.leased_until.is_(None))
    _end(session, and_(*stale, Delivery.error.startswith(PERHAPS)), State.UNKNOWN)
    return _end(session, and_(*stale), State.EXPIRED)


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
