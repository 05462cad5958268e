"""How often an inbox may be written to because somebody typed its address into a form.

The count hangs on the address and not on a contact, which can be removed and asked for
again; and it lies in the database, so that it holds over restarts and between servers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscriptions.models import Knock

A_DAY = timedelta(hours=24)


def may_knock(session: Session, fingerprint: bytes, now: datetime, limit: int = 1) -> bool:
    """Count one message to this address; False, counting nothing, where it has had `limit`
    of them since a first one less than 24 hours ago. Of two that ask at the same time, the
    second waits for the first one's commit."""
    mine = Knock.fingerprint == fingerprint
    tries = (_first(session, fingerprint, now),
             update(Knock).where(mine, Knock.since <= now - A_DAY).values(since=now, times=1),
             update(Knock).where(mine, Knock.times < limit).values(times=Knock.times + 1))
    return any(
        session.execute(statement, execution_options={"synchronize_session": False,
                                                      "preserve_rowcount": True}
                        ).rowcount == 1  # type: ignore[attr-defined]
        for statement in tries)


def _first(session: Session, fingerprint: bytes, now: datetime) -> Insert:
    """The row of an address that has none yet."""
    values = {"fingerprint": fingerprint, "since": now, "times": 1}
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(Knock).values(values).on_conflict_do_nothing()
    return postgresql.insert(Knock).values(values).on_conflict_do_nothing()
