"""The tables of the operator's texts and of reported barriers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from civic_push.db import Base


class LegalText(Base):
    """One version of an operator's text. The newest holds; an empty one brings back the model
    text. Versions are never changed, so that it can be shown what stood there when."""

    __tablename__ = "legal_text"
    __table_args__ = (Index("ix_legal_text_name", "name", "wording"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    wording: Mapped[str] = mapped_column(String(12))  # "de", "einfach" or another language
    body: Mapped[str] = mapped_column(Text)  # Markdown with $placeholders
    written_at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="SET NULL"), default=None)


class ReportKind(StrEnum):
    """What somebody wants: a barrier mended, or what a page says told in another way."""

    BARRIER = "barrier"
    REQUEST = "request"


class BarrierReport(Base):
    """What somebody wrote through the accessibility statement's form."""

    __tablename__ = "barrier_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReportKind] = mapped_column(String(12))
    page: Mapped[str] = mapped_column(String(300), default="")
    message: Mapped[str] = mapped_column(Text)
    reply_to: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # sealed
    language: Mapped[str] = mapped_column(String(12), default="de")
    seal: Mapped[str] = mapped_column(String(64), unique=True)  # a form sent twice has one
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
