"""Programs that speak to us, and those we speak to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civic_push.db import Base, BigId
from civic_push.staff.models import Staff


class Client(Base):
    """A program that speaks to the API. At the desk it is `staff`, an account without keys:
    what it writes has an author, the trail names it, roles and limits hold for it as for
    everybody. Its token is known to it alone; here is the hash."""

    __tablename__ = "api_client"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    scopes: Mapped[str] = mapped_column(String(255))  # separated by blanks
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, default=None)
    ending: Mapped[str] = mapped_column(String(8), default="")  # of the token, to know it by
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    staff: Mapped[Staff] = relationship()


class GivenAnswer(Base):
    """What a client was answered to a request with an Idempotency-Key, to be said again when
    it asks again. Without `status` the request has not been answered yet."""

    __tablename__ = "given_answer"

    client_id: Mapped[int] = mapped_column(
        ForeignKey("api_client.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(default=None)
    location: Mapped[str] = mapped_column(Text, default="")
    etag: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(index=True)


class Webhook(Base):
    """An address of somebody else's that wants to be told what happens here. `secret` is
    sealed: it must be read to sign with it."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(String(255))  # separated by blanks
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    active: Mapped[bool] = mapped_column(default=True)
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime]
    since: Mapped[datetime]  # switched on; what happened before is not told


class WebhookCall(Base):
    """One thing that a webhook is told. `due_at` is None once it has been answered, or given
    up; `status` and `answer` are the last attempt's."""

    __tablename__ = "webhook_call"
    __table_args__ = (UniqueConstraint("webhook_id", "event", "announcement_id"),
                      Index("ix_webhook_call_due_at", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(40))
    announcement_id: Mapped[int | None] = mapped_column(BigId, default=None)  # None: a test
    message_id: Mapped[str] = mapped_column(String(40))  # the same for every attempt
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(default=None)  # answered with 2xx
    status: Mapped[int | None] = mapped_column(default=None)
    answer: Mapped[str] = mapped_column(Text, default="")

    webhook: Mapped[Webhook] = relationship()
