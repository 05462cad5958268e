"""What writing leaves behind besides the announcement: versions, texts nobody has saved yet,
and templates. Their `content` is the write form's, as web.desk.writing.written reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from civic_push.db import Base, BigId


class AnnouncementVersion(Base):
    """A draft as it was once stored. No author: a source or another program wrote it."""

    __tablename__ = "announcement_version"
    __table_args__ = (Index("ix_announcement_version_announcement_id", "announcement_id"),
                      Index("ix_announcement_version_form", "form"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="SET NULL"), default=None)
    written_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    # of the form that was sent: sent again after a lost connection, it makes no second draft
    form: Mapped[str] = mapped_column(String(32), default="")


class UnsavedText(Base):
    """What somebody has typed and not saved yet; only he sees it. One for each form that is
    open, found by the form's own key, so that two tabs keep two texts."""

    __tablename__ = "unsaved_text"
    __table_args__ = (Index("ix_unsaved_text_staff_id", "staff_id"),)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    announcement_id: Mapped[int | None] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"), default=None)  # None: a new one
    seal: Mapped[str] = mapped_column(String(16), default="")  # of what it began from
    saved_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class AnnouncementTemplate(Base):
    """A recurring text. Its words may hold fields like {{Straße}}, to be filled in."""

    __tablename__ = "announcement_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
