"""Calling webhooks: signed by Standard Webhooks (webhook-id, webhook-timestamp, v1 HMAC), tried
again with the ledger's patience, to public https addresses only. A webhook that has failed for
three days is switched off."""

from __future__ import annotations

import base64
import hmac
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from channels.http_pool import HttpPool, Limits, Post, Reply
from civic_push import tasks
from civic_push.announcements.models import Announcement
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.drain import BACKOFF
from civic_push.delivery.models import Delivery, Lane
from civic_push.delivery.report import FEW
from civic_push.integrations import webhooks
from civic_push.integrations.models import WebhookCall
from civic_push.integrations.webhooks import Event
from civic_push.staff import trail
from civic_push.wording.addresses import page_url

PATIENCE = timedelta(days=3)  # after which a webhook that only fails is switched off
_LEASE = timedelta(minutes=2)
_BATCH = 50
_ANSWER = 300  # characters of an answer that are kept
_LIMITS = Limits(in_flight=10, per_host=2, connect_seconds=5, total_seconds=15)


def ring(now: datetime) -> None:
    """Write down what there is to tell and ring for a worker. The clock does it."""
    if webhooks.notice(db.session(), now):
        tasks.ring_once(Lane.NORMAL, call_webhooks)


def call_webhooks() -> None:
    """Job: tell what is due."""
    session = db.session()
    calls = _claim(session, utcnow())
    posts = {call.id: _post(session, call, utcnow()) for call in calls}
    session.commit()  # no open transaction while we talk to others
    pool = HttpPool(trusted=webhooks.trusted(), limits=_LIMITS)
    try:
        replies = dict(pool.post_many(posts.values()))
    finally:
        pool.close()
    for number, reply in replies.items():
        _record(session, number, reply, utcnow())
    session.commit()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a message."""
    key = base64.b64decode(secret.removeprefix(webhooks.PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def _claim(session: Session, now: datetime) -> Sequence[WebhookCall]:
    """Take what is due; others leave it alone for two minutes."""
    due = session.scalars(
        webhooks.due(now).order_by(WebhookCall.due_at).limit(_BATCH)
        .with_for_update(skip_locked=True)).all()
    session.execute(update(WebhookCall).where(WebhookCall.id.in_(due)).values(
        due_at=now + _LEASE, attempts=WebhookCall.attempts + 1))
    session.commit()
    return session.scalars(select(WebhookCall).where(WebhookCall.id.in_(due)).options(
        selectinload(WebhookCall.webhook))).all()


def _post(session: Session, call: WebhookCall, now: datetime) -> Post:
    said = {"type": call.event, "timestamp": call.created_at.astimezone(UTC).isoformat(),
            "data": _data(session, call)}
    body, stamp = json.dumps(said, ensure_ascii=False).encode(), int(now.timestamp())
    signed = signature(webhooks.secret_of(call.webhook), call.message_id, stamp, body)
    return Post(call.id, call.webhook.url, [
        "Content-Type: application/json", f"webhook-id: {call.message_id}",
        f"webhook-timestamp: {stamp}", f"webhook-signature: {signed}"], body)


def _data(session: Session, call: WebhookCall) -> dict[str, Any]:
    row = session.get(Announcement, call.announcement_id) if call.announcement_id else None
    if row is None:
        return {}
    told = {"id": row.id, "url": page_url(settings(), row.id)}
    if call.event == Event.FINISHED:
        return {**told, "channels": _counts(session, row.id)}
    return {**told, "title": row.title, "kind": str(row.kind), "urgency": str(row.urgency),
            "replaces": row.replaces_id, "topics": [t.slug for t in row.topics],
            "neighbourhoods": [n.slug for n in row.neighbourhoods]}


def _counts(session: Session, number: int) -> dict[str, dict[str, int | None]]:
    """Deliveries by channel and state; None: fewer than five residents."""
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    for channel, state, count in session.execute(
            select(Delivery.channel, Delivery.state, func.count())
            .where(Delivery.announcement_id == number, Delivery.contact_id.is_not(None))
            .group_by(Delivery.channel, Delivery.state)):
        found[channel][str(state)] = None if count < FEW else count
    return found


def _record(session: Session, number: int, reply: Reply, now: datetime) -> None:
    call = session.get(WebhookCall, number, with_for_update=True)
    if call is None:  # its webhook was removed meanwhile
        return
    webhook = call.webhook
    call.status = reply.status or None
    call.answer = (reply.error or reply.body.decode(errors="replace"))[:_ANSWER].replace("\0", "")
    if 200 <= reply.status < 300:
        call.due_at, call.done_at, webhook.failing_since = None, now, None
        return
    webhook.failing_since = webhook.failing_since or now
    over = (call.attempts > len(BACKOFF) or call.event == Event.TEST
            or not webhook.active)  # switched off meanwhile
    wait = max(BACKOFF[min(call.attempts, len(BACKOFF)) - 1], _asked_for(reply))
    call.due_at = None if over else now + timedelta(seconds=wait)
    if webhook.active and (reply.status == 410 or now - webhook.failing_since >= PATIENCE):
        _give_up(session, call)


def _give_up(session: Session, call: WebhookCall) -> None:
    """Switch a webhook off that is gone, or has only failed for long."""
    call.webhook.active = False
    webhooks.drop_waiting(session, call.webhook_id)
    trail.record(session, trail.CLOCK, "webhook.given_up", ("webhook", call.webhook_id),
                 after={"status": call.status})


def _asked_for(reply: Reply) -> int:
    """Seconds of a Retry-After, a day at most."""
    said = reply.headers.get("retry-after", "")
    return min(int(said), 86_400) if said.isascii() and said.isdigit() and len(said) < 7 else 0
