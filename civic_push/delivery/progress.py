"""How far one announcement is, while it is being sent: one query, shared by all who watch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import UTCDateTime, read_only
from civic_push.delivery.holding import is_held
from civic_push.delivery.kept import Answer, shared
from civic_push.delivery.models import Delivery, State

_WINDOW = timedelta(seconds=10)  # over which the rate is taken


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

    @property
    def settled(self) -> bool:
        """Whether the numbers stay as they are: nothing waits, and nothing more is written."""
        return (self.closed or not self.spreading) and not any(
            c.count(State.WAITING) for c in self.channels)


def watched(session: Session, announcement_id: int, now: datetime) -> Snapshot:
    """An answer not much older than a second, as kept.shared has it. Leaves no transaction
    open."""
    def ask() -> Answer:
        session.rollback()
        with read_only(session):
            found = snapshot(session, announcement_id, now)
        return Answer(asdict(found), found.settled)
    told = shared("progress", [announcement_id], ask)
    return Snapshot(**{**told, "channels": [ChannelProgress(**c) for c in told["channels"]]})


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
