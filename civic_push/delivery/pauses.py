"""Channels that rest: the provider fails wholesale, or the month's budget is spent.

Plain statements, no objects: several workers write here at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civic_push.db import is_sqlite
from civic_push.delivery.models import ChannelPause

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=30)


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
    """Let a channel rest until a given time. The caller commits."""
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    values = {"until": until, "reason": reason, "failures": failures}
    session.execute(insert(ChannelPause).values(channel=channel, **values)
                    .on_conflict_do_update(index_elements=["channel"], set_=values))
    return until


def resume(session: Session, channel: str) -> None:
    """Forget the failures of a channel that works again. The caller commits."""
    session.execute(delete(ChannelPause).where(ChannelPause.channel == channel))


def try_now(session: Session, channel: str, now: datetime) -> None:
    """End a channel's rest without forgetting its failures (an editor's button)."""
    session.execute(update(ChannelPause).where(ChannelPause.channel == channel)
                    .values(until=now))
