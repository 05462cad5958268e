"""Every text a draft has had, in the order of saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.writing_models import AnnouncementVersion

_MOST = 200  # versions shown of one announcement


def record(session: Session, announcement_id: int, content: Mapping[str, Any],
           author_id: int | None, now: datetime, form: str = "") -> None:
    """Add a version, unless the newest one says the same; `form` is the key of the form it was
    typed into. Does not commit."""
    newest = latest(session, announcement_id)
    if newest is not None and newest.content == content:
        newest.form = form or newest.form
    else:
        session.add(AnnouncementVersion(announcement_id=announcement_id, author_id=author_id,
                                        written_at=now, content=dict(content), form=form))
        session.flush()


def made_by(session: Session, form: str, author_id: int) -> int | None:
    """The announcement that somebody's form has already made, by id."""
    if not form:
        return None
    return session.scalar(
        select(AnnouncementVersion.announcement_id)
        .where(AnnouncementVersion.form == form, AnnouncementVersion.author_id == author_id)
        .limit(1))


def latest(session: Session, announcement_id: int) -> AnnouncementVersion | None:
    """The newest version."""
    return next(iter(_query(session, announcement_id, 1)), None)


def all_of(session: Session, announcement_id: int) -> Sequence[AnnouncementVersion]:
    """The versions, newest first."""
    return _query(session, announcement_id, _MOST)


def _query(session: Session, announcement_id: int, most: int
           ) -> Sequence[AnnouncementVersion]:
    return session.scalars(
        select(AnnouncementVersion)
        .where(AnnouncementVersion.announcement_id == announcement_id)
        .order_by(AnnouncementVersion.id.desc()).limit(most)).all()
