"""The audit trail: append-only, each entry sealed to the one before by SHA-256.

An entry's hash covers its content as canonical JSON (keys sorted, no blanks, UTF-8) with the
hash before it. Writers take turns, so that there is one chain. What a chain cannot show is
that its end was cut off: note the last hash elsewhere (`civic-push verify-audit` prints it,
the clock logs it each day) and ask for it later with `--expect`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from civic_push.db import is_sqlite, utcnow
from civic_push.staff.models import Staff, TrailEntry

COMMAND, CLOCK, STRANGER = "command", "clock", "stranger"
"""Actors that are nobody of the staff: the command line, the clock, who has not signed in."""

START = "0" * 64  # what the first entry names as the hash before it
_LOCK = 0x5472_6169_6C  # any number, the same in every process: PostgreSQL's advisory lock
_BATCH = 1000

Actor = Staff | str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many entries hold, the hash of the last one, and the number
    of the first that is broken."""

    entries: int
    last: str
    broken: int | None = None
    expected_seen: bool = True


def record(session: Session, actor: Actor, action: str, object_: tuple[str, object],
           before: object = None, after: object = None, now: datetime | None = None) -> None:
    """Append an entry, in the caller's transaction, which commits or loses both.

    `object_` is what it was done to, as ("announcement", 17). `before` and `after` are
    whatever JSON can say; nothing about residents belongs in them. On SQLite the transaction
    must be one that writes (any but a GET's)."""
    if not is_sqlite(session.connection()):  # there, a writing transaction has no rival
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    previous = last_hash(session)
    kind, object_id = object_
    values: dict[str, Any] = {
        "at": now or utcnow(), "actor": name_of(actor), "action": action, "kind": kind,
        "object_id": "" if object_id is None else str(object_id),
        "before": canonical(before), "after": canonical(after), "previous": previous}
    session.execute(insert(TrailEntry).values(**values, digest=digest_of(values)))


def last_hash(session: Session) -> str:
    """The hash of the newest entry; zeros where there is none."""
    return session.scalar(
        select(TrailEntry.digest).order_by(TrailEntry.id.desc()).limit(1)) or START


def name_of(actor: Actor) -> str:
    """An actor as the trail keeps him: by number, not by name."""
    return actor if isinstance(actor, str) else f"staff:{actor.id}"


def canonical(value: object) -> str:
    """JSON in its one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False,
                      default=str)


def digest_of(values: dict[str, Any]) -> str:
    """The hash of an entry's content, `previous` included."""
    at: datetime = values["at"]
    content = {**{name: values[name] for name in (
        "actor", "action", "kind", "object_id", "before", "after", "previous")},
        "at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def verify(session: Session, expect: str = "") -> Verdict:
    """Recompute the chain from its beginning, a thousand entries at a time. `expect` is a
    hash that was noted earlier and must still be in it."""
    previous, count, seen = START, 0, expect in ("", START)
    for number, values in _entries(session):
        if values["previous"] != previous or values["digest"] != digest_of(values):
            return Verdict(count, previous, number, seen)
        previous, count = values["digest"], count + 1
        seen = seen or previous == expect
    return Verdict(count, previous, None, seen)


def _entries(session: Session) -> Iterator[tuple[int, dict[str, Any]]]:
    last, table = -1, TrailEntry.__table__
    while batch := session.execute(select(table).where(TrailEntry.id > last)
                                   .order_by(TrailEntry.id).limit(_BATCH)).mappings().all():
        yield from ((row["id"], dict(row)) for row in batch)
        last = batch[-1]["id"]
