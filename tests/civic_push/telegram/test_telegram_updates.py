"""Residents' side of Telegram: start, stop, block; by webhook and by long polling."""

from __future__ import annotations

import copy
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.config import BadSetting
from civic_push.db import db, utcnow
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.models import Purpose as Why
from civic_push.demo.telegram_api import TelegramApi
from civic_push.telegram.dialogue import handle_update
from civic_push.telegram.polling import Polling, poll_forever, webhook_secret
from subscriptions.leaving import leave
from subscriptions.models import Consent, Contact, ContactState, Subscriber
from subscriptions.signup import Choices, Inbox, Wording, ask
from subscriptions.tokens import Purpose
from tests.stand_ins.providers import serving

CHAT = 700_000_001
BOT_TOKEN = "1000000:geheim"


def said(text: str, chat: int = CHAT, **overrides: Any) -> dict[str, Any]:
    return {"update_id": 1, "message": {
        "message_id": 1, "date": 0, "text": text, "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "is_bot": False, "first_name": "A", "language_code": "de"},
        **overrides}}


def member(status: str, chat: int = CHAT) -> dict[str, Any]:
    return {"update_id": 2, "my_chat_member": {
        "chat": {"id": chat, "type": "private"}, "from": {"id": chat, "is_bot": False},
        "new_chat_member": {"status": status, "user": {"id": 1, "is_bot": True}}}}


def sign_up(app: Flask, session: Session, now: datetime, **choices: Any) -> tuple[int, str]:
    """Sign up for Telegram; return the contact's id and the start link's token."""
    (contact, _), = ask(session, app.extensions["seals"], Choices(**choices),
                        [Inbox("telegram", None)], Wording("1", "Ja, bitte."), now)
    token = app.extensions["tokens"].make(
        Purpose.TELEGRAM, contact.id, challenge=contact.challenge,
        expires_at=now + timedelta(hours=48))
    session.commit()
    return contact.id, token


@pytest.fixture
def promise(app: Flask, session: Session, now: datetime) -> Callable[..., tuple[int, str]]:
    """Sign up in this test's database."""
    return lambda **choices: sign_up(app, session, now, **choices)


def deliveries(session: Session) -> list[Delivery]:
    session.expire_all()
    return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_start_links_the_chat_confirms_it_and_writes_a_welcome(
        app: Flask, session: Session, now: datetime, promise: Any) -> None:
    number, token = promise()
    assert handle_update(said(f"/start {token}"), now) is None
    contact = session.get(Contact, number)
    assert contact is not None
    assert contact.state == ContactState.ACTIVE
    assert contact.verified_at == now
    assert app.extensions["seals"].open("telegram", contact.address) == str(CHAT)
    (consent,) = session.scalars(select(Consent))
    assert (consent.confirmed_at, consent.confirmed_by) == (now, "start")
    (welcome,) = deliveries(session)
    assert (welcome.purpose, welcome.channel, welcome.lane) == (
        Why.WELCOME, "telegram", Lane.TRANSACTIONAL)
    assert app.extensions["redis"].llen("rq:queue:transactional") == 1


def test_start_sent_twice_confirms_once(session: Session, now: datetime, promise: Any) -> None:
    _, token = promise()
    assert handle_update(said(f"/start {token}"), now) is None
    reply = handle_update(said(f"/start {token}"), now)
    assert reply is not None
    assert reply["text"] == "Dieser Chat ist schon angemeldet."
    assert len(deliveries(session)) == 1


def test_a_start_link_does_not_move_to_another_chat(
        app: Flask, session: Session, now: datetime, promise: Any) -> None:
    number, token = promise()
    handle_update(said(f"/start {token}"), now)
    reply = handle_update(said(f"/start {token}", chat=666), now)
    assert reply is not None
    assert reply["text"].startswith("Dieser Link wurde schon benutzt.")
    contact = session.get(Contact, number)
    assert contact is not None
    assert app.extensions["seals"].open("telegram", contact.address) == str(CHAT)


