"""Pausing one announcement: its waiting deliveries move to lanes that no worker looks at.

So claiming needs no look at who pauses, and everything else about a waiting delivery (it may
expire, be cut off, its contact may leave) stays as it is. The row of the pause is committed
first; the moving is done in chunks, each a transaction of its own, and taken up by the clock
where it was cut short. What a worker holds at that moment still goes out.
"""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import exists, func, literal, select, update
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import give_way
from civic_push.delivery.models import Delivery, State
from civic_push.delivery.pause_models import HELD, AnnouncementPause

CHUNK = 5_000
PATIENCE = 5.0  # seconds that an editor, or the clock, spends on moving; the rest comes later
_BEGINS = len(HELD) + 1  # SQL counts characters from 1


def is_held(session: Session, announcement_id: int) -> bool:
    """Whether what is written for this announcement now must wait in a held lane."""
    return session.scalar(select(exists().where(
        AnnouncementPause.announcement_id == announcement_id,
        AnnouncementPause.ending.is_(False)))) is True


def lane_prefix(session: Session, announcement_id: int) -> str:
    """What the lanes of an announcement's new deliveries begin with: HELD while it pauses."""
    return HELD if is_held(session, announcement_id) else ""


def begin(session: Session, announcement_id: int, now: datetime) -> bool:
    """Let an announcement pause. False where it did already. The caller commits, and calls
    `settle` then."""
    pause = session.get(AnnouncementPause, announcement_id, with_for_update=True)
    if pause is None:
        session.add(AnnouncementPause(announcement_id=announcement_id, since=now))
        return True
    if not pause.ending:
        return False
    pause.since, pause.ending = now, False
    return True


def end(session: Session, announcement_id: int) -> bool:
    """End a pause. False where there was none. The caller commits, and calls `settle` then."""
    pause = session.get(AnnouncementPause, announcement_id, with_for_update=True)
    if pause is None or pause.ending:
        return False
    pause.ending = True
    return True


def settle(session: Session, announcement_id: int, seconds: float = PATIENCE) -> bool:
    """Bring an announcement's lanes in line with its pause, committing after each chunk.
    False where time ran out first."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pause = session.get(AnnouncementPause, announcement_id, populate_existing=True)
        moved = _move(session, announcement_id, not pause.ending) if pause else 0
        through = moved < CHUNK
        if pause and pause.ending and through and not _some_held(session, announcement_id):
            session.delete(pause)
        session.commit()
        if through:
            return True
        give_way(session)
    return False


def settle_all(session: Session) -> None:
    """The clock's part: hold what workers brought back meanwhile, finish what was begun."""
    paused = session.scalars(
        select(AnnouncementPause.announcement_id)
        .join(Announcement, Announcement.id == AnnouncementPause.announcement_id)
        .where(Announcement.closed_at.is_(None))).all()
    session.commit()
    for announcement_id in paused:
        settle(session, announcement_id)


def _move(session: Session, announcement_id: int, hold: bool) -> int:
    """Move one chunk into its held lanes, or back. Rows that a worker is writing at this very
    moment are passed over: waiting for them could end in a deadlock."""
    held = Delivery.lane.startswith(HELD)
    chunk = (
        select(Delivery.id)
        .where(Delivery.announcement_id == announcement_id, Delivery.state == State.WAITING,
               ~held if hold else held)
        .limit(CHUNK).with_for_update(skip_locked=True))
    lane = literal(HELD).concat(Delivery.lane) if hold else func.substr(Delivery.lane, _BEGINS)
    done = session.execute(
        update(Delivery).where(Delivery.id.in_(chunk)).values(lane=lane)
        .execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _some_held(session: Session, announcement_id: int) -> bool:
    return session.scalar(select(exists().where(
        Delivery.announcement_id == announcement_id, Delivery.state == State.WAITING,
        Delivery.lane.startswith(HELD)))) is True
