"""SMS, through Apprise's SMSEagle plugin against a server that speaks that gateway's API."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome
from channels.gsm7 import segments
from channels.sms import Preview, Sms, compose, preview
from civic_push.demo.sms_gateway import SmsGateway
from tests.stand_ins.providers import answering, closed_port, serving

NUMBER = "+4915112345678"
MESSAGE = Message(
    key="a1", title="Sperrung", text="Lang und breit.", html="", short="Die B 239 ist gesperrt.",
    url="https://push.detmold.de/a/1", language="de", sender="Stadt Detmold",
    leave_label="Abmelden")
CODE = Message(key="c", title="Code", text="", html="", short="Ihr Code: 123456", url="",
               language="de", sender="Stadt Detmold")


def channel(port: int, token: str = "demo", options: str = "") -> Sms:
    return Sms(f"smseagle://{token}@127.0.0.1:{port}/{{to}}{options}")


def one(sms: Sms, message: Message = MESSAGE) -> Outcome:
    try:
        outcomes = list(sms.send([Envelope(7, NUMBER, message, "https://push.detmold.de/w/1")]))
    finally:
        sms.close()
    assert [number for number, _ in outcomes] == [7]
    return outcomes[0][1]


@pytest.fixture
def gateway() -> Iterator[tuple[SmsGateway, int]]:
    server = SmsGateway()
    with serving(server) as running:
        yield server, running.http_port


def faulty(status: int, data: Any, **headers: str) -> SmsGateway:
    async def fault(_params: dict[str, Any]) -> web.StreamResponse:
        text = data if isinstance(data, str) else json.dumps(data)
        return web.Response(status=status, text=text, headers=headers)
    return SmsGateway(fault=fault)


def test_an_sms_arrives_and_its_segments_are_counted(gateway: tuple[SmsGateway, int]) -> None:
    server, port = gateway
    outcome = one(channel(port))
    assert (outcome.kind, outcome.parts, outcome.receipt) == (Kind.SENT, 1, "4701")
    assert server.sent == [(NUMBER, "Stadt Detmold: Die B 239 ist gesperrt. "
                            "https://push.detmold.de/a/1 Abmelden: https://push.detmold.de/w/1")]


@pytest.mark.timeout(40)  # Apprise alone would pause 5.5 s between two
def test_many_sms_leave_without_pauses_on_one_connection() -> None:
    peers = set()

    class Counting(SmsGateway):
        async def _call(self, request: web.Request) -> web.StreamResponse:
            peers.add(request.transport.get_extra_info("peername"))  # type: ignore[union-attr]
            return await super()._call(request)

    server = Counting()
    with serving(server) as running:
        sms = channel(running.http_port)
        for number in range(10):
            assert [o.kind for _, o in sms.send([Envelope(number, NUMBER, MESSAGE)])] == [
                Kind.SENT]
        sms.close()
    assert len(server.sent) == 10
    assert len(peers) == 1


@pytest.mark.parametrize(("status", "data", "kind", "after", "whole"), [
    (429, "slow down", Kind.LATER, 30.0, False),
    (503, "busy", Kind.LATER, 30.0, True),
    (500, "<html>", Kind.LATER, 30.0, True),
    (401, {"result": {"status": "error", "error_text": "Invalid token"}},
     Kind.LATER, 30.0, True),
    (403, "", Kind.LATER, 30.0, True),
    (404, "", Kind.LATER, 30.0, True),
    (302, "", Kind.LATER, 30.0, True),
    (400, {"result": {"status": "error", "error_text": "Wrong number"}},
     Kind.REFUSED, None, False),
    (422, "", Kind.REFUSED, None, False),
    (200, {"result": {"status": "error", "error_text": "Wrong number"}},
     Kind.REFUSED, None, False),
    (200, {"result": {"status": "error", "error_text": "Invalid access token"}},
     Kind.LATER, None, True),
    (200, "<html>Willkommen</html>", Kind.UNKNOWN, None, False),
    (200, {}, Kind.UNKNOWN, None, False),
    (200, "", Kind.UNKNOWN, None, False),
])
def test_what_the_gateway_answers_becomes_one_of_five_outcomes(
        status: int, data: Any, kind: Kind, after: float | None, whole: bool) -> None:
    with serving(faulty(status, data, **{"Retry-After": "30"})) as running:
        outcome = one(channel(running.http_port))
    assert (outcome.kind, outcome.after, outcome.whole) == (kind, after, whole)
    assert NUMBER not in outcome.detail
    # what was not sent is not paid; what may have been is
    assert outcome.parts == (1 if kind == Kind.UNKNOWN else 0)


def test_a_retry_after_may_be_a_date() -> None:
    with serving(faulty(503, "", **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})) as running:
        assert one(channel(running.http_port)).after == 0
    with serving(faulty(503, "", **{"Retry-After": "bald"})) as running:
        assert one(channel(running.http_port)).after is None


def test_nobody_listening_means_later() -> None:
    outcome = one(channel(closed_port()))
    assert (outcome.kind, outcome.whole, outcome.parts) == (Kind.LATER, True, 0)


def test_a_name_that_does_not_exist_means_later() -> None:
    outcome = one(Sms("smseagle://demo@gateway.invalid/{to}"))
    assert (outcome.kind, outcome.whole) == (Kind.LATER, True)


def test_a_time_out_after_handing_over_is_unknown_and_may_be_on_the_bill() -> None:
    with answering(None) as port:
        outcome = one(channel(port, options="?rto=1"))
    assert (outcome.kind, outcome.parts) == (Kind.UNKNOWN, 1)


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n"
                                 b"Content-Length: 500\r\n\r\n{\"result\":"])
def test_a_connection_lost_after_handing_over_is_unknown(raw: bytes) -> None:
    with answering(raw) as port:
        assert one(channel(port)).kind == Kind.UNKNOWN


def test_the_operators_wish_for_repeats_is_not_followed() -> None:
    calls = []

    async def fault(params: dict[str, Any]) -> web.StreamResponse:
        calls.append(params)
        await asyncio.sleep(0)
        return web.Response(status=500)

    with serving(SmsGateway(fault=fault)) as running:
        assert one(channel(running.http_port, options="?retry=3&wait=0.1")).kind == Kind.LATER
    assert len(calls) == 1


def test_numbers_do_not_get_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), serving(faulty(400, "")) as running:
        assert one(channel(running.http_port)).kind == Kind.REFUSED
    assert "15112345678" not in caplog.text


def test_the_sms_is_cut_to_what_the_town_pays_for() -> None:
    message = Message("k", "", "", "", "Sperrung " * 100, "https://push.detmold.de/a/1", "de",
                      sender="Stadt Detmold", leave_label="Abmelden")
    for most in (1, 2, 3):
        text = compose(message, most, "https://push.detmold.de/w/" + "x" * 38)
        assert segments(text) == most
        assert "Sperrung... https://push.detmold.de/a/1" in text
        assert text.startswith("Stadt Detmold: Sperrung ")


def test_the_way_out_is_there_where_it_costs_no_words() -> None:
    leave = "https://push.detmold.de/w/" + "x" * 38
    assert compose(MESSAGE, 2, leave).endswith(f"/a/1 Abmelden: {leave}")
    assert compose(MESSAGE, 1, leave).endswith("/a/1 Abmelden: " + leave)
    longer = Message("k", "", "", "", "x " * 60, MESSAGE.url, "de", leave_label="Abmelden")
    assert compose(longer, 1, leave).endswith("/a/1")


def test_the_title_comes_along_where_nothing_shorter_was_written() -> None:
    message = replace(MESSAGE, short="Ab Montag.", alone="Sperrung. Ab Montag.")
    assert compose(message, 2).startswith("Stadt Detmold: Sperrung. Ab Montag. https://")


def test_the_short_link_saves_room() -> None:
    message = replace(MESSAGE, short_url="https://push.detmold.de/m/1")
    assert compose(message, 1).endswith(" https://push.detmold.de/m/1")


def test_who_may_answer_learns_how_to_end_it_instead_of_a_link() -> None:
    message = replace(MESSAGE, stop_hint="Ende: STOP")
    assert compose(message, 2, "https://push.detmold.de/w/1") == (
        "Stadt Detmold: Die B 239 ist gesperrt. https://push.detmold.de/a/1 Ende: STOP")


def test_marks_and_hints_cost_the_message_no_words() -> None:
    for size in range(60, 120):
        message = replace(MESSAGE, short="x" * size, mark="(nur auf Deutsch)",
                          stop_hint="Ende: STOP")
        text = compose(message, 1)
        assert segments(text) == 1
        assert "x" * size in text or "..." in text or size > 111
    assert "Deutsch" in compose(replace(MESSAGE, mark="(nur auf Deutsch)"), 1)


@pytest.mark.parametrize(("short", "seen"), [
    ("Die B 239 ist gesperrt.", (1, "GSM-7", True)),
    ("„Die B 239“ – gesperrt… 🚧", (1, "GSM-7", True)),
    ("Familie Doğan-Šimunović lädt ein", (1, "GSM-7", True)),
    ("Дорога закрыта", (1, "UCS-2", True)),
    ("Дорога закрыта. " * 5, (2, "UCS-2", True)),
    ("wort " * 100, (2, "GSM-7", False))])
def test_segments_and_alphabet_are_known_before_sending(
        short: str, seen: tuple[int, str, bool]) -> None:
    found = preview(replace(MESSAGE, short=short), 2)
    assert found[1:] == seen
    assert found.text == compose(replace(MESSAGE, short=short), 2)
    assert isinstance(found, Preview)


def test_languages_that_need_their_marks_keep_them() -> None:
    message = replace(MESSAGE, short="Yol kapalı, dönüş Hiddesen'den", language="tr")
    assert "kapalı, dönüş" in compose(message, 2)
    german = replace(message, text_language="de")
    assert "kapali, dönüs" in compose(german, 2)


def test_a_confirmation_code_is_never_cut() -> None:
    assert compose(CODE, 1) == "Stadt Detmold: Ihr Code: 123456"
    long = Message("c", "", "", "", "Bitte " * 60 + "Code: 123456", "", "de")
    assert compose(long, 1).endswith("Code: 123456")


def test_the_sender_is_not_said_twice() -> None:
    message = Message("c", "", "", "", "Stadt Detmold: Hallo", "", "de", sender="Stadt Detmold")
    assert compose(message, 1) == "Stadt Detmold: Hallo"


def test_a_text_in_another_alphabet_arrives_whole(gateway: tuple[SmsGateway, int]) -> None:
    server, port = gateway
    message = Message("k", "", "", "", "Дорога закрита", "https://d.example/a", "uk")
    assert one(channel(port), message).parts == 1
    assert server.sent[0][1] == "Дорога закрита https://d.example/a"


@pytest.mark.parametrize("address", [
    "0151 12345678", "+49 (151) 123-45678", "0049 151 12345678", "+4915112345678",
    "0151/12345678"])
def test_a_mobile_number_has_one_spelling(address: str) -> None:
    assert channel(1).clean(address) == NUMBER


def test_residents_may_bring_their_number_from_neighbouring_countries() -> None:
    assert channel(1).clean("+31 6 12345678") == "+31612345678"
    assert channel(1).clean("+380 50 123 4567") == "+380501234567"


@pytest.mark.parametrize(("address", "code"), [
    ("", "sms_malformed"), ("hallo", "sms_malformed"), ("0151", "sms_malformed"),
    ("05231 977-0", "sms_landline"), ("0800 1234567", "sms_landline"),
    ("0900 1 123456", "sms_landline"), ("110", "sms_malformed"),
    ("015112345678 ext. 5", "sms_malformed"), ("+49", "sms_malformed"),
    ("+1 202 456 1111", "sms_country"), ("+960 777 1234", "sms_country"),
    ("+4915112345678/+4915112345679", "sms_malformed"),
])
def test_what_cannot_get_sms_is_said_at_once(address: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        channel(1).clean(address)
    assert caught.value.code == code
    assert not address or address not in str(caught.value)


def test_the_channel_exists_only_with_a_gateway() -> None:
    config = {"sms_url": "", "sms_per_second": 5.0, "sms_max_segments": 2}
    assert Sms.from_config(config) is None
    built = Sms.from_config({**config, "sms_url": "smseagle://t@host/{to}"})
    assert built is not None
    assert built.per_second == 5.0


def test_the_check_says_what_is_wrong(gateway: tuple[SmsGateway, int]) -> None:
    _, port = gateway
    assert channel(port).check() is None
    assert "cannot be reached" in (channel(closed_port()).check() or "")
    assert "no URL that Apprise understands" in (Sms("quatsch://{to}").check() or "")


def test_a_url_that_apprise_does_not_take_loses_nothing() -> None:
    outcome = one(Sms("quatsch://{to}"))
    assert (outcome.kind, outcome.whole) == (Kind.LATER, True)


def test_another_providers_plugin_is_seen_through_as_well() -> None:
    """Apprise's httpSMS: a hosted service with a fixed address that is not reachable here."""
    outcome = one(Sms("httpsms://apikey@4915100000000/{to}"))
    assert (outcome.kind, outcome.whole) == (Kind.LATER, True)
