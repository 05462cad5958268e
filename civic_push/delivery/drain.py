"""drain(channel, lane): claim what is due, hand it over in batches, record what became of it.

One job works for a couple of seconds and then rings for its successor, so that a worker
looks at the lanes before this one again: a confirmation never waits behind a bulk run.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from flask import current_app

from channels.base import Channel, Kind, Outcome
from civic_push import tasks
from civic_push.config import settings
from civic_push.db import db, read_only, utcnow
from civic_push.delivery import claiming, ledger, pauses, rate, tallies
from civic_push.delivery.budget import BUDGET, spent_until
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.endings import take_over
from civic_push.delivery.envelopes import Packer, Parcel
from civic_push.delivery.ledger import PERHAPS, Record
from civic_push.delivery.models import Lane, State
from subscriptions.leaving import leave

SLICE = 2.0  # seconds a job works before it looks again
BACKOFF = (60, 300, 1800, 7200, 21600)  # seconds; the last one is repeated until expires_at
_FINAL = {Kind.SENT: State.SENT, Kind.REFUSED: State.REFUSED, Kind.GONE: State.GONE,
          Kind.UNKNOWN: State.UNKNOWN}
FLUSH_AFTER = 0.5  # seconds between two records of outcomes …
FLUSH_SIZE = 500  # … or so many outcomes


def drain(channel_name: str, lane: str) -> None:
    """Job: send what is due on one channel and lane, for SLICE seconds."""
    channel = current_app.extensions["channels"].get(channel_name)
    if channel is None:
        return
    ends = time.monotonic() + SLICE
    packer = Packer(db.session(), channel, lane, utcnow())
    while time.monotonic() < ends:
        granted_at = time.time()
        granted = rate.take(tasks.connection(), channel_name, channel.per_second,
                            channel.batch_size, granted_at)
        if not granted:
            if tasks.others_wait(drain, channel_name) or not rate.wait(channel.per_second, ends):
                return  # a worker that sleeps helps nobody; the clock rings in two seconds
            continue
        claimed, sent = _drain_batch(channel, lane, granted, packer)
        rate.give_back(tasks.connection(), channel_name, channel.per_second, granted - sent,
                       granted_at)
        if not claimed:
            return
    tasks.ring(lane, drain, (channel_name, lane))


def _drain_batch(channel: Channel, lane: str, limit: int, packer: Packer) -> tuple[int, int]:
    """Claim, send and record one batch. Return how many deliveries it held, and in how many
    envelopes those that could leave did."""
    session, now = db.session(), utcnow()
    if pauses.paused_until(session, channel.name, now):
        session.rollback()
        return 0, 0
    if until := spent_until(session, channel.name, settings(), now):
        pauses.pause_until(session, channel.name, BUDGET, until)
        session.commit()
        return 0, 0
    claim = claiming.claim_digests if lane == Lane.DIGEST else claiming.claim
    claimed = claim(session, channel.name, lane, limit, now, _lease(),
                    *(() if channel.repeatable else (claiming.NEVER_LEASED,)))
    with read_only(session):
        parcels, unsent = packer.pack(claimed, now)
    if unsent:
        ledger.record(session, unsent, now)
        _count_late(channel, unsent, now)
        session.commit()
    _hand_over(channel, parcels)  # nothing stays open while we talk to the provider
    return len(claimed), len(parcels)


def _hand_over(channel: Channel, parcels: list[Parcel]) -> None:
    """Send parcels and record their outcomes as they come."""
    open_parcels = {p.envelope.id: p for p in parcels}
    leased = time.monotonic()
    whole: Outcome | None = None
    sent = False
    for outcomes in _in_turns(channel.send([p.envelope for p in parcels])):
        now = utcnow()
        done = [(open_parcels.pop(key), outcome) for key, outcome in outcomes]
        whole = next((o for _, o in done if o.whole), whole)
        sent = sent or any(o.kind == Kind.SENT for _, o in done)
        _record(channel, done, now)
        if time.monotonic() - leased > _lease().total_seconds() / 3 and open_parcels:
            ledger.extend(db.session(), [d.id for p in open_parcels.values()
                                         for d in p.deliveries], now + _lease())
            leased = time.monotonic()
        db.session().commit()
    _rest_or_resume(channel, whole, sent)


def _lease() -> timedelta:
    return timedelta(seconds=settings().lease_seconds)


def _in_turns(outcomes: Iterator[tuple[int, Outcome]]) -> Iterator[list[tuple[int, Outcome]]]:
    """Group outcomes so that the ledger hears of them soon, but not one by one."""
    group: list[tuple[int, Outcome]] = []
    flushed = time.monotonic()
    for outcome in outcomes:
        group.append(outcome)
        if len(group) >= FLUSH_SIZE or time.monotonic() - flushed > FLUSH_AFTER:
            yield group
            group, flushed = [], time.monotonic()
    if group:
        yield group


def _record(channel: Channel, done: Iterable[tuple[Parcel, Outcome]], now: datetime) -> None:
    records, gone = [], []
    for parcel, outcome in done:
        # what is paid for is paid once, however many deliveries a digest holds
        for first, delivery in enumerate(parcel.deliveries):
            records.append(to_record(delivery, outcome, channel.repeatable, now,
                                     parts=0 if first else outcome.parts))
        if outcome.kind == Kind.GONE:
            gone += [d.contact_id for d in parcel.deliveries[:1] if d.contact_id]
    ledger.record(db.session(), records, now)
    if gone:
        take_over(db.session(), gone, now)
        leave(db.session(), gone, "gone", now)
    tallies.count(db.session(), channel.name, (outcome for _parcel, outcome in done), now)
    _count_late(channel, records, now)


def _count_late(channel: Channel, records: Iterable[Record], now: datetime) -> None:
    """Tell the tallies what will never leave because it is stale."""
    late = [record.error for record in records if record.state == State.EXPIRED]
    if late:
        tallies.add(db.session(), {channel.name: len(late)}, tallies.EXPIRED, now, late[-1])


def to_record(delivery: Claimed, outcome: Outcome, repeatable: bool, now: datetime,
              parts: int = 0) -> Record:
    """What one outcome makes of one delivery."""
    if outcome.kind == Kind.LATER or (outcome.kind == Kind.UNKNOWN and repeatable):
        wait = max(BACKOFF[min(delivery.attempts, len(BACKOFF)) - 1], outcome.after or 0)
        if outcome.whole:  # not this message's fault: due again when the channel's rest ends
            wait = outcome.after or 0
        due = now + timedelta(seconds=wait)
        perhaps = outcome.kind == Kind.UNKNOWN or delivery.perhaps_sent
        error = (PERHAPS if perhaps else "") + outcome.detail
        if due >= delivery.expires_at:
            return Record(delivery.id, State.UNKNOWN if perhaps else State.EXPIRED, error=error)
        return Record(delivery.id, State.WAITING, due_at=due, error=error,
                      count_attempt=not outcome.whole)
    return Record(delivery.id, _FINAL[outcome.kind], receipt=outcome.receipt[:200],
                  error=outcome.detail, parts=parts)


def _rest_or_resume(channel: Channel, whole: Outcome | None, sent: bool) -> None:
    """Pause a channel whose provider failed wholesale; forget old failures otherwise."""
    session = db.session()
    if whole is not None and (not sent or whole.after is not None):
        pauses.pause(session, channel.name, whole.detail, utcnow(), whole.after)
    elif sent:
        pauses.resume(session, channel.name, utcnow())
    session.commit()
