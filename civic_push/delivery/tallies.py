"""What became of messages, counted by channel and hour as they leave: for the desk's charts
and for monitoring. Written in the ledger's own transaction, so that both agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome
from civic_push.db import is_sqlite
from civic_push.delivery.models import ChannelHour

EXPIRED = "expired"
"""What did not leave in time: no provider's answer, but its channel's failure all the same."""
FAILURES = (Kind.LATER, Kind.REFUSED, Kind.GONE, Kind.UNKNOWN, EXPIRED)
"""Outcomes that are not the one hoped for."""


def count(session: Session, channel: str, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Add what became of some messages. The caller commits soon: until then other workers
    wait with theirs."""
    outcomes = list(outcomes)
    details = {outcome.kind: outcome.detail for outcome in outcomes if outcome.detail}
    _add(session, [_row(channel, kind.value, number, now, details.get(kind, ""))
                   for kind, number in sorted(Counter(o.kind for o in outcomes).items())])


def add(session: Session, ended: Mapping[str, int], outcome: str, now: datetime,
        detail: str = "") -> None:
    """Add deliveries that ended in one way without an answer, by channel. Commit as above."""
    _add(session, [_row(channel, outcome, number, now, detail)
                   for channel, number in sorted(ended.items())])


def _row(channel: str, outcome: str, number: int, now: datetime, detail: str
         ) -> dict[str, object]:
    return {"hour": _hour(now), "channel": channel, "outcome": outcome, "count": number,
            "last_at": now, "detail": detail}


def _add(session: Session, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    insert = (sqlite.insert if is_sqlite(session.connection()) else postgresql.insert)(ChannelHour)
    session.execute(insert.on_conflict_do_update(
        index_elements=["hour", "channel", "outcome"],
        set_={"count": ChannelHour.count + insert.excluded.count,
              "last_at": insert.excluded.last_at, "detail": insert.excluded.detail}), rows)


def since(session: Session, begin: datetime) -> Sequence[ChannelHour]:
    """The hours from that of `begin` on, oldest first."""
    return session.scalars(select(ChannelHour).where(ChannelHour.hour >= _hour(begin))
                           .order_by(ChannelHour.hour, ChannelHour.channel)).all()


def totals(session: Session) -> dict[tuple[str, str], int]:
    """All that was ever counted, by channel and outcome."""
    rows = session.execute(select(ChannelHour.channel, ChannelHour.outcome,
                                  func.sum(ChannelHour.count))
                           .group_by(ChannelHour.channel, ChannelHour.outcome))
    return {(channel, outcome): int(number) for channel, outcome, number in rows}


def hours(now: datetime, number: int = 24) -> list[datetime]:
    """The last hours, the one that runs being the last."""
    return [_hour(now) - timedelta(hours=back) for back in range(number - 1, -1, -1)]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
