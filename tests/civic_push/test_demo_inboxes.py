"""The demo's providers, what they keep, and the page that shows it."""

from __future__ import annotations

import json
import re
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from channels.base import Envelope, Kind, Message
from channels.sms import Sms
from channels.telegram import Telegram
from civic_push.demo.ground import TELEGRAM_TOKEN
from civic_push.demo.inboxes import framed, init_inboxes, journal_path
from civic_push.demo.journal import KEPT, Journal, read
from civic_push.demo.mail_server import MailServer
from civic_push.demo.sms_gateway import SmsGateway
from civic_push.demo.telegram_api import TelegramApi
from civic_push.demo.telegram_html import BadHtml, visible
from tests.stand_ins.providers import closed_port, serving

MESSAGE = Message("a1", "Sperrung", "Ab Montag.", "", "Ab Montag gesperrt.",
                  "http://localhost/a/1", "de", action_label="Lesen", sender="Stadt Detmold")

# demo mode refuses PostgreSQL
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def mail(subject: str = "Bitte bestätigen", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["To"] = subject, "a@b.example"
    message["From"] = "push@stadt.example"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Guten Tag,\nhttp://localhost/bestaetigen/abc\n")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def deliver(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
        smtp.send_message(message)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(journal_path(tmp_path))


@pytest.fixture
def demo(make_app: Callable[..., Flask], journal: Journal
         ) -> Iterator[tuple[FlaskClient, TelegramApi, Any]]:
    """The page's visitor, Telegram, and where the servers listen."""
    telegram = TelegramApi(TELEGRAM_TOKEN, keep=journal.append)
    with serving(telegram, SmsGateway(keep=journal.append),
                 mail=MailServer(journal.append)) as running:
        app = make_app(demo=True, telegram_api=f"http://127.0.0.1:{running.http_port}",
                       telegram_token=TELEGRAM_TOKEN)
        init_inboxes(app)
        app.config["WTF_CSRF_ENABLED"] = False
        yield app.test_client(), telegram, running


@on_sqlite
def test_a_mail_is_shown_with_its_text_its_links_and_its_html_behind_bars(demo: Any) -> None:
    client, _, running = demo
    deliver(running.mail_port, mail(
        html="<html><head></head><body><script>alert(1)</script><p>Guten Tag</p></body></html>"))
    page = client.get("/demo/inboxes").get_data(as_text=True)
    assert "Bitte bestätigen" in page
    assert '<a href="http://localhost/bestaetigen/abc"' in page
    assert "List-Unsubscribe=One-Click" in page
    assert "<script>alert" not in page
    frame = page[page.index("<iframe"):]
    frame = frame[:frame.index("</iframe>")]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert '<head><base target="_blank"></head>' in unescape(frame)


@on_sqlite
def test_a_mail_cannot_break_out_of_the_page(demo: Any) -> None:
    client, _, running = demo
    message = mail('"><script>alert(2)</script>', html='"></iframe><script>alert(3)</script>')
    deliver(running.mail_port, message)
    page = client.get("/demo/inboxes")
    shown = page.get_data(as_text=True)
    assert "alert(2)" in shown
    assert "alert(3)" in shown
    assert not re.search(r"<script(?! [^>]*src=)", shown), "only our own files run"
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" in policy  # for the mail's styles only
    assert "script-src 'self' 'unsafe-inline'" not in policy


@on_sqlite
def test_an_sms_and_a_chat_are_shown_as_the_real_channels_send_them(demo: Any) -> None:
    client, telegram, running = demo
    telegram.say(7, "Hallo")
    sms = Sms(f"smseagle://demo@127.0.0.1:{running.http_port}/{{to}}")
    bot = Telegram(TELEGRAM_TOKEN, f"http://127.0.0.1:{running.http_port}")
    for channel, to in ((sms, "+4915112345678"), (bot, "7")):
        (_, outcome), = channel.send([Envelope(1, to, MESSAGE)])
        assert outcome.kind == Kind.SENT
        channel.close()
    page = client.get("/demo/inboxes").get_data(as_text=True)
    assert "+4915112345678" in page
    assert "Stadt Detmold: Ab Montag gesperrt." in page
    assert "<b>Sperrung</b>" in page
    assert 'href="http://localhost/a/1" target="_blank" rel="noopener noreferrer">Lesen</a>' in page


@on_sqlite
def test_the_newest_comes_first(demo: Any) -> None:
    client, telegram, running = demo
    for subject in ("Erste", "Zweite"):
        deliver(running.mail_port, mail(subject))
    telegram.say(7, "von sieben")
    telegram.say(8, "von acht")
    page = client.get("/demo/inboxes").get_data(as_text=True)
    assert page.index("<h3>Zweite") < page.index("<h3>Erste")
    assert page.index("<h3>Chat 8") < page.index("<h3>Chat 7")


@on_sqlite
def test_a_start_link_fills_the_form_and_pressing_it_reaches_the_bot(demo: Any) -> None:
    client, telegram, _ = demo
    page = client.get("/demo/inboxes?start=TOKEN").get_data(as_text=True)
    assert 'value="/start TOKEN"' in page
    done = client.post("/demo/inboxes/telegram", data={"chat": "new", "text": "/start TOKEN"})
    assert done.status_code == 303
    assert done.headers["Location"].endswith("/demo/inboxes#telegram")
    (chat,) = telegram.chats
    update, = requests.post(
        client.application.extensions["civic_push_settings"].telegram_api
        + f"/bot{TELEGRAM_TOKEN}/getUpdates", json={}, timeout=5).json()["result"]
    assert update["message"]["text"] == "/start TOKEN"
    client.post("/demo/inboxes/telegram", data={"chat": chat, "text": "/stop"})
    client.post("/demo/inboxes/telegram", data={"chat": chat, "block": "1"})
    assert telegram.chats[chat].blocked
    assert "Bot blockiert" in client.get("/demo/inboxes").get_data(as_text=True)


@on_sqlite
def test_an_odd_form_is_refused_or_explained(demo: Any) -> None:
    client, _, _ = demo
    odd = client.post("/demo/inboxes/telegram", data={"chat": "../x", "text": "hi"})
    assert odd.status_code == 400
    client.post("/demo/inboxes/telegram", data={"chat": "new", "text": "   "})
    assert "Das hat nicht geklappt." in client.get("/demo/inboxes").get_data(as_text=True)


@on_sqlite
def test_the_page_reloads_itself_only_when_asked(demo: Any) -> None:
    client, _, _ = demo
    assert 'http-equiv="refresh"' not in client.get("/demo/inboxes").get_data(as_text=True)
    assert 'http-equiv="refresh"' in client.get("/demo/inboxes?neu").get_data(as_text=True)


def test_without_demo_mode_there_is_no_such_page(app: Flask) -> None:
    init_inboxes(app)
    assert app.test_client().get("/demo/inboxes").status_code == 404


@on_sqlite
def test_the_form_needs_its_token(make_app: Callable[..., Flask]) -> None:
    app = make_app(demo=True, telegram_api=f"http://127.0.0.1:{closed_port()}")
    init_inboxes(app)
    refused = app.test_client().post("/demo/inboxes/telegram", data={"chat": "new", "text": "x"})
    assert refused.status_code == 400


def test_a_mail_without_a_head_gets_its_links_opened_outside_all_the_same() -> None:
    assert framed("<p>x</p>") == '<base target="_blank"><p>x</p>'
    assert framed("<html><head lang='de'><style>") == (
        "<html><head lang='de'><base target=\"_blank\"><style>")


def test_the_journal_keeps_the_newest_and_survives_damage(journal: Journal) -> None:
    for number in range(2 * KEPT + 1):
        journal.append("sms", number=str(number), text="ä")
    kept = list(read(journal.path))
    assert len(kept) == KEPT
    assert kept[-1]["number"] == str(2 * KEPT)
    with journal.path.open("a") as file:
        file.write('{"channel": "sms", "at": "2026\n[]\n{}\n')
    Journal(journal.path).append("sms", number="neu", text="x")
    assert [e["number"] for e in read(journal.path)][-2:] == [str(2 * KEPT), "neu"]
    assert journal.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("html", [
    "<p>x</p>", "<b>x", "x</b>", "<b><i>x</b></i>", "a < b", '<script src="x">', "<>", "<b"])
def test_telegrams_html_is_strict(html: str) -> None:
    with pytest.raises(BadHtml):
        visible(html)


def test_telegrams_html_leaves_the_text() -> None:
    assert visible('<b>a &amp; b</b> <a href="http://x?a=1&amp;b=2">c &lt;d&gt;</a> &nbsp;') == (
        "a & b c <d> &nbsp;")


def api(port: int, method: str, token: str = TELEGRAM_TOKEN, **params: Any) -> dict[str, Any]:
    answer = requests.post(f"http://127.0.0.1:{port}/bot{token}/{method}", json=params, timeout=10)
    data: dict[str, Any] = answer.json()
    assert answer.status_code == data.get("error_code", 200)
    return data


def test_the_bot_api_answers_as_telegram_does() -> None:
    server = TelegramApi(TELEGRAM_TOKEN)
    with serving(server) as running:
        port = running.http_port
        assert api(port, "getMe")["result"]["is_bot"] is True
        assert api(port, "getMe", token="1:x")["description"] == "Unauthorized"
        assert api(port, "fliegen")["error_code"] == 404
        assert "chat not found" in api(port, "sendMessage", chat_id=1, text="x")["description"]
        server.say(1, "Hallo")
        assert api(port, "sendMessage", chat_id=1, text="x")["result"]["message_id"] > 0
        assert "empty" in api(port, "sendMessage", chat_id=1, text=" ")["description"]
        assert "too long" in api(port, "sendMessage", chat_id=1, text="x" * 4097)["description"]
        assert "can't parse entities" in api(
            port, "sendMessage", chat_id=1, text="<p>x", parse_mode="HTML")["description"]
        server.block(1)
        assert api(port, "sendMessage", chat_id=1, text="x")["error_code"] == 403
        first, blocked = api(port, "getUpdates")["result"]
        assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        assert api(port, "getUpdates", offset=first["update_id"] + 1)["result"] == [blocked]
        started = time.monotonic()
        assert api(port, "getUpdates", offset=blocked["update_id"] + 1, timeout=1)["result"] == []
        assert time.monotonic() - started > 0.9


def test_the_servers_run_as_one_process_and_remember(tmp_path: Path) -> None:
    mail_port, http_port = closed_port(), closed_port()
    command = [sys.executable, "-m", "civic_push.demo.inboxes", "--mail-port", str(mail_port),
               "--http-port", str(http_port), "--file", str(tmp_path / "demo" / "inboxes.jsonl")]
    for run in (1, 2):
        child = subprocess.Popen(command)
        try:
            _await(mail_port)
            if run == 1:
                deliver(mail_port, mail())
                requests.post(f"http://127.0.0.1:{http_port}/residents/new/say",
                              data={"text": "Hallo"}, timeout=5).raise_for_status()
            # a chat of the first run is known in the second
            sent = api(http_port, "sendMessage", chat_id=700_000_001, text=f"Lauf {run}")
            assert sent["ok"]
        finally:
            child.terminate()
            assert child.wait(10) == 0
    lines = (tmp_path / "demo" / "inboxes.jsonl").read_text().splitlines()
    assert [json.loads(line)["channel"] for line in lines] == ["email"] + ["telegram"] * 3


def _await(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the servers did not come up")
