"""What happened to an announcement on its way from a draft to the town, and who said what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from civic_push.db import Base, BigId


class Deed(StrEnum):
    """What somebody, or the clock, did."""

    SUBMITTED = "submitted"
    TAKEN_BACK = "taken_back"  # from waiting, from the schedule, or within the undo window
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    LATE = "late"  # the clock could not publish it: not valid any more, or its chain has ended


class ApprovalStep(Base):
    """One step of an announcement's way, with what was said. Never changed; the newest says
    where it stands. No staff: the clock."""

    __tablename__ = "approval_step"
    __table_args__ = (Index("ix_approval_step_announcement_id", "announcement_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"))
    staff_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="SET NULL"), default=None)
    deed: Mapped[Deed] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
