"""Webhooks: signed, tried again, guarded, and switched off when nobody is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery.drain import BACKOFF
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, State
from civic_push.integrations import calling, webhooks
from civic_push.integrations.models import Webhook, WebhookCall
from civic_push.integrations.webhooks import EVENTS, BadWebhook, Event
from civic_push.staff.models import TrailEntry
from subscriptions.models import Contact
from tests.civic_push.api.test_announcements_api import ONE_DATABASE
from tests.stand_ins.plain_server import PlainServer, answer, serving

THANKS = answer("204 No Content")


def heard(server: PlainServer, number: int) -> tuple[dict[str, str], dict[str, Any]]:
    """A request's headers and body."""
    head, _, body = server.requests[number].partition(b"\r\n\r\n")
    lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, value in lines}, json.loads(body)


def call_all(session: Session) -> None:
    """What clock and worker do."""
    webhooks.notice(session, utcnow())
    calling.call_webhooks()


def ready(make_app: Callable[..., Flask], server: PlainServer) -> Flask:
    """An app that may call this server, with its context to be pushed."""
    return make_app(webhook_private=(server.origin,))


def published(session: Session, announcement: Announcement) -> Announcement:
    """Let it out, now."""
    assert publishing.publish(session, announcement, utcnow())
    return announcement


def test_a_signature_is_the_standard_s() -> None:
    stamp = int(datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC).timestamp())
    assert calling.signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             "msg_p5jXN8AQM9LWM0D4loKWxJek", stamp, b'{"test": 2432232314}'
                             ) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_publishing_and_its_end_are_told_once_each_and_signed(
        make_app: Callable[..., Flask], session: Session,
        make_announcement: Callable[..., Announcement],
        make_contact: Callable[..., Contact]) -> None:
    make_contact()
    with serving(THANKS) as server, ready(make_app, server).app_context():
        _webhook, secret = webhooks.add(session, server.origin + "/hook", EVENTS, utcnow())
        session.commit()
        number = published(session, make_announcement()).id
        fan_out(number)
        call_all(session)
        call_all(session)
        headers, body = heard(server, 0)
        assert body["type"] == "announcement.published"
        assert (body["data"]["id"], body["data"]["title"]) == (number, "Brücke gesperrt")
        raw = server.requests[0].partition(b"\r\n\r\n")[2]
        assert headers["webhook-signature"] == calling.signature(
            secret, headers["webhook-id"], int(headers["webhook-timestamp"]), raw)
        assert len(server.requests) == 1
        session.execute(update(Delivery).values(state=State.SENT))
        session.commit()
        call_all(session)
        call_all(session)
        assert len(server.requests) == 2
        told = heard(server, 1)[1]
        assert told["type"] == "delivery.finished"
        assert told["data"]["channels"] == {"email": {"sent": None}}


def test_what_fails_is_tried_again_with_the_same_id_and_patience(
        make_app: Callable[..., Flask], session: Session) -> None:
    with serving(answer("500 No", "Retry-After: 4000", body=b"kaputt")) as server, \
            ready(make_app, server).app_context():
        webhook, _secret = webhooks.add(session, server.origin, EVENTS, utcnow())
        call = webhooks.test(session, webhook, utcnow())
        call.event = Event.PUBLISHED
        session.commit()
        now = utcnow()
        calling.call_webhooks()
        session.refresh(call)
        assert (call.status, call.answer, call.attempts) == (500, "kaputt", 1)
        assert call.due_at is not None
        assert call.due_at - now > timedelta(seconds=3999)
        calling.call_webhooks()
        assert len(server.requests) == 1  # not before its time
        for attempt in range(2, len(BACKOFF) + 2):
            session.execute(update(WebhookCall).values(due_at=now))
            session.commit()
            calling.call_webhooks()
            session.refresh(call)
            assert call.attempts == attempt
        assert call.due_at is None  # given up
        assert len({heard(server, n)[0]["webhook-id"] for n in range(6)}) == 1


@pytest.mark.parametrize(("status", "failing"), [
    ("410 Gone", None), ("500 No", calling.PATIENCE)], ids=["gone", "failing for long"])