def test_a_chat_that_is_subscribed_already_keeps_its_subscription(
        session: Session, now: datetime, promise: Any) -> None:
    first, token = promise()
    handle_update(said(f"/start {token}"), now)
    second, other = promise()
    assert handle_update(said(f"/start {other}"), now) is None
    assert [d.purpose for d in deliveries(session)] == [Why.WELCOME, Why.KNOWN]
    assert deliveries(session)[1].contact_id == first
    again = session.get(Contact, second)
    assert again is not None
    assert again.state == ContactState.PENDING


@pytest.mark.parametrize("token", ["x", "A" * 38, "ö" * 38, "../../etc"])
def test_a_start_with_a_bad_token_is_explained(app: Flask, now: datetime, token: str) -> None:
    reply = handle_update(said(f"/start {token}"), now)
    assert reply == {
        "method": "sendMessage", "chat_id": CHAT,
        "text": "Dieser Link gilt nicht oder nicht mehr. Bitte melden Sie sich noch einmal an: "
                "http://localhost/anmelden",
        "link_preview_options": {"is_disabled": True}}


def test_a_start_with_an_expired_token_is_explained(
        session: Session, now: datetime, promise: Any) -> None:
    number, token = promise()
    reply = handle_update(said(f"/start {token}"), now + timedelta(hours=49))
    assert reply is not None
    assert reply["text"].startswith("Dieser Link ist abgelaufen.")
    contact = session.get(Contact, number)
    assert contact is not None
    assert contact.state == ContactState.PENDING


def test_a_token_for_something_else_starts_nothing(
        app: Flask, session: Session, now: datetime, promise: Any) -> None:
    number, _ = promise()
    contact = session.get(Contact, number)
    assert contact is not None
    wrong = app.extensions["tokens"].make(Purpose.MANAGE, number, challenge=contact.challenge)
    reply = handle_update(said(f"/start {wrong}"), now)
    assert reply is not None
    assert "gilt nicht" in reply["text"]
    session.expire_all()
    assert session.get(Contact, number).state == ContactState.PENDING  # type: ignore[union-attr]


def test_a_sign_up_that_has_vanished_is_explained(
        session: Session, now: datetime, promise: Any) -> None:
    number, token = promise()
    leave(session, [number], "erased", now)
    session.commit()
    reply = handle_update(said(f"/start {token}"), now)
    assert reply is not None
    assert "http://localhost/anmelden" in reply["text"]


@pytest.mark.parametrize("word", ["/stop", "stop", "Stopp", "STOP!", "/stop@civic_push_bot",
                                  "Abmelden", "/stop bitte"])
def test_stop_ends_and_deletes(session: Session, now: datetime, promise: Any, word: str) -> None:
    _, token = promise()
    handle_update(said(f"/start {token}"), now)
    reply = handle_update(said(word), now)
    assert reply is not None
    assert reply["text"].startswith("Sie sind abgemeldet")
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    assert session.scalar(select(func.count()).select_from(Subscriber)) == 0
    (consent,) = session.scalars(select(Consent))
    assert (consent.ended_at, consent.ended_reason) == (now, "stop")
    again = handle_update(said(word), now)
    assert again is not None
    assert again["text"].startswith("Dieser Chat erhält keine Nachrichten")


def test_blocking_the_bot_ends_the_contact(session: Session, now: datetime, promise: Any) -> None:
    _, token = promise()
    handle_update(said(f"/start {token}"), now)
    assert handle_update(member("member"), now) is None
    assert session.scalar(select(func.count()).select_from(Contact)) == 1
    assert handle_update(member("kicked"), now) is None
    assert handle_update(member("kicked"), now) is None
    assert session.scalar(select(func.count()).select_from(Contact)) == 0


def test_anything_else_gets_one_helpful_sentence(app: Flask, now: datetime, promise: Any) -> None:
    stranger = handle_update(said("Hallo?"), now)
    assert stranger is not None
    assert "http://localhost/anmelden" in stranger["text"]
    _, token = promise()
    handle_update(said(f"/start {token}"), now)
    for text in ("Hallo?", "/start", "/help"):
        reader = handle_update(said(text), now)
        assert reader is not None
        assert "/stop" in reader["text"]


