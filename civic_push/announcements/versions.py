"""Every text a draft has had, in the order of saving."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.writing_models import AnnouncementVersion

_MOST = 200  # versions shown of one announcement


def record(session: Session, announcement_id: int, content: Mapping[str, Any],
           author_id: int | None, now: datetime, form: str = "",
           checked: Collection[str] = ()) -> None:
    """Add a version, unless the newest one says the same; `form` is the key of the form it was
    typed into. `checked` are the languages whose translation somebody has found to be still
    right beside this text: that is worth a version, too. Does not commit."""
    newest = latest(session, announcement_id)
    if newest is not None and not checked and _text(newest) == content:
        newest.form = form or newest.form
    else:
        kept = dict(content) | ({"checked": list(checked)} if checked else {})
        session.add(AnnouncementVersion(announcement_id=announcement_id, author_id=author_id,
                                        written_at=now, content=kept, form=form))
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


def _text(version: AnnouncementVersion) -> dict[str, Any]:
    return {name: value for name, value in version.content.items() if name != "checked"}


def _query(session: Session, announcement_id: int, most: int
           ) -> Sequence[AnnouncementVersion]:
    return session.scalars(
        select(AnnouncementVersion)
        .where(AnnouncementVersion.announcement_id == announcement_id)
        .order_by(AnnouncementVersion.id.desc()).limit(most)).all()
