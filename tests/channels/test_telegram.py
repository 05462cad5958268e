"""Telegram, against a server that speaks the Bot API."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web

from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome, Urgency
from channels.http_pool import Limits
from channels.telegram import Telegram, body, is_night
from channels.telegram_text import MAX_UNITS, compose, cut, units
from civic_push.demo.telegram_api import TelegramApi
from civic_push.demo.telegram_html import visible
from tests.stand_ins.providers import answering, closed_port, serving

TOKEN = "1000000:geheim"
MESSAGE = Message(
    key="a1", title="Sperrung <B 239>", text="Ab Montag & länger.\n\nBitte umfahren.",
    html="<p>Ab Montag &amp; länger.</p>\n<p>Bitte umfahren.</p>", short="Sperrung", url="https://push.detmold.de/a/1?x=1&y=2",
    language="de", why="Sie erhalten dies, weil Sie Baustellen abonniert haben.",
    leave_label="Abmelden", manage_label="Einstellungen", imprint_label="Impressum",
    imprint_url="https://push.detmold.de/impressum", privacy_label="Datenschutz",
    privacy_url="https://push.detmold.de/datenschutz", action_label="Alles lesen")


def envelope(number: int = 1, chat: int = 42, message: Message = MESSAGE) -> Envelope:
    return Envelope(number, str(chat), message, "https://push.detmold.de/w/1",
                    "https://push.detmold.de/e/1")


def channel(port: int, token: str = TOKEN, **limits: Any) -> Telegram:
    return Telegram(token, f"http://127.0.0.1:{port}", bot="civic_push_demo_bot",
                    limits=Limits(**{"total_seconds": 30, **limits}))


def one(telegram: Telegram, mail: Envelope | None = None) -> Outcome:
    try:
        outcomes = list(telegram.send([mail or envelope()]))
    finally:
        telegram.close()
    assert len(outcomes) == 1
    return outcomes[0][1]


def checked(telegram: Telegram) -> str | None:
    try:
        return telegram.check()
    finally:
        telegram.close()


@pytest.fixture
def api() -> Iterator[tuple[TelegramApi, int]]:
    server = TelegramApi(TOKEN)
    server.remember(42)
    with serving(server) as running:
        yield server, running.http_port


def faulty(status: int, data: Any, **headers: str) -> TelegramApi:
    async def fault(method: str, _params: dict[str, Any]) -> web.StreamResponse:
        text = data if isinstance(data, str) else json.dumps(data)
        return web.Response(status=status, text=text, headers=headers)
    return TelegramApi(TOKEN, fault=fault)


def test_a_message_arrives_with_title_text_and_links(api: tuple[TelegramApi, int]) -> None:
    server, port = api
    outcome = one(channel(port))
    assert outcome.kind == Kind.SENT
    assert outcome.receipt.isdigit()
    (html,) = server.chats[42].texts
    assert html.startswith("<b>Sperrung &lt;B 239&gt;</b>\n\nAb Montag &amp; länger.\n\nBitte")
    assert '<a href="https://push.detmold.de/a/1?x=1&amp;y=2">Alles lesen</a>' in html
    assert '<a href="https://push.detmold.de/w/1">Abmelden</a>' in html
    assert '<a href="https://push.detmold.de/e/1">Einstellungen</a>' in html
    assert '<a href="https://push.detmold.de/impressum">Impressum</a>' in html
    assert "weil Sie Baustellen abonniert haben" in html


def test_each_envelope_of_a_batch_gets_its_own_outcome(api: tuple[TelegramApi, int]) -> None:
    server, port = api
    server.remember(43, blocked=True)
    telegram = channel(port)
    outcomes = dict(telegram.send(
        [envelope(1, 42), envelope(2, 43), envelope(3, 44), envelope(4, 42)]))
    telegram.close()
    assert {n: o.kind for n, o in outcomes.items()} == {
        1: Kind.SENT, 2: Kind.GONE, 3: Kind.GONE, 4: Kind.SENT}
    assert not outcomes[3].whole


@pytest.mark.parametrize(("urgency", "silent", "silent_at_night"), [
    (Urgency.INFO, True, True), (Urgency.IMPORTANT, False, True),
    (Urgency.DANGER, False, False)])
def test_only_what_presses_makes_a_sound_and_at_night_only_danger(
        urgency: Urgency, silent: bool, silent_at_night: bool) -> None:
    one = Envelope(1, "42", Message("k", "T", "t", "", "", "", "de", urgency=urgency))
    assert json.loads(body(one))["disable_notification"] is silent
    assert json.loads(body(one, night=True))["disable_notification"] is silent_at_night


@pytest.mark.parametrize(("moment", "night"), [
    ("2026-07-01T19:59:59+00:00", False), ("2026-07-01T20:00:00+00:00", True),
    ("2026-12-01T20:59:59+00:00", False), ("2026-12-01T21:00:00+00:00", True),
    ("2026-12-01T05:59:59+00:00", True), ("2026-12-01T06:00:00+00:00", False),
    ("2026-10-25T00:30:00+00:00", True)])
def test_the_night_is_the_town_s_in_summer_and_winter(moment: str, night: bool) -> None:
    assert is_night(datetime.fromisoformat(moment)) is night


def test_what_was_formatted_stays_formatted(api: tuple[TelegramApi, int]) -> None:
    server, port = api
    html = ("<h2>Umleitung &amp; Dauer</h2>\n<p>Bitte <strong>nicht</strong> über die <em>B 239"
            "</em><br>fahren, sondern <a href=\"https://d.example/?a=1&amp;b=2\">so</a>.</p>\n"
            "<ul>\n<li>Bus 701\n<ol start=\"3\"><li>fährt <code>x&lt;y</code></li></ol></li>\n"
            "<li><a href=\"mailto:a@b.example\">Amt</a></li></ul>\n"
            "<blockquote><p>Danke!</p></blockquote>\n<hr>\n<pre><code>a\n  b\n</code></pre>\n"
            "<table><thead><tr><th>Tag</th><th>Zeit</th></tr></thead>\n"
            "<tbody><tr><td>Mo</td><td>8</td></tr></tbody></table>")
    message = Message("k", "Titel", "", html, "", "", "de")
    assert one(channel(port), envelope(message=message)).kind == Kind.SENT
    assert server.chats[42].texts[0].startswith(
        "<b>Titel</b>\n\n<b>Umleitung &amp; Dauer</b>\n\nBitte <b>nicht</b> über die <i>B 239"
        '</i>\nfahren, sondern <a href="https://d.example/?a=1&amp;b=2">so</a>.\n\n'
        "• Bus 701\n  3. fährt <code>x&lt;y</code>\n• Amt (a@b.example)\n\n"
        "<blockquote>Danke!</blockquote>\n\n* * *\n\n<pre>a\n  b</pre>\n\n"
        "<b>Tag</b> | <b>Zeit</b>\nMo | 8")


def test_a_text_in_another_language_is_labelled() -> None:
    message = Message("k", "Titel", "Text", "", "", "", "en", note="Only in German.")
    assert compose(message, leave=False, manage=False) == (
        "<b>Titel</b>\n\n<i>Only in German.</i>\n\nText")


@pytest.mark.parametrize("html", [
    "<p>" + "<strong>fett und lang</strong> &amp; " * 900 + "</p>",
    "".join(f"<h2>Teil {n}</h2><p>{'Wort ' * 30}</p>" for n in range(90)),
    "<ul>" + "<li>Punkt mit <a href='https://x.example'>Link</a></li>" * 900 + "</ul>",
    "<pre>" + "x y\n" * 3000 + "</pre>", "<blockquote><p>" + "Ach " * 3000 + "</p></blockquote>"])
def test_a_long_formatted_text_is_cut_with_its_tags_closed(html: str) -> None:
    message = Message("k", "Titel", "", html, "", "https://d.example/a", "de",
                      action_label="Alles lesen", why="weil", leave_label="Abmelden")
    seen = visible(compose(message, leave=True, manage=False).replace("\0", ""))
    assert MAX_UNITS - 200 < units(seen) <= MAX_UNITS
    assert "…\n\nAlles lesen\n\nweil" in seen


def test_a_message_without_links_has_none() -> None:
    message = Message("k", "Titel", "Text", "", "", "", "de", leave_label="Abmelden")
    assert json.loads(body(Envelope(1, "42", message)))["text"] == "<b>Titel</b>\n\nText"


@pytest.mark.parametrize("text", ["wort " * 2000, "x" * 9000, "😀" * 5000, "&<> " * 2000])
def test_a_long_text_is_cut_to_what_telegram_takes(
        text: str, api: tuple[TelegramApi, int]) -> None:
    server, port = api
    message = Message("k", "Titel " * 100, text, "", "", "https://d.example/a", "de",
                      action_label="Alles lesen", why="weil", leave_label="Abmelden")
    assert one(channel(port), envelope(message=message)).kind == Kind.SENT
    seen = visible(server.chats[42].texts[0])
    assert MAX_UNITS - 20 < units(seen) <= MAX_UNITS
    assert "…" in seen
    assert "Alles lesen" in seen
    assert seen.endswith("Abmelden")


def test_a_text_is_cut_between_words() -> None:
    assert cut("eins zwei drei", 11) == "eins zwei…"
    assert cut("eins zwei", 9) == "eins zwei"
    assert units(cut("😀😀😀", 4)) <= 4


def test_a_text_cannot_smuggle_in_markup_or_our_marks() -> None:
    message = Message("k", "\0leave\0", "</b><a href='x'>\0manage\0", "", "", "", "de")
    text = compose(message, leave=True, manage=True)
    assert text == "<b>leave</b>\n\n&lt;/b&gt;&lt;a href='x'&gt;manage"


@pytest.mark.parametrize(("status", "data", "kind", "after", "whole"), [
    (429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7",
           "parameters": {"retry_after": 7}}, Kind.LATER, 7.0, True),
    (403, {"ok": False, "error_code": 403, "description": "Forbidden: user is deactivated"},
     Kind.GONE, None, False),
    (400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
     Kind.GONE, None, False),
    (400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"},
     Kind.REFUSED, None, False),
    (401, {"ok": False, "error_code": 401, "description": "Unauthorized"},
     Kind.LATER, None, True),
    (404, {"ok": False, "error_code": 404, "description": "Not Found"}, Kind.LATER, None, True),
    (500, {"ok": False, "error_code": 500, "description": "Internal"}, Kind.LATER, None, False),
    (502, "<html>Bad Gateway</html>", Kind.LATER, None, False),
    (403, "<html>a proxy's own no</html>", Kind.LATER, None, True),
    (302, "", Kind.LATER, None, True),
    (200, "<html>a captive portal</html>", Kind.UNKNOWN, None, False),
    (200, {"ok": True, "result": True}, Kind.UNKNOWN, None, False),
    (200, [], Kind.UNKNOWN, None, False),
])
def test_what_telegram_answers_becomes_one_of_five_outcomes(
        status: int, data: Any, kind: Kind, after: float | None, whole: bool) -> None:
    with serving(faulty(status, data)) as running:
        outcome = one(channel(running.http_port))
    assert (outcome.kind, outcome.after, outcome.whole) == (kind, after, whole)
    assert TOKEN not in outcome.detail


def test_a_gateway_that_asks_for_patience_is_heard() -> None:
    with serving(faulty(503, "busy", **{"Retry-After": "30"})) as running:
        assert one(channel(running.http_port)).after == 30


def test_nobody_listening_means_later() -> None:
    outcome = one(channel(closed_port()))
    assert (outcome.kind, outcome.whole) == (Kind.LATER, True)
    assert TOKEN not in outcome.detail


def test_a_time_out_after_handing_over_is_unknown() -> None:
    with answering(None) as port:
        outcome = one(channel(port, total_seconds=1))
    assert outcome.kind == Kind.UNKNOWN
    assert TOKEN not in outcome.detail


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n"
                                 b"Content-Length: 500\r\n\r\n{\"ok\":"])
def test_a_connection_lost_after_handing_over_is_unknown(raw: bytes) -> None:
    with answering(raw) as port:
        assert one(channel(port)).kind == Kind.UNKNOWN


def test_an_answer_longer_than_we_read_still_counts() -> None:
    long = '{"ok":true,"result":{"message_id":77,"text":"' + "x" * 20_000 + '"}}'
    with serving(faulty(200, long)) as running:
        outcome = one(channel(running.http_port))
    assert (outcome.kind, outcome.receipt) == (Kind.SENT, "77")


def test_a_description_never_carries_a_chat_id() -> None:
    data = {"ok": False, "error_code": 400, "description": "Bad Request: chat 4711471147 odd"}
    with serving(faulty(400, data)) as running:
        assert "4711471147" not in one(channel(running.http_port)).detail


@pytest.mark.parametrize("address", ["42", " 42 ", "-1001234567890"])
def test_a_chat_id_is_an_address(address: str) -> None:
    assert Telegram(TOKEN).clean(address) == address.strip()


@pytest.mark.parametrize("address", ["", "0", "@detmold", "042", "4" * 30, "42\n43", "٤٢"])
def test_anything_else_is_none(address: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        Telegram(TOKEN).clean(address)
    assert caught.value.code == "telegram_malformed"


def test_the_channel_exists_only_with_a_token() -> None:
    config = {"telegram_token": "", "telegram_api": "https://api.telegram.org",
              "telegram_per_second": 30.0, "telegram_bot": "detmold_bot"}
    assert Telegram.from_config(config) is None
    built = Telegram.from_config({**config, "telegram_token": TOKEN})
    assert built is not None
    assert built.per_second == 30.0


def test_the_check_says_what_is_wrong(api: tuple[TelegramApi, int]) -> None:
    _, port = api
    assert checked(channel(port)) is None
    wrong = checked(channel(port, token="1:falsch"))
    assert wrong == "Telegram does not accept the bot's token (Unauthorized)."
    away = checked(channel(closed_port()))
    assert away is not None
    assert "cannot be reached" in away
    other = checked(Telegram(TOKEN, f"http://127.0.0.1:{port}", bot="andere_bot"))
    assert other is not None
    assert "“civic_push_demo_bot”" in other
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as web_port:
        assert "not as the Bot API" in (checked(channel(web_port)) or "")


def test_a_fork_does_not_share_connections(api: tuple[TelegramApi, int]) -> None:
    server, port = api
    telegram = channel(port)
    assert [o.kind for _, o in telegram.send([envelope()])] == [Kind.SENT]
    child = os.fork()
    if child == 0:  # pragma: no cover – in the child
        kinds = [o.kind for _, o in telegram.send([envelope(2)])]
        os._exit(0 if kinds == [Kind.SENT] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [o.kind for _, o in telegram.send([envelope(3)])] == [Kind.SENT]
    telegram.close()
    assert len(server.chats[42].texts) == 3


def test_connections_are_kept_between_batches() -> None:
    peers = set()

    class Counting(TelegramApi):
        async def _call(self, request: web.Request) -> web.StreamResponse:
            peers.add(request.transport.get_extra_info("peername"))  # type: ignore[union-attr]
            await asyncio.sleep(0)
            return await super()._call(request)

    server = Counting(TOKEN)
    server.remember(42)
    with serving(server) as running:
        telegram = channel(running.http_port, per_host=1)
        for number in range(5):
            assert dict(telegram.send([envelope(number)]))[number].kind == Kind.SENT
        telegram.close()
    assert len(peers) == 1


def follow_up(receipt: str, urgency: Urgency = Urgency.INFO, number: int = 2) -> Envelope:
    message = replace(MESSAGE, title="Korrektur: Sperrung", html="<p>Nur bis Samstag.</p><p>…</p>",
                      text="Nur bis Samstag.\n\n…", short="Nur bis Samstag.", urgency=urgency)
    return envelope(number, message=message)._replace(follows=1, receipt=receipt)


def test_a_corrected_information_is_changed_in_place_and_makes_no_sound(
        api: tuple[TelegramApi, int]) -> None:
    server, port = api
    receipt = one(channel(port)).receipt
    for _ in range(2):  # a repeat finds it done
        outcome = one(channel(port), follow_up(receipt))
        assert (outcome.kind, outcome.receipt) == (Kind.SENT, receipt)
    (html,) = server.chats[42].texts
    assert html.startswith("<b>Korrektur: Sperrung</b>\n\nNur bis Samstag.")


@pytest.mark.parametrize("urgency", [Urgency.IMPORTANT, Urgency.DANGER])
def test_what_presses_is_changed_in_place_and_said_beneath(
        api: tuple[TelegramApi, int], urgency: Urgency) -> None:
    server, port = api
    receipt = one(channel(port)).receipt
    outcome = one(channel(port), follow_up(receipt, urgency))
    assert outcome.receipt == receipt, "the next correction changes the message, not the answer"
    chat = server.chats[42]
    changed, answer = chat.texts
    assert "…" in changed
    assert answer.startswith("<b>Korrektur: Sperrung</b>\n\nNur bis Samstag.\n\n<a href")
    assert chat.answers == {chat.numbers[1]: chat.numbers[0]}


def test_where_the_original_is_gone_the_whole_correction_is_sent(
        api: tuple[TelegramApi, int]) -> None:
    server, port = api
    receipt = one(channel(port)).receipt
    server.forget(42)
    outcome = one(channel(port), follow_up(receipt))
    assert outcome.kind == Kind.SENT
    assert outcome.receipt not in ("", receipt)
    (html,) = server.chats[42].texts
    assert "Nur bis Samstag." in html


def test_a_batch_of_edits_and_messages_has_one_outcome_each(
        api: tuple[TelegramApi, int]) -> None:
    server, port = api
    receipt = one(channel(port)).receipt
    server.remember(43, blocked=True)
    gone = follow_up(receipt, number=4)._replace(address="43")
    telegram = channel(port)
    outcomes = list(telegram.send([envelope(1), follow_up(receipt, number=2),
                                   follow_up(receipt, Urgency.DANGER, number=3), gone]))
    telegram.close()
    assert sorted((n, o.kind) for n, o in outcomes) == [
        (1, Kind.SENT), (2, Kind.SENT), (3, Kind.SENT), (4, Kind.GONE)]


def test_an_edit_without_an_answer_is_tried_again() -> None:
    async def fault(method: str, _params: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return web.Response()
    with serving(TelegramApi(TOKEN, fault=fault)) as running:
        outcome = one(channel(running.http_port, total_seconds=0.2), follow_up("7"))
    assert outcome.kind == Kind.LATER


def test_a_busy_bot_api_puts_off_an_edit_as_long_as_it_says() -> None:
    busy = faulty(429, {"ok": False, "error_code": 429, "description": "Too Many Requests",
                        "parameters": {"retry_after": 7}})
    with serving(busy) as running:
        outcome = one(channel(running.http_port), follow_up("7", Urgency.DANGER))
    assert (outcome.kind, outcome.after, outcome.whole) == (Kind.LATER, 7, True)
