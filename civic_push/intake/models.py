"""Places we read, and what we found there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civic_push.announcements.models import Announcement
from civic_push.db import Base, BigId
from subscriptions.models import Neighbourhood, Topic

source_topic = Table(
    "source_topic", Base.metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
)
source_neighbourhood = Table(
    "source_neighbourhood", Base.metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("neighbourhood_id", ForeignKey("neighbourhood.id"), primary_key=True),
)


class Source(Base):
    """A place we read."""

    __tablename__ = "source"
    __table_args__ = (Index("ix_source_next_check_at", "next_check_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(String(20), default="feed")  # a key of PARSERS
    publish: Mapped[bool] = mapped_column(default=False)  # new items at once, without the tray
    # a publisher whose texts are not ours to pass on: title and link only
    titles_only: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    interval_minutes: Mapped[int] = mapped_column(default=15)
    next_check_at: Mapped[datetime]
    checked_at: Mapped[datetime | None] = mapped_column(default=None)  # last read; None: never
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    errors: Mapped[int] = mapped_column(default=0)  # in a row
    last_error: Mapped[str] = mapped_column(Text, default="")  # see intake.wording
    created_at: Mapped[datetime]

    topics: Mapped[list[Topic]] = relationship(secondary=source_topic)
    neighbourhoods: Mapped[list[Neighbourhood]] = relationship(secondary=source_neighbourhood)


class Item(Base):
    """One thing as the source worded it. Kept for ever by key, so that nothing comes twice."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("source_id", "key"),
                      Index("ix_item_announcement_id", "announcement_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))  # SHA-256 of the entry's own id, or its link
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")  # plain text
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    first_seen_at: Mapped[datetime]
    announcement_id: Mapped[int | None] = mapped_column(
        ForeignKey("announcement.id", ondelete="SET NULL"), default=None)

    # its announcement is saved, but not published yet: the next check does what is left
    to_publish: Mapped[bool] = mapped_column(default=False)

    source: Mapped[Source] = relationship()
    announcement: Mapped[Announcement | None] = relationship()
