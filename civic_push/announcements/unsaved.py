"""Texts that somebody is typing: kept every few seconds, out of everybody's way, until they
are saved, discarded or forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from civic_push.announcements.writing_models import UnsavedText
from civic_push.staff.models import Staff

KEPT_FOR = timedelta(days=30)
_BUSY = timedelta(minutes=3)  # whoever typed so lately is still at it


class Forgotten(NamedTuple):
    """What was kept of a form until now, and of which announcement's (None: a new one)."""

    announcement_id: int | None
    content: Mapping[str, Any]


def keep(session: Session, key: str, staff_id: int, announcement_id: int | None, seal: str,
         content: Mapping[str, Any], now: datetime) -> bool:
    """Keep what stands in a form, over what was kept of it before; with a draft, if it has
    become one. False where the key is somebody else's. Does not commit."""
    text = session.get(UnsavedText, key)
    if text is None:
        session.execute(delete(UnsavedText).where(
            UnsavedText.staff_id == staff_id, UnsavedText.saved_at < now - KEPT_FOR))
        text = UnsavedText(key=key, staff_id=staff_id)
        session.add(text)
    elif text.staff_id != staff_id:
        return False
    text.announcement_id, text.seal = announcement_id, seal
    text.content, text.saved_at = dict(content), now
    session.flush()
    return True


def own(session: Session, staff_id: int, announcement_id: int | None
        ) -> Sequence[UnsavedText]:
    """What somebody has begun of an announcement, or of new ones, newest first."""
    return session.scalars(
        select(UnsavedText)
        .where(UnsavedText.staff_id == staff_id, UnsavedText.announcement_id == announcement_id)
        .order_by(UnsavedText.saved_at.desc())).all()


def forget(session: Session, staff_id: int, key: str) -> Forgotten | None:
    """Drop what was kept of a form; return whose it was. Does not commit."""
    gone = session.execute(
        delete(UnsavedText).where(UnsavedText.key == key, UnsavedText.staff_id == staff_id)
        .returning(UnsavedText.announcement_id, UnsavedText.content)).first()
    return Forgotten(*gone) if gone else None


def busy_at(session: Session, announcement_ids: Collection[int | None], but: int, now: datetime
            ) -> list[str]:
    """Who else is typing at any of these announcements just now, by address."""
    return list(session.scalars(
        select(Staff.email).distinct()
        .join(UnsavedText, UnsavedText.staff_id == Staff.id)
        .where(UnsavedText.announcement_id.in_(announcement_ids), Staff.id != but,
               UnsavedText.saved_at > now - _BUSY).order_by(Staff.email)))
