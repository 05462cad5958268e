"""Channels that rest: the provider fails wholesale, the month's budget is spent, or somebody
has paused them. What was paused by hand ends by hand, or when its time is over: what a worker
learns meanwhile does not touch it.

Plain statements, no objects: several workers write here at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civic_push.db import is_sqlite
from civic_push.delivery.models import ChannelPause

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=30)
OPEN_END = datetime(9000, 1, 1, tzinfo=UTC)
"""Until when a channel rests that is paused until somebody resumes it."""


def paused_until(session: Session, channel: str, now: datetime) -> datetime | None:
    """Until when this channel rests, or None."""
    return session.scalar(select(ChannelPause.until).where(
        ChannelPause.channel == channel, ChannelPause.until > now))


def pause(session: Session, channel: str, reason: str, now: datetime,
          after: float | None = None) -> datetime:
    """Let a channel rest: for `after` seconds if the provider said so, else 30 seconds,
    doubled with every failure in a row up to half an hour. The caller commits."""
    failures = (session.scalar(select(ChannelPause.failures).where(
        ChannelPause.channel == channel)) or 0) + 1
    rest = (timedelta(seconds=after) if after is not None
            else min(_FIRST * 2 ** min(failures - 1, 10), _LONGEST))
    return pause_until(session, channel, reason, now + rest, failures)


def pause_until(session: Session, channel: str, reason: str, until: datetime,
                failures: int = 1) -> datetime:
    """Let a channel rest until a given time, unless it was paused by hand. The caller
    commits."""
    _write(session, channel, {"until": until, "reason": reason, "failures": failures},
           ChannelPause.held_at.is_(None))
    return until


def hold(session: Session, channel: str, reason: str, until: datetime, now: datetime) -> None:
    """Pause a channel by hand, whatever it did before. The caller commits."""
    _write(session, channel,
           {"until": until, "reason": reason, "failures": 0, "held_at": now}, None)


def release(session: Session, channel: str) -> bool:
    """End a pause made by hand; False where there was none. The caller commits."""
    done = session.execute(delete(ChannelPause).where(
        ChannelPause.channel == channel, ChannelPause.held_at.is_not(None)))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def end_held(session: Session, now: datetime) -> None:
    """Forget pauses made by hand whose time is over. The caller commits."""
    session.execute(delete(ChannelPause).where(
        ChannelPause.held_at.is_not(None), ChannelPause.until <= now))


def resume(session: Session, channel: str, now: datetime) -> None:
    """Forget the failures of a channel that works again, but for a rest that has begun since:
    what a provider asked of one worker is not undone by another's older batch. The caller
    commits."""
    session.execute(delete(ChannelPause).where(
        ChannelPause.channel == channel, ChannelPause.held_at.is_(None),
        ChannelPause.until <= now))


def try_now(session: Session, channel: str, now: datetime) -> None:
    """End a channel's rest without forgetting its failures (an editor's button)."""
    session.execute(update(ChannelPause).where(
        ChannelPause.channel == channel, ChannelPause.held_at.is_(None)).values(until=now))


def _write(session: Session, channel: str, values: dict[str, Any],
           where: ColumnElement[bool] | None) -> None:
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    session.execute(insert(ChannelPause).values(channel=channel, **values)
                    .on_conflict_do_update(index_elements=["channel"], set_=values, where=where))
