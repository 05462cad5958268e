"""How often an inbox may be written to because somebody typed its address into a form, and
how often somebody may guess the code that it got.

The count hangs on the address and not on a contact, which can be removed and asked for
again; and it lies in the database, so that it holds over restarts and between servers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from subscriptions.models import Knock

A_DAY = timedelta(hours=24)


def may_knock(session: Session, fingerprint: bytes, now: datetime, limit: int = 1) -> bool:
    """Count one message to this address; False, counting nothing, where it has had `limit`
    of them since a first one less than 24 hours ago. Of two that ask at the same time, the
    second waits for the first one's commit."""
    return _count(session, fingerprint, now, Knock.times, limit)


def may_guess(session: Session, fingerprint: bytes, now: datetime, limit: int) -> bool:
    """The same for a code that somebody typed who claims this address."""
    return _count(session, fingerprint, now, Knock.tries, limit)


def _count(session: Session, fingerprint: bytes, now: datetime,
           column: InstrumentedAttribute[int], limit: int) -> bool:
    mine = Knock.fingerprint == fingerprint
    anew = {"since": now, "times": 0, "tries": 0, column.key: 1}
    tries = (_first(session, {"fingerprint": fingerprint, **anew}),
             update(Knock).where(mine, Knock.since <= now - A_DAY).values(anew),
             update(Knock).where(mine, column < limit).values({column.key: column + 1}))
    return any(
        session.execute(statement, execution_options={"synchronize_session": False,
                                                      "preserve_rowcount": True}
                        ).rowcount == 1  # type: ignore[attr-defined]
        for statement in tries)


def _first(session: Session, values: dict[str, Any]) -> Insert:
    """The row of an address that has none yet."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(Knock).values(values).on_conflict_do_nothing()
    return postgresql.insert(Knock).values(values).on_conflict_do_nothing()
