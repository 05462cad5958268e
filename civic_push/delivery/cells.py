"""Several announcements' deliveries, counted: the numbers an overview is made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.delivery.kept import Answer, shared
from civic_push.delivery.models import Delivery, State


class Cell(NamedTuple):
    """How many deliveries of one channel are in one state; `public`: to outlets."""

    state: State
    number: int
    public: bool


def cells(session: Session, announcement_ids: Collection[int]) -> dict[int, list[Cell]]:
    """The cells of several announcements, by announcement, not much older than a second
    (kept.shared). Those without deliveries are missing. The numbers are told channel by
    channel elsewhere, so a sum must be made of cells, and hide what they hide."""
    if not announcement_ids:
        return {}
    told = shared("cells", announcement_ids, lambda: Answer(_asked(session, announcement_ids)))
    return {int(number): [Cell(State(state), count, public) for state, count, public in rows]
            for number, rows in told.items()}


def _asked(session: Session, announcement_ids: Collection[int]) -> dict[str, Any]:
    """One GROUP BY."""
    public = Delivery.contact_id.is_(None)
    rows = session.execute(
        select(Delivery.announcement_id, Delivery.state, func.count(), public)
        .where(Delivery.announcement_id.in_(announcement_ids))
        .group_by(Delivery.announcement_id, Delivery.channel, Delivery.state, public))
    found: dict[str, Any] = {}
    for number, state, count, is_public in rows:
        found.setdefault(str(number), []).append(Cell(State(state), count, bool(is_public)))
    return found
