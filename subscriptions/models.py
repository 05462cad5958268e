"""The tables of this room."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from subscriptions.base import Base, BigId

NUMBERS_SERVE_ONCE = {"sqlite_autoincrement": True}
"""Signed links and the ledger name contacts by number, also after they have left. SQLite
would give the highest number to the next one, and with it the settings and the past."""


class Frequency(StrEnum):
    """How often a contact wants to hear from us."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"


class Register(StrEnum):
    """How a text speaks: standard language or Einfache Sprache."""

    STANDARD = "standard"
    PLAIN = "plain"


class ContactState(StrEnum):
    """Whether a contact may be written to. What has ended is deleted, not marked."""

    PENDING = "pending"
    ACTIVE = "active"
    LEAVING = "leaving"  # has left by SMS; its address is kept for the one answer


class Neighbourhood(Base):
    """An Ortsteil."""

    __tablename__ = "neighbourhood"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    aliases: Mapped[str] = mapped_column(Text, default="")  # separated by "|"


class Street(Base):
    """A street and an Ortsteil it runs through; long ones have several rows. Only for
    finding the Ortsteil: where residents live is not stored."""

    __tablename__ = "street"
    __table_args__ = (UniqueConstraint("key", "neighbourhood_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(160))  # places.folded(name)
    neighbourhood_id: Mapped[int] = mapped_column(
        ForeignKey("neighbourhood.id", ondelete="CASCADE"))


class Topic(Base):
    """A Thema: something residents can ask for."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    example: Mapped[str] = mapped_column(Text, default="")  # a headline one might get
    # words that texts about it use, separated by "|"; "-sperrung" also ends longer words
    aliases: Mapped[str] = mapped_column(Text, default="", server_default="")
    # {"en": {"name": …, "description": …, "example": …}, …}
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(default=0)
    # since then nobody is offered it; who has it keeps it, should it come back
    retired_at: Mapped[datetime | None] = mapped_column(default=None)

    def title(self, language: str) -> str:
        """The topic's name for a reader of this language; German where it has no other."""
        return self.translated("name", language)

    def about(self, language: str) -> str:
        """What it covers, in one sentence."""
        return self.translated("description", language)

    def sample(self, language: str) -> str:
        """A headline one might get."""
        return self.translated("example", language)

    def translated(self, column: str, language: str) -> str:
        """A column's words in a language; the German ones where it has no other."""
        return (self.translations or {}).get(language, {}).get(column) or str(
            getattr(self, column))


class Subscriber(Base):
    """A pseudonymous resident. No name."""

    __tablename__ = "subscriber"
    __table_args__ = NUMBERS_SERVE_ONCE

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    language: Mapped[str] = mapped_column(String(12), default="de")
    register: Mapped[Register] = mapped_column(String(12), default=Register.STANDARD)
    quiet_from: Mapped[int | None] = mapped_column(default=None)  # local hour 0-23
    quiet_to: Mapped[int | None] = mapped_column(default=None)  # local hour 0-23, exclusive
    # until then nothing but warnings of danger; what is said meanwhile is never sent
    paused_until: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime]

    contacts: Mapped[list[Contact]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", passive_deletes=True
    )
    subscriptions: Mapped[list[Subscription]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", passive_deletes=True
    )


class Contact(Base):
    """One inbox of a subscriber, verified on its own."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("channel", "fingerprint"),
        Index("ix_contact_subscriber_id", "subscriber_id"),
        Index("ix_contact_pending", "created_at", sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
        NUMBERS_SERVE_ONCE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(16))
    # sealed address and its keyed hash (seals.py); empty for a Telegram contact that
    # has not pressed "start" yet
    address: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    state: Mapped[ContactState] = mapped_column(String(12), default=ContactState.PENDING)
    frequency: Mapped[Frequency] = mapped_column(String(12), default=Frequency.NOW)
    digest_hour: Mapped[int] = mapped_column(default=18)  # local hour 0-23
    digest_weekday: Mapped[int] = mapped_column(default=4)  # Monday = 0; weekly only
    # renewed with every code or link; 0 before the first one (codes.UNSENT)
    challenge: Mapped[int] = mapped_column(BigInteger, default=0)
    tries: Mapped[int] = mapped_column(default=0)  # codes typed since then
    # keyed hash of an address that is another subscriber's: confirming unites the two
    claimed: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    # the contact of the same subscriber that ends when this one is confirmed
    replaces_id: Mapped[int | None] = mapped_column(BigId, default=None)
    # silent until a browser's push subscription dies, then in its place
    stands_in: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None] = mapped_column(default=None)

    subscriber: Mapped[Subscriber] = relationship(back_populates="contacts")


class Knock(Base):
    """That an inbox was written to because somebody typed its address into a form: how
    often since when. Whatever becomes of contacts, nobody's inbox is flooded through us, and
    nobody guesses on at the codes it got."""

    __tablename__ = "knock"

    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    since: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    # codes that were typed by who claims the address (Contact.claimed)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")


class Subscription(Base):
    """What a subscriber asked for: a topic (or all) in a neighbourhood (or the whole town)."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("subscriber_id", "topic_id", "neighbourhood_id"),
                      NUMBERS_SERVE_ONCE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), default=None)
    neighbourhood_id: Mapped[int | None] = mapped_column(
        ForeignKey("neighbourhood.id"), default=None
    )

    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions")


class Consent(Base):
    """The proof of one contact's consent (Art. 7 (1) GDPR). It outlives the contact and
    then holds nothing but the keyed hash of its address."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigId)  # no foreign key: see above
    channel: Mapped[str] = mapped_column(String(16))
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    wording_version: Mapped[str] = mapped_column(String(40))
    wording: Mapped[str] = mapped_column(Text)
    # how the wording was given: "page", or by a clerk "printed" or "read out"
    given: Mapped[str] = mapped_column(String(16), default="page")
    staff_id: Mapped[int | None] = mapped_column(default=None)  # the clerk; no key: see above
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_by: Mapped[str] = mapped_column(String(40), default="")  # "link", "code", …
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_reason: Mapped[str] = mapped_column(String(40), default="")