def test_a_photo_is_answered_like_words(app: Flask, now: datetime) -> None:
    update = said("")
    del update["message"]["text"]
    update["message"]["photo"] = [{"file_id": "x"}]
    assert handle_update(update, now) is not None


@pytest.mark.parametrize("update", [
    {}, {"update_id": 1}, {"message": None}, {"message": []}, {"message": {}},
    {"message": {"chat": 5, "text": "/stop"}},
    {"message": {"chat": {"id": "x", "type": "private"}, "text": "/stop"}},
    {"message": {"chat": {"id": True, "type": "private"}, "text": "/stop"}},
    {"message": {"chat": {"id": -100, "type": "supergroup"}, "text": "/stop"}},
    {"message": {"chat": {"id": 5, "type": "private"}, "from": {"is_bot": True}, "text": "hi"}},
    {"my_chat_member": {"chat": {"id": 5, "type": "private"}, "new_chat_member": "kicked"}},
    {"edited_message": {"chat": {"id": 5, "type": "private"}, "text": "/stop"}},
    {"channel_post": {"chat": {"id": -5, "type": "channel"}, "text": "hi"}},
])
def test_what_is_none_of_our_business_is_left_alone(
        app: Flask, now: datetime, update: dict[str, Any]) -> None:
    assert handle_update(update, now) is None


def test_the_webhook_answers_telegram_and_nobody_else(
        app: Flask, client: FlaskClient, session: Session, promise: Any) -> None:
    secret = {"X-Telegram-Bot-Api-Secret-Token": webhook_secret()}
    assert client.post("/telegram", json=said("Hallo")).status_code == 403
    assert client.post("/telegram", json=said("Hallo"),
                       headers={"X-Telegram-Bot-Api-Secret-Token": "ö"}).status_code == 403
    assert client.post("/telegram", data="{", headers=secret).status_code == 400
    assert client.post("/telegram", json=[], headers=secret).status_code == 400
    reply = client.post("/telegram", json=said("Hallo"), headers=secret)
    assert reply.get_json()["method"] == "sendMessage"
    assert reply.get_json()["chat_id"] == CHAT
    assert client.get("/telegram").status_code == 405
    assert client.post("/telegram", json={"update_id": 3}, headers=secret).get_json() == {}


