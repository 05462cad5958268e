"""Who works at the desk, in Flask-Security-Too's terms (it calls them users), with their
keys and sessions, and the trail of what they did."""

from __future__ import annotations

from datetime import datetime

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civic_push.db import Base, BigId
from subscriptions.models import Neighbourhood, Topic

staff_role = Table(
    "staff_role", Base.metadata,
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)
# What somebody is limited to; without rows: everything.
staff_topic = Table(
    "staff_topic", Base.metadata,
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True),
)
staff_neighbourhood = Table(
    "staff_neighbourhood", Base.metadata,
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("neighbourhood_id", ForeignKey("neighbourhood.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """What somebody may do at the desk; `roles.ROLES` says which there are."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")


class Staff(Base, UserMixin):
    """Somebody who signs in at the desk. Accounts are closed, never deleted: the trail and
    announcements name them by number."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255), default=None)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    # grows with each invitation and when one is used: only the newest link holds, and once
    invitation: Mapped[int] = mapped_column(default=0)
    totp_secret: Mapped[str | None] = mapped_column(Text, default=None)  # sealed
    totp_counter: Mapped[int] = mapped_column(BigId, default=0)  # the last code's, used once
    oidc_subject: Mapped[str | None] = mapped_column(String(255), unique=True, default=None)
    # the account of a program (integrations.models.Client): it has no keys and no session
    machine: Mapped[bool] = mapped_column(default=False, server_default=false())

    roles: Mapped[list[Role]] = relationship(secondary=staff_role)  # type: ignore[assignment]
    topics: Mapped[list[Topic]] = relationship(secondary=staff_topic, order_by=Topic.position)
    neighbourhoods: Mapped[list[Neighbourhood]] = relationship(
        secondary=staff_neighbourhood, order_by=Neighbourhood.name)
    passkeys: Mapped[list[Passkey]] = relationship(
        back_populates="staff", order_by="Passkey.id", cascade="all, delete-orphan")

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not open this account."""
        return bool(self.totp_secret or self.passkeys)


class Passkey(Base):
    """A WebAuthn credential: the public half of a key in somebody's device."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    sign_count: Mapped[int] = mapped_column(BigId, default=0)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)

    staff: Mapped[Staff] = relationship(back_populates="passkeys")


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor or passkey, as a keyed hash."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class DeskSession(Base):
    """A browser somebody is signed in with. The cookie holds the key, this row its hash;
    without the row the cookie is worth nothing."""

    __tablename__ = "desk_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    strong: Mapped[bool] = mapped_column(default=False)  # two factors, or a passkey
    device: Mapped[str] = mapped_column(String(80), default="")  # such as "Firefox, Windows"
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class TrailEntry(Base):
    """Who did what, when, from what to what. Written by `trail.record` only; triggers refuse
    changes, and each entry's hash covers the one before. No residents' data."""

    __tablename__ = "trail_entry"
    __table_args__ = (Index("ix_trail_entry_object", "kind", "object_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80), index=True)  # "staff:3", "command", "clock"
    action: Mapped[str] = mapped_column(String(60), index=True)
    kind: Mapped[str] = mapped_column(String(40))  # of what it was done to
    object_id: Mapped[str] = mapped_column(String(80), default="")
    before: Mapped[str] = mapped_column(Text, default="null")  # canonical JSON
    after: Mapped[str] = mapped_column(Text, default="null")
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
