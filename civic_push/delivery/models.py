"""The ledger: one row for each message and inbox, the only record of sending."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civic_push.db import Base, BigId
from civic_push.tasks import Lane as Lane  # noqa: PLC0414  # the queues' names are the rows'


class State(StrEnum):
    """What became of a delivery. Of all but WAITING its worker is done; what was refused,
    unknown or expired waits again where an editor sends again (`again`)."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    GONE = "gone"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # before its turn the contact left, or the announcement ended


class Purpose(StrEnum):
    """Why a delivery exists. All but ANNOUNCEMENT are transactional."""

    ANNOUNCEMENT = "announcement"
    CONFIRM = "confirm"  # please confirm this address
    WELCOME = "welcome"  # a test push, or the chat's first message after /start
    KNOWN = "known"  # somebody asked to subscribe an address that is subscribed
    MANAGE = "manage"  # the link to one's preferences, asked for
    UNITE = "unite"  # please confirm this address, which is in use elsewhere
    TEST = "test"  # a push to try whether pushes arrive, asked for
    STAND_IN = "stand_in"  # the browser is gone; messages come to this inbox now
    STAFF = "staff"  # the link to one's account at the desk; `outlet` holds the address
    TRIAL = "trial"  # an announcement for who works on it; Trial says which, and in what words
    APPROVAL = "approval"  # something waits for approval; `outlet` holds the address, too
    CAME_BACK = "came_back"  # what somebody wrote is a draft again; the same
    GOODBYE = "goodbye"  # the one answer to an SMS that says STOP


KEY = ("contact_id", "announcement_id")
"""What the ledger holds once. Where either is NULL, as often as need be."""


class Delivery(Base):
    """One announcement for one contact (or outlet). There are no foreign keys: the ledger
    outlives contacts, and checking them costs PostgreSQL a third of its insert rate.

    A delivery under way is a waiting one with a lease. Claiming changes no indexed column,
    and half of each page is left free, so that PostgreSQL can do it in place (HOT)."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint(*KEY),
        # an announcement's rows lie together: to PostgreSQL a summary of page ranges tells
        # where, and costs nothing to keep
        Index("ix_delivery_announcement_id", "announcement_id", postgresql_using="brin",
              postgresql_with={"pages_per_range": 16, "autosummarize": True}),
        Index("uq_delivery_announcement_id_outlet", "announcement_id", "outlet", unique=True,
              sqlite_where=text("outlet IS NOT NULL"),
              postgresql_where=text("outlet IS NOT NULL")),
        Index("ix_delivery_due", "channel", "lane", "due_at",
              sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
        Index("ix_delivery_paid", "channel", "sent_at",
              sqlite_where=text("parts > 0"), postgresql_where=text("parts > 0")),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    announcement_id: Mapped[int | None] = mapped_column(BigId, default=None)
    contact_id: Mapped[int | None] = mapped_column(BigId, default=None)
    outlet: Mapped[str | None] = mapped_column(String(255), default=None)
    purpose: Mapped[Purpose] = mapped_column(String(16), default=Purpose.ANNOUNCEMENT)
    subscription_id: Mapped[int | None] = mapped_column(BigId, default=None)  # the reason
    # what this inbox got of the same chain before, if this is a follow-up to it
    follows_id: Mapped[int | None] = mapped_column(BigId, default=None)
    channel: Mapped[str] = mapped_column(String(16))
    lane: Mapped[Lane] = mapped_column(String(16))
    state: Mapped[State] = mapped_column(String(12), default=State.WAITING)
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    parts: Mapped[int] = mapped_column(default=0)  # SMS segments paid for
    receipt: Mapped[str | None] = mapped_column(String(200), default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    created_at: Mapped[datetime]


COLUMNS = ("announcement_id", "contact_id", "purpose", "subscription_id", "channel", "lane",
           "state", "due_at", "expires_at", "attempts", "parts", "created_at")
"""What an INSERT … SELECT into the ledger fills, in this order."""


class Trial(Base):
    """What a delivery with purpose TRIAL shows. It is kept out of the delivery itself, so
    that no report counts it among the announcement's."""

    __tablename__ = "trial"
    __table_args__ = (Index("ix_trial_staff_id", "staff_id", "created_at"),)

    delivery_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    staff_id: Mapped[int]  # who asked for it
    announcement_id: Mapped[int] = mapped_column(BigId)
    language: Mapped[str] = mapped_column(String(12))
    register: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]


class ChannelPause(Base):
    """A channel that rests: its provider fails wholesale, its budget is spent, or an
    administrator has paused it."""

    __tablename__ = "channel_pause"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=1)  # in a row
    reason: Mapped[str] = mapped_column(Text, default="")
    held_at: Mapped[datetime | None] = mapped_column(default=None)  # paused by hand, since then


class ChannelHour(Base):
    """What became of one channel's messages in one hour, counted as they left: the ledger
    has no index by time, because keeping one would cost it its speed. Holds nothing of
    residents, and is kept."""

    __tablename__ = "channel_hour"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(8), primary_key=True)  # channels.base.Kind
    count: Mapped[int] = mapped_column(BigId)  # messages: a digest is one
    last_at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(Text, default="")  # the provider's last words
