"""Webhooks: who wants to be told, and what there is to tell.

What happened is found in committed rows, by the clock; nothing in publishing or sending knows
of webhooks. `calling` tells it.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import ColumnElement, Select, delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from channels.http_pool import origin
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.config import settings
from civic_push.db import read_only
from civic_push.delivery.models import Delivery, State
from civic_push.integrations.models import Webhook, WebhookCall
from subscriptions.seals import Seals

PREFIX = "whsec_"  # Standard Webhooks
LONGEST_URL = 2000
KEPT = timedelta(days=30)  # how long calls can be looked at
_TOLD_FOR = timedelta(days=14)  # after publishing; what never finishes is not looked at for ever
_MOST = 200  # in one look


class Event(StrEnum):
    """What a webhook can be told."""

    PUBLISHED = "announcement.published"
    FINISHED = "delivery.finished"
    TEST = "test"


EVENTS = (Event.PUBLISHED, Event.FINISHED)
"""Those that one can ask for."""


class BadWebhook(ValueError):
    """A webhook that cannot be; `code` is "url" or "events"."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def add(session: Session, url: str, events: Iterable[str], now: datetime
        ) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown once. Does not commit. Raises
    BadWebhook."""
    chosen = [event for event in EVENTS if event in set(events)]
    if not chosen:
        raise BadWebhook("events", "A webhook needs something to be told.")
    if not _is_address(url):
        raise BadWebhook("url", "The address must begin with https://.")
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    webhook = Webhook(url=url, events=" ".join(chosen), created_at=now, since=now,
                      secret=_seals().seal("webhook", secret))
    session.add(webhook)
    session.flush()
    return webhook, secret


def secret_of(webhook: Webhook) -> str:
    """What to sign with."""
    return _seals().open("webhook", webhook.secret)


def switch(session: Session, webhook: Webhook, on: bool, now: datetime) -> None:
    """Switch it on or off. What waits then, and what happens while it is off, is not told.
    Does not commit."""
    webhook.active, webhook.failing_since = on, None
    if on:
        webhook.since = now
    else:
        drop_waiting(session, webhook.id)


def drop_waiting(session: Session, webhook_id: int) -> None:
    """Tell a webhook nothing more of what waits. Does not commit."""
    session.execute(update(WebhookCall).where(WebhookCall.webhook_id == webhook_id)
                    .values(due_at=None))


def test(session: Session, webhook: Webhook, now: datetime) -> WebhookCall:
    """Tell it something that nobody need act on. Does not commit."""
    return _call(session, webhook.id, Event.TEST, None, now)


def notice(session: Session, now: datetime) -> bool:
    """Write down what there is to tell; return whether anything is due. Commits.

    Mostly there is nothing: so it reads first, and holds up nobody who writes."""
    with read_only(session):
        untold = [(webhook.id, event, number) for webhook, event in _asked(session)
                  for number in session.scalars(
                      select(Announcement.id).where(*_untold(webhook, event, now))
                      .order_by(Announcement.id).limit(_MOST)).all()]
        waits = session.scalar(due(now).limit(1)) is not None
    try:
        for webhook_id, event, number in untold:
            _call(session, webhook_id, event, number, now)
        session.commit()
    except IntegrityError:  # another clock has just written the same down
        session.rollback()
    return waits or bool(untold)


def due(now: datetime) -> Select[int]:
    """The calls to be made, by id. What is switched off is not called."""
    return select(WebhookCall.id).where(
        WebhookCall.due_at <= now,
        WebhookCall.webhook_id.in_(select(Webhook.id).where(Webhook.active)))


def _asked(session: Session) -> list[tuple[Webhook, Event]]:
    """Which webhook wants to be told what."""
    active = session.scalars(select(Webhook).where(Webhook.active)).all()
    return [(webhook, event) for webhook in active
            for event in sorted(set(map(Event, webhook.events.split())) - {Event.TEST})]


def forget_old(session: Session, now: datetime) -> None:
    """Remove calls that are through and old. The clock does it; the caller commits."""
    session.execute(delete(WebhookCall).where(
        WebhookCall.due_at.is_(None), WebhookCall.created_at < now - KEPT))


def latest(session: Session, webhook: Webhook, most: int = 20) -> Sequence[WebhookCall]:
    """Its newest calls."""
    return session.scalars(select(WebhookCall).where(WebhookCall.webhook_id == webhook.id)
                           .order_by(WebhookCall.id.desc()).limit(most)).all()


def trusted() -> frozenset[str]:
    """Origins that may be unencrypted or lie in the town's own network."""
    return frozenset(settings().webhook_private)


def _untold(webhook: Webhook, event: Event, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Announcement.state == AnnouncementState.PUBLISHED,
        Announcement.published_at >= max(webhook.since, now - _TOLD_FOR),
        ~exists().where(WebhookCall.webhook_id == webhook.id, WebhookCall.event == event,
                        WebhookCall.announcement_id == Announcement.id)]
    if event == Event.FINISHED:
        found += [
            or_(Announcement.fan_out_done_at.is_not(None), Announcement.closed_at.is_not(None)),
            ~exists().where(Delivery.announcement_id == Announcement.id,
                            Delivery.state == State.WAITING)]
    return found


def _call(session: Session, webhook_id: int, event: Event, number: int | None, now: datetime
          ) -> WebhookCall:
    call = WebhookCall(webhook_id=webhook_id, event=event, announcement_id=number,
                       message_id=f"msg_{uuid.uuid4().hex}", created_at=now, due_at=now)
    session.add(call)
    return call


def _is_address(url: str) -> bool:
    printable = url.isascii() and url.isprintable() and " " not in url
    if not printable or len(url) > LONGEST_URL or "@" in origin(url):
        return False
    return origin(url) in trusted() or (url.startswith("https://") and "." in origin(url))


def _seals() -> Seals:
    found: Seals = current_app.extensions["seals"]
    return found