@ONE_DATABASE
def test_a_webhook_that_is_gone_or_failed_for_days_is_switched_off(
        make_app: Callable[..., Flask], session: Session, status: str,
        failing: timedelta | None) -> None:
    with serving(answer(status)) as server, ready(make_app, server).app_context():
        webhook, _secret = webhooks.add(session, server.origin, EVENTS, utcnow())
        webhook.failing_since = utcnow() - failing if failing else None
        webhooks.test(session, webhook, utcnow())
        session.commit()
        calling.call_webhooks()
        session.refresh(webhook)
        assert not webhook.active
        assert session.scalars(select(TrailEntry.action)).all() == ["webhook.given_up"]
        webhooks.switch(session, webhook, True, utcnow())
        session.commit()
        assert not webhooks.notice(session, utcnow())


def test_what_is_switched_off_is_not_called_any_more(
        make_app: Callable[..., Flask], session: Session) -> None:
    with serving(answer("410 Gone")) as server, ready(make_app, server).app_context():
        webhook, _secret = webhooks.add(session, server.origin, EVENTS, utcnow())
        for _ in range(3):  # all in one batch
            webhooks.test(session, webhook, utcnow()).event = Event.PUBLISHED
        session.commit()
        calling.call_webhooks()
        session.expire_all()
        assert not webhook.active
        assert session.scalars(select(WebhookCall.due_at)).all() == [None] * 3
        webhooks.test(session, webhook, utcnow())  # from a page that was open before
        session.commit()
        assert not webhooks.notice(session, utcnow())
        calling.call_webhooks()
        assert len(server.requests) == 3


@ONE_DATABASE
def test_a_success_ends_a_bad_time(make_app: Callable[..., Flask], session: Session) -> None:
    with serving(THANKS) as server, ready(make_app, server).app_context():
        webhook, _secret = webhooks.add(session, server.origin, EVENTS, utcnow())
        webhook.failing_since = utcnow() - timedelta(days=2)
        call = webhooks.test(session, webhook, utcnow())
        session.commit()
        calling.call_webhooks()
        session.refresh(webhook)
        session.refresh(call)
        assert webhook.failing_since is None
        assert call.done_at is not None
        assert heard(server, 0)[1]["type"] == "test"


@ONE_DATABASE
def test_nothing_inside_our_network_is_called(app: Flask, session: Session) -> None:
    with serving(THANKS) as server:
        port = server.origin.rsplit(":", 1)[1]
        webhook, _secret = webhooks.add(
            session, f"https://127.0.0.1:{port}/", EVENTS, utcnow())
        call = webhooks.test(session, webhook, utcnow())
        session.commit()
        calling.call_webhooks()
        session.refresh(call)
        assert call.answer == "address is not public"
        assert server.opened == 0


@pytest.mark.parametrize("url", ["http://example.org/", "https://localhost/", "ftp://a.b/",
                                 "https://a:b@example.org/", "https://example.org/\n", "",
                                 "https://example.org/" + "x" * 2000])
@ONE_DATABASE
def test_an_address_that_is_not_safe_is_refused(session: Session, url: str) -> None:
    with pytest.raises(BadWebhook):
        webhooks.add(session, url, EVENTS, utcnow())


@ONE_DATABASE
def test_what_was_before_it_and_what_is_old_is_not_told(
        app: Flask, session: Session, make_announcement: Callable[..., Announcement]) -> None:
    published(session, make_announcement())
    webhook, _secret = webhooks.add(session, "https://example.org/", EVENTS, utcnow())
    session.commit()
    assert not webhooks.notice(session, utcnow())
    webhooks.test(session, webhook, utcnow()).due_at = None
    session.commit()
    webhooks.forget_old(session, utcnow() + timedelta(days=29))
    assert len(webhooks.latest(session, webhook)) == 1
    webhooks.forget_old(session, utcnow() + timedelta(days=31))
    assert session.scalars(select(WebhookCall)).all() == []
    assert session.scalars(select(Webhook)).one().active
