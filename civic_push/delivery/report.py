"""What the ledger says about announcements, for the desk. Reads only.

Residents' small numbers are hidden where they are shown (`few`), not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from civic_push.delivery.models import ChannelPause, Delivery, State

FEW = 5  # smaller numbers of residents are not told (design.md, invariant 12)
_OPEN = (State.WAITING,)


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