@contextmanager
def polling(app: Flask, **options: Any) -> Iterator[None]:
    stop = threading.Event()
    work = Polling(app, stop, **{"seconds": 1, "back_off": (0.05,), **options})
    thread = threading.Thread(target=work.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def eventually(holds: Callable[[], bool], seconds: float = 8) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_polling_brings_a_resident_in_and_out(make_app: Callable[..., Flask]) -> None:
    server = TelegramApi(BOT_TOKEN)
    with serving(server) as running:
        app = make_app(telegram_token=BOT_TOKEN,
                       telegram_api=f"http://127.0.0.1:{running.http_port}")
        with polling(app):
            server.say(CHAT, "Hallo")
            eventually(lambda: len(server.chats[CHAT].texts) == 1)
            with app.app_context():
                _number, token = sign_up(app, db.session(), utcnow())

            def state() -> list[str]:
                with app.app_context():
                    return list(db.session.scalars(select(Contact.state)))

            server.press_start(CHAT, token)
            eventually(lambda: state() == [ContactState.ACTIVE])
            server.say(CHAT, "/stop")
            eventually(lambda: state() == [])
            eventually(lambda: server.chats[CHAT].texts[-1].startswith("Sie sind abgemeldet"))
            assert server.chats[CHAT].texts[0].startswith("Hier schreibt Stadt Detmold.")


def test_the_welcome_reaches_the_chat_with_its_links(make_app: Callable[..., Flask]) -> None:
    server = TelegramApi(BOT_TOKEN)
    with serving(server) as running:
        app = make_app(telegram_token=BOT_TOKEN,
                       telegram_api=f"http://127.0.0.1:{running.http_port}")
        with app.app_context():
            _number, token = sign_up(app, db.session(), utcnow())
            server.remember(CHAT)
            assert handle_update(said(f"/start {token}"), utcnow()) is None
            drain("telegram", Lane.TRANSACTIONAL)
            (welcome,) = deliveries(db.session())
            assert welcome.state == State.SENT
            assert welcome.receipt
        (html,) = server.chats[CHAT].texts
        links = dict(re.findall(r'<a href="http://localhost(/[^"]*)">([^<]*)</a>', html))
        (choices,) = (path for path in links if path.startswith("/einstellungen"))
        assert app.test_client().get(choices).status_code == 200
        assert links["/impressum"] == "Impressum"


def test_polling_goes_on_after_errors_and_takes_each_update_once(
        make_app: Callable[..., Flask]) -> None:
    answers: list[web.Response | None] = [
        web.Response(status=502, text="Bad Gateway"), web.Response(text="garbage"),
        web.json_response([]), web.json_response({"ok": False, "error_code": 429,
                                                  "parameters": {"retry_after": 0}}, status=429)]

    async def fault(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        return answers.pop(0) if method == "getUpdates" and answers else None

    server = TelegramApi(BOT_TOKEN, fault=fault)
    with serving(server) as running:
        app = make_app(telegram_token=BOT_TOKEN,
                       telegram_api=f"http://127.0.0.1:{running.http_port}")
        server.say(CHAT, "eins")
        server.say(CHAT, "zwei")
        with polling(app):
            eventually(lambda: len(server.chats[CHAT].texts) == 2)
            time.sleep(0.2)
        assert len(server.chats[CHAT].texts) == 2


def test_a_webhook_is_registered_with_its_secret_and_polling_takes_over_again(
        make_app: Callable[..., Flask]) -> None:
    server = TelegramApi(BOT_TOKEN)
    with serving(server) as running:
        bot = {"telegram_token": BOT_TOKEN,
               "telegram_api": f"http://127.0.0.1:{running.http_port}"}
        app = make_app(**bot, telegram_webhook=True)
        poll_forever(app)
        with app.app_context():
            assert server.webhook == "http://localhost/telegram"
            assert server.webhook_secret == webhook_secret()
        server.say(CHAT, "Hallo")
        with polling(make_app(**bot)):
            eventually(lambda: len(server.chats[CHAT].texts) == 1)


def test_asking_without_a_bot_or_in_vain_ends_with_a_sentence(
        make_app: Callable[..., Flask]) -> None:
    with pytest.raises(BadSetting, match="CIVIC_PUSH_TELEGRAM_TOKEN is not set"):
        poll_forever(make_app())
    with serving(TelegramApi("1:anders")) as running:
        app = make_app(telegram_token=BOT_TOKEN, telegram_webhook=True,
                       telegram_api=f"http://127.0.0.1:{running.http_port}")
        with pytest.raises(SystemExit, match="401 Unauthorized") as caught:
            poll_forever(app)
    assert "geheim" not in str(caught.value)


def test_polling_ends_at_once_on_sigterm(make_app: Callable[..., Flask]) -> None:
    server = TelegramApi(BOT_TOKEN)
    with serving(server) as running:
        app = make_app(telegram_token=BOT_TOKEN,
                       telegram_api=f"http://127.0.0.1:{running.http_port}")
        settings = copy.copy(app.extensions["civic_push_settings"])
        environment = {**os.environ, **{
            f"CIVIC_PUSH_{name.upper()}": getattr(settings, name) for name in (
                "database_url", "redis_url", "secret_key", "address_key", "public_url",
                "telegram_token", "telegram_api")}}
        child = subprocess.Popen(
            [sys.executable, "-c", "from civic_push.app import create_app\n"
             "from civic_push.telegram.polling import poll_forever\npoll_forever(create_app())"],
            env=environment)
        try:
            server.say(CHAT, "Hallo")
            eventually(lambda: len(server.chats[CHAT].texts) == 1, 90)
            child.send_signal(signal.SIGTERM)
            assert child.wait(15) == 0, "a long poll takes 50 seconds"
        finally:
            child.kill()
            child.wait()
