"""What the ledger says about announcements, for the desk. Reads only.

Residents' small numbers are hidden where they are shown (`few`), not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from civic_push.delivery.cutting_off import REPLACED, STOPPED
from civic_push.delivery.models import ChannelPause, Delivery, State

FEW = 5  # smaller numbers of residents are not told (design.md, invariant 12)
_OPEN = (State.WAITING,)


@dataclass(slots=True)
class ChannelReport:
    """The deliveries of one announcement by one channel."""

    channel: str
    counts: dict[State, int] = field(default_factory=dict)
    next_due: datetime | None = None  # of those that wait
    public: bool = False  # outlets of the town: nobody's private matter

    @property
    def total(self) -> int:
        """All deliveries of this channel."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """Deliveries that are not through yet."""
        return sum(self.counts.get(state, 0) for state in _OPEN)

    @property
    def failed(self) -> int:
        """Deliveries that ended otherwise than handed over."""
        return self.total - self.open - self.counts.get(State.SENT, 0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Deliveries of one channel that share a sentence."""

    channel: str
    state: State
    error: str
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the deliveries of one announcement have come."""

    total: int = 0
    sent: int = 0
    open: int = 0

    @property
    def failed(self) -> int:
        """Deliveries that ended otherwise than handed over."""
        return self.total - self.sent - self.open


def by_channel(session: Session, announcement_id: int) -> list[ChannelReport]:
    """The deliveries of one announcement by channel and state, in one GROUP BY; residents'
    channels first, then outlets."""
    public = Delivery.contact_id.is_(None)
    rows = session.execute(
        select(Delivery.channel, public, Delivery.state, func.count(), func.min(Delivery.due_at))
        .where(Delivery.announcement_id == announcement_id)
        .group_by(Delivery.channel, public, Delivery.state))
    reports: dict[tuple[bool, str], ChannelReport] = {}
    for channel, is_public, state, count, due in rows:
        key = (bool(is_public), channel)
        report = reports.setdefault(key, ChannelReport(channel, public=key[0]))
        report.counts[State(state)] = count
        if state == State.WAITING:
            report.next_due = due
    return [reports[key] for key in sorted(reports)]


def troubles(session: Session, announcement_id: int, limit: int = 20) -> list[Trouble]:
    """Errors of one announcement grouped by their sentence, the most frequent first."""
    count = func.count()
    rows = session.execute(
        select(Delivery.channel, Delivery.state, Delivery.error, count)
        .where(Delivery.announcement_id == announcement_id, Delivery.error.is_not(None),
               Delivery.error != "", Delivery.state != State.SENT,
               Delivery.error.not_in((REPLACED, STOPPED)))
        .group_by(Delivery.channel, Delivery.state, Delivery.error)
        .order_by(count.desc(), Delivery.channel, Delivery.error).limit(limit))
    return [Trouble(channel, State(state), error or "", n) for channel, state, error, n in rows]


def progress(session: Session, announcement_ids: Collection[int]) -> dict[int, Progress]:
    """How far several announcements have come, in one GROUP BY. Those without deliveries
    are missing."""
    if not announcement_ids:
        return {}
    sent = func.sum(case((Delivery.state == State.SENT, 1), else_=0))
    waiting = func.sum(case((Delivery.state.in_(_OPEN), 1), else_=0))
    rows = session.execute(
        select(Delivery.announcement_id, func.count(), sent, waiting)
        .where(Delivery.announcement_id.in_(announcement_ids))
        .group_by(Delivery.announcement_id))
    return {key: Progress(int(total), int(done), int(left))
            for key, total, done, left in rows if key is not None}


def pauses(session: Session, now: datetime) -> Sequence[ChannelPause]:
    """Channels that rest at `now`, and until when."""
    return session.scalars(
        select(ChannelPause).where(ChannelPause.until > now).order_by(ChannelPause.channel)).all()
