"""How far one announcement is, while it is being sent: one query, shared by all who watch.

Whoever asks gets the last answer, from Redis, until it is a second old; then one of them asks
the database anew while the others go on with what there is. A query that takes long is asked
less often: watching never takes more than a tenth of one core.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.announcements.models import Announcement
from civic_push.db import UTCDateTime, read_only
from civic_push.delivery.holding import is_held
from civic_push.delivery.models import Delivery, State

log = structlog.get_logger()

FRESH = 1.0  # seconds that an answer serves everybody
_SHARE = 0.1  # of one core that asking may take
_WINDOW = timedelta(seconds=10)  # over which the rate is taken
_KEPT = 60  # seconds that an answer nobody asks for any more stays


@dataclass(slots=True)
class ChannelProgress:
    """One channel's deliveries of an announcement."""

    channel: str
    public: bool = False  # outlets of the town: nobody's private matter
    counts: dict[str, int] = field(default_factory=dict)  # by state
    retried: int = 0  # were, or are, tried more than once
    due: int = 0  # wait, and might leave now
    per_second: float = 0.0
    next_due: float | None = None  # of those that wait for a later time; seconds of the epoch

    @property
    def total(self) -> int:
        """All deliveries of this channel."""
        return sum(self.counts.values())

    def count(self, state: State) -> int:
        """Deliveries in one state."""
        return self.counts.get(state, 0)


@dataclass(slots=True)
class Snapshot:
    """An announcement's deliveries at one moment."""

    channels: list[ChannelProgress]
    spreading: bool  # deliveries are still being written
    held: bool  # an editor has paused it
    closed: bool  # stopped, or followed by another

    @property
    def due(self) -> int:
        """Deliveries of all channels that wait and might leave now."""
        return sum(c.due for c in self.channels)

    @property
    def moving(self) -> bool:
        """Whether the numbers may change within seconds; what waits for a digest does not."""
        return (self.spreading and not self.closed) or self.due > 0


def watched(session: Session, announcement_id: int, now: datetime) -> Snapshot:
    """An answer not much older than a second. Leaves no transaction open."""
    key = _key(announcement_id)
    try:
        kept = _kept(key)
        if kept is not None and (kept["until"] > time.time() or not _my_turn(key)):
            return _read(kept["snapshot"])
    except redis.RedisError as error:
        log.warning("progress.not_shared", error=type(error).__name__)
        return _asked(session, announcement_id, now)
    began = time.monotonic()
    found = _asked(session, announcement_id, now)
    _keep(key, found, time.monotonic() - began)
    return found


def forget(announcement_id: int) -> None:
    """Let the next who asks see what has just been done."""
    try:
        tasks.connection().delete(_key(announcement_id))
    except redis.RedisError as error:
        log.warning("progress.not_shared", error=type(error).__name__)


def snapshot(session: Session, announcement_id: int, now: datetime) -> Snapshot:
    """Ask the database: one GROUP BY over the announcement's deliveries."""
    announcement = session.execute(
        select(Announcement.fan_out_done_at, Announcement.closed_at)
        .where(Announcement.id == announcement_id)).one()
    held = is_held(session, announcement_id)
    channels: dict[tuple[bool, str], ChannelProgress] = {}
    for row in session.execute(_by_channel_and_state(announcement_id, now)):
        key = (bool(row.public), row.channel)
        progress = channels.setdefault(key, ChannelProgress(row.channel, key[0]))
        progress.counts[row.state] = row.number
        progress.retried += row.retried
        if row.state == State.WAITING:
            progress.due = row.due
            progress.next_due = row.next_due.timestamp() if row.next_due else None
        elif row.state == State.SENT and row.recent:
            # what began within the window is measured from its beginning
            seconds = min(_WINDOW, now - row.first).total_seconds()
            progress.per_second = row.recent / max(seconds, 1.0)
    return Snapshot([channels[key] for key in sorted(channels)], held=held,
                    spreading=announcement.fan_out_done_at is None,
                    closed=announcement.closed_at is not None)


def _by_channel_and_state(announcement_id: int, now: datetime) -> Any:
    def number(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))
    waits_now = and_(Delivery.state == State.WAITING, Delivery.due_at <= now)
    later = case((Delivery.due_at > now, Delivery.due_at))
    public = Delivery.contact_id.is_(None)
    return (
        select(Delivery.channel, public.label("public"), Delivery.state,
               func.count().label("number"), number(Delivery.attempts > 1).label("retried"),
               number(waits_now).label("due"),
               func.min(later, type_=UTCDateTime).label("next_due"),
               number(Delivery.sent_at > now - _WINDOW).label("recent"),
               func.min(Delivery.sent_at).label("first"))
        .where(Delivery.announcement_id == announcement_id)
        .group_by(Delivery.channel, public, Delivery.state))


def _asked(session: Session, announcement_id: int, now: datetime) -> Snapshot:
    session.rollback()
    with read_only(session):
        return snapshot(session, announcement_id, now)


def _key(announcement_id: int) -> str:
    return f"civic-push:progress:{announcement_id}"


def _kept(key: str) -> dict[str, Any] | None:
    text: Any = tasks.connection().get(key)
    return json.loads(text) if text else None


def _my_turn(key: str) -> bool:
    """Whether nobody else is asking at the moment."""
    return bool(tasks.connection().set(f"{key}:asking", 1, nx=True, ex=30))


def _keep(key: str, found: Snapshot, took: float) -> None:
    until = time.time() + max(FRESH, took / _SHARE)
    text = json.dumps({"until": until, "snapshot": asdict(found)})
    try:
        tasks.connection().set(key, text, ex=int(max(FRESH, took / _SHARE)) + _KEPT)
        tasks.connection().delete(f"{key}:asking")
    except redis.RedisError as error:
        log.warning("progress.not_shared", error=type(error).__name__)


def _read(kept: dict[str, Any]) -> Snapshot:
    return Snapshot(**{**kept, "channels": [ChannelProgress(**c) for c in kept["channels"]]})
