"""What the town says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from channels.base import Urgency
from civic_push.db import Base, BigId
from subscriptions.models import Neighbourhood, Register, Topic


class AnnouncementState(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    WAITING = "waiting"  # in the tray: came from a source, an editor decides
    SUBMITTED = "submitted"  # waits for somebody who may let it out (announcements.approval)
    SCHEDULED = "scheduled"  # let out; the clock publishes it at `scheduled_at`
    PUBLISHED = "published"
    DISMISSED = "dismissed"


OPEN = (AnnouncementState.DRAFT, AnnouncementState.WAITING)
"""Where a text may still be changed."""


class AnnouncementKind(StrEnum):
    """What an announcement is to the one it follows."""

    ORIGINAL = "original"  # follows none
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"  # the last of its chain
    ALL_CLEAR = "all_clear"


announcement_topic = Table(
    "announcement_topic", Base.metadata,
    Column("announcement_id", ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
)
announcement_neighbourhood = Table(
    "announcement_neighbourhood", Base.metadata,
    Column("announcement_id", ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True),
    Column("neighbourhood_id", ForeignKey("neighbourhood.id"), primary_key=True),
)


class Announcement(Base):
    """What the town says; its texts by language and register. Immutable once published."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_published_at", "published_at"),
                      Index("ix_announcement_state", "state", "published_at"),
                      Index("ix_announcement_replaces_id", "replaces_id",
                            sqlite_where=text("replaces_id IS NOT NULL"),
                            postgresql_where=text("replaces_id IS NOT NULL")))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[AnnouncementState] = mapped_column(
        String(16), default=AnnouncementState.DRAFT)
    urgency: Mapped[Urgency] = mapped_column(String(16), default=Urgency.INFO)
    link: Mapped[str] = mapped_column(Text, default="")  # where the source says more
    source_name: Mapped[str] = mapped_column(String(200), default="")  # "" = written here
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None)
    # whose words stand there now (a staff.id); None where a source or a program wrote them
    editor_id: Mapped[int | None] = mapped_column(default=None)
    kind: Mapped[AnnouncementKind] = mapped_column(
        String(12), default=AnnouncementKind.ORIGINAL)
    # what it follows, and the original that its whole chain began with (announcements.following)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"), default=None)
    root_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"), default=None)
    created_at: Mapped[datetime]
    # when the clock publishes it; of what is submitted: when its author would like that
    scheduled_at: Mapped[datetime | None] = mapped_column(default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    # when what it tells about begins and is over; midnight to midnight means whole days
    starts_at: Mapped[datetime | None] = mapped_column(default=None)
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    # where it is, in words, and on the map (WGS 84 degrees; both or neither)
    place: Mapped[str] = mapped_column(String(200), default="", server_default="")
    latitude: Mapped[float | None] = mapped_column(default=None)
    longitude: Mapped[float | None] = mapped_column(default=None)
    # how far fan_out has come: contacts up to this id have their deliveries
    fan_out_cursor: Mapped[int] = mapped_column(BigId, default=0)
    fan_out_done_at: Mapped[datetime | None] = mapped_column(default=None)
    # nothing of it leaves from then on: an editor stopped it, or something follows it
    closed_at: Mapped[datetime | None] = mapped_column(default=None)

    texts: Mapped[list[AnnouncementText]] = relationship(
        back_populates="announcement", cascade="all, delete-orphan", passive_deletes=True)
    topics: Mapped[list[Topic]] = relationship(secondary=announcement_topic,
                                               order_by=Topic.position)
    neighbourhoods: Mapped[list[Neighbourhood]] = relationship(
        secondary=announcement_neighbourhood, order_by=Neighbourhood.name)

    def text(self, language: str, register: str) -> AnnouncementText:
        """The best text for a reader: same language and register, then same language,
        then German in the wanted register, then the German standard text."""
        have = {(t.language, t.register): t for t in self.texts}
        for wanted in ((language, register), (language, Register.STANDARD),
                       ("de", register), ("de", Register.STANDARD)):
            if wanted in have:
                return have[wanted]
        return self.texts[0]

    def telling(self, language: str, register: str) -> AnnouncementText:
        """The wording that tells a reader what a follow-up changes: his text, or the German
        standard text where his leaves that out."""
        text = self.text(language, register)
        return text if text.change else self.text("de", Register.STANDARD)

    def change(self, language: str, register: str) -> str:
        """A follow-up's line about what is different, for such a reader; "" for an original."""
        return self.telling(language, register).change

    @property
    def chain_id(self) -> int:
        """The id of the original; the same for all that follow it."""
        return self.root_id or self.id

    @property
    def title(self) -> str:
        """The standard text's title, for lists."""
        return self.text("de", Register.STANDARD).title


class AnnouncementText(Base):
    """One wording of an announcement. `body` is Markdown, `short` a sentence for SMS and
    push ("" = made from title and body), `change` a line of plain text that says what is
    different from what it follows, or why that is withdrawn."""

    __tablename__ = "announcement_text"
    __table_args__ = (UniqueConstraint("announcement_id", "language", "register"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcement.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(12), default="de")
    register: Mapped[Register] = mapped_column(String(12), default=Register.STANDARD)
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text, default="")
    short: Mapped[str] = mapped_column(Text, default="")
    change: Mapped[str] = mapped_column(Text, default="")
    # who has checked that it is Leichte Sprache (DIN SPEC 33429); "" = it is not claimed to be
    reviewer: Mapped[str] = mapped_column(String(200), default="", server_default="")

    announcement: Mapped[Announcement] = relationship(back_populates="texts")
