"""The table of announcements that pause."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from civic_push.db import Base, BigId

HELD = "held "
"""Begins the name of a lane that no worker looks at: "held normal"."""


class AnnouncementPause(Base):
    """An announcement whose deliveries an editor holds back. Its waiting deliveries lie in
    lanes that begin with HELD; the row stays until all of them are back (`ending`)."""

    __tablename__ = "announcement_pause"

    announcement_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True,
        autoincrement=False)
    since: Mapped[datetime]
    ending: Mapped[bool] = mapped_column(default=False)
