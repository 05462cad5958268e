"""Texts that somebody is typing: kept every few seconds, out of everybody's way, until they
are saved, discarded or forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from civic_push.announcements.writing_models import UnsavedText
from civic_push.staff.models import Staff

KEPT_FOR = timedelta(days=30)
_BUSY = timedelta(minutes=3)  # whoever typed so lately is still at it


def keep(session: Session, key: str, staff_id: int, announcement_id: int | None, seal: str,
         content: Mapping[str, Any], now: datetime) -> bool:
    """Keep what stands in a form, over what was kept of it before; False where the key is
    somebody else's. Does not commit."""
    text = session.get(UnsavedText, key)
    if text is None:
        session.execute(delete(UnsavedText).where(
            UnsavedText.staff_id == staff_id, UnsavedText.saved_at < now - KEPT_FOR))
        text = UnsavedText(key=key, staff_id=staff_id, announcement_id=announcement_id)
        session.add(text)
    elif (text.staff_id, text.announcement_id) != (staff_id, announcement_id):
        return False
    text.seal, text.content, text.saved_at = seal, dict(content), now
    session.flush()
    return True


def own(session: Session, staff_id: int, announcement_id: int | None
        ) -> Sequence[UnsavedText]:
    """What somebody has begun of an announcement, or of new ones, newest first."""
    return session.scalars(
        select(UnsavedText)
        .where(UnsavedText.staff_id == staff_id, UnsavedText.announcement_id == announcement_id)
        .order_by(UnsavedText.saved_at.desc())).all()


def found(session: Session, staff_id: int, announcement_id: int | None, key: str
          ) -> UnsavedText | None:
    """One of them by its key."""
    text = session.get(UnsavedText, key)
    if text is None or (text.staff_id, text.announcement_id) != (staff_id, announcement_id):
        return None
    return text


def forget(session: Session, staff_id: int, key: str) -> bool:
    """Drop what was kept of a form; whether there was any. Does not commit."""
    return session.execute(
        delete(UnsavedText).where(UnsavedText.key == key, UnsavedText.staff_id == staff_id)
        .returning(UnsavedText.key)).first() is not None


def busy_at(session: Session, announcement_id: int, but: int, now: datetime) -> list[str]:
    """Who else is typing at an announcement just now, by address."""
    return list(session.scalars(
        select(Staff.email).distinct()
        .join(UnsavedText, UnsavedText.staff_id == Staff.id)
        .where(UnsavedText.announcement_id == announcement_id, Staff.id != but,
               UnsavedText.saved_at > now - _BUSY).order_by(Staff.email)))
