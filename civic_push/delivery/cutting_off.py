"""Ending what has not left of an announcement, because it is stopped or something follows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from civic_push.delivery.ledger import PERHAPS, WORKER_ENDED
from civic_push.delivery.models import Delivery, State

REPLACED = "Replaced before its turn."
STOPPED = "Stopped by an editor before its turn."


def cut_off(session: Session, announcement_ids: Sequence[int], reason: str) -> int:
    """End what has not left of these announcements; return how many. What a worker holds at
    the moment stays his: it may have left already. What may have arrived is unknown."""
    perhaps = Delivery.error.startswith(PERHAPS)
    done = session.execute(
        update(Delivery)
        .where(Delivery.announcement_id.in_(announcement_ids), Delivery.state == State.WAITING,
               Delivery.leased_until.is_(None))
        .values(state=case((perhaps, State.UNKNOWN), else_=State.CANCELLED),
                error=case((perhaps, Delivery.error), else_=reason))
        .execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def doubt(session: Session, announcement_ids: Sequence[int], now: datetime) -> None:
    """What became of deliveries whose worker died is unknown, on every channel: these
    announcements are not tried again."""
    session.execute(
        update(Delivery)
        .where(Delivery.announcement_id.in_(announcement_ids), Delivery.state == State.WAITING,
               Delivery.leased_until <= now)
        .values(state=State.UNKNOWN, leased_until=None, error=WORKER_ENDED)
        .execution_options(synchronize_session=False))
