"""Browser push against services that speak the real protocol, and some that do not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pywebpush import webpush

from channels.base import Envelope, Kind, Message, Outcome, Urgency
from channels.http_pool import Limits, Reply
from channels.push_answers import retry_after
from channels.vapid import application_server_keys, new_private_key
from channels.web_push import WebPush
from tests.stand_ins.browser_keys import Browser
from tests.stand_ins.certificates import Certificates, make_certificates
from tests.stand_ins.h2_sink import H2Sink
from tests.stand_ins.plain_server import answer, serving
from tests.stand_ins.push_service import LocalPushService

KEY = new_private_key()
LIMITS = Limits(in_flight=16, connect_seconds=30, total_seconds=30)
MESSAGE = Message(
    key="a-17", title="Sperrung der Lageschen Straße", text="…", html="<p>…</p>",
    short="Ab Montag bis 4. Dezember, Umleitung über die B 239.", language="de",
    url="https://push.example.org/a/17", urgency=Urgency.DANGER,
    expires_at=datetime.now(UTC) + timedelta(hours=6), leave_label="Abbestellen",
    why="Sie erhalten diese Nachricht, weil Sie „Baustellen“ für Hiddesen abonniert haben.")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def service() -> Iterator[LocalPushService]:
    with LocalPushService() as running:
        yield running


@pytest.fixture
def make_channel(certificates: Certificates) -> Iterator[Callable[..., WebPush]]:
    channels: list[WebPush] = []

    def make(*services: str, key: str = KEY, subject: str = "mailto:push@example.org",
             limits: Limits = LIMITS) -> WebPush:
        channels.append(WebPush(key, subject, services, limits=limits,
                                cainfo=str(certificates.authority)))
        return channels[-1]

    yield make
    for channel in channels:
        channel.close()


@pytest.fixture
def push(make_channel: Callable[..., WebPush], service: LocalPushService) -> WebPush:
    """The channel, trusting the local push service only."""
    return make_channel(service.origin)


def subscribe(service: LocalPushService, key: str = KEY) -> Browser:
    return Browser(service.subscribe(application_server_keys(key)[0]))


def send_one(push: WebPush, address: str, message: Message = MESSAGE) -> Outcome:
    [(number, outcome)] = push.send([Envelope(7, address, message)])
    assert number == 7
    return outcome


# ---- sending

def test_a_push_is_accepted_and_the_browser_can_read_it(
        push: WebPush, service: LocalPushService) -> None:
    browser = subscribe(service)
    outcome = send_one(push, push.clean(json.dumps(browser.subscription)))
    assert outcome.kind == Kind.SENT
    event = service.wait_event("push")
    assert outcome.receipt == event["version"]
    assert event["topic"] == "a-17"
    assert event["urgency"] == "high"
    assert MESSAGE.expires_at
    left = (MESSAGE.expires_at - datetime.now(UTC)).total_seconds()
    assert abs(event["ttl"] - left) < 60, "what is left of the message's life"
    assert event["sub"] == "mailto:push@example.org"
    [body] = service.waiting(browser.endpoint)
    assert browser.read(body) == {
        "title": "Sperrung der Lageschen Straße",
        "body": "Ab Montag bis 4. Dezember, Umleitung über die B 239.\n\nSie erhalten diese "
                "Nachricht, weil Sie „Baustellen“ für Hiddesen abonniert haben.",
        "url": "https://push.example.org/a/17", "tag": "a-17", "lang": "de", "dir": "ltr",
        "urgency": "danger", "action": "", "fewer": ""}


def test_pywebpush_and_we_are_understood_alike(push: WebPush, service: LocalPushService) -> None:
    browser = subscribe(service)
    send_one(push, browser.address, replace(MESSAGE, key="ours"))
    pem = "".join(KEY.splitlines()[1:-1])
    webpush(browser.subscription, json.dumps({"body": "ihres"}), vapid_private_key=pem, ttl=60,
            vapid_claims={"sub": "mailto:push@example.org"}, timeout=5)
    ours, theirs = service.waiting(browser.endpoint)
    assert browser.read(ours)["tag"] == "ours"
    assert browser.read(theirs) == {"body": "ihres"}


def test_sending_again_replaces_what_the_browser_has_not_fetched(
        push: WebPush, service: LocalPushService) -> None:
    browser = subscribe(service)
    for _ in range(3):
        assert send_one(push, browser.address).kind == Kind.SENT
    assert len(service.waiting(browser.endpoint)) == 1


def test_a_message_key_that_is_no_topic_is_left_out(
        push: WebPush, service: LocalPushService) -> None:
    browser = subscribe(service)
    assert send_one(push, browser.address, replace(MESSAGE, key="ä" * 40)).kind == Kind.SENT
    assert service.wait_event("push")["topic"] is None


@pytest.mark.parametrize(("ends", "ttl"), [
    (timedelta(days=300), 28 * 86400), (timedelta(hours=-1), 0), (None, 86400)])
def test_ttl_lasts_as_long_as_the_message_within_what_services_take(
        push: WebPush, service: LocalPushService, ends: timedelta | None, ttl: int) -> None:
    message = replace(MESSAGE, expires_at=datetime.now(UTC) + ends if ends else None)
    assert send_one(push, subscribe(service).address, message).kind == Kind.SENT
    assert service.wait_event("push")["ttl"] == ttl


@pytest.mark.parametrize(("urgency", "header"), [
    (Urgency.DANGER, "high"), (Urgency.IMPORTANT, "high"), (Urgency.INFO, "normal")])
def test_urgency_is_passed_on(push: WebPush, service: LocalPushService, urgency: Urgency,
                              header: str) -> None:
    send_one(push, subscribe(service).address, replace(MESSAGE, urgency=urgency))
    assert service.wait_event("push")["urgency"] == header


def test_every_envelope_of_a_large_batch_gets_exactly_one_outcome_over_few_connections(
        make_channel: Callable[..., WebPush], certificates: Certificates) -> None:
    with H2Sink(certificates) as sink:
        push = make_channel(sink.origin)
        gone = {number for number in range(1000) if number % 100 == 0}
        browser = Browser("")
        envelopes = [
            Envelope(n, f"{browser.auth} {browser.p256dh} "
                     + sink.endpoint(f"410-{n}" if n in gone else f"t{n}"), MESSAGE)
            for n in range(1000)]
        outcomes = list(push.send(envelopes))
        assert sorted(n for n, _ in outcomes) == list(range(1000))
        assert {n for n, outcome in outcomes if outcome.kind == Kind.GONE} == gone
        assert all(outcome.kind == Kind.SENT for n, outcome in outcomes if n not in gone)
        assert sink.counts == {f"t{n} a-17": 1 for n in set(range(1000)) - gone}
        assert sink.opened <= LIMITS.per_host
        assert "vapid t=" in sink.last_headers["authorization"]


# ---- outcomes

@pytest.mark.parametrize(("status", "kind"), [
    (400, Kind.REFUSED), (401, Kind.REFUSED), (403, Kind.REFUSED), (404, Kind.GONE),
    (410, Kind.GONE), (413, Kind.REFUSED), (406, Kind.LATER), (408, Kind.LATER),
    (429, Kind.LATER), (500, Kind.LATER), (502, Kind.LATER), (503, Kind.LATER),
    (302, Kind.LATER)])
def test_each_status_has_its_outcome(push: WebPush, service: LocalPushService, status: int,
                                     kind: Kind) -> None:
    service.fail(status)
    outcome = send_one(push, subscribe(service).address)
    assert outcome.kind == kind
    assert outcome.detail == f"HTTP {status} fault asked for by the test"
    assert not outcome.whole


def test_the_services_wish_to_wait_is_passed_on(push: WebPush, service: LocalPushService) -> None:
    service.fail(429, Retry_After="120")
    assert send_one(push, subscribe(service).address).after == 120.0
    service.fail(503)
    assert send_one(push, subscribe(service).address).after is None


@pytest.mark.parametrize(("value", "seconds"), [
    (b"120", 120.0), (b"0", 0.0), (b"99999999999", 86400.0), (b"soon", None), (b"-5", None),
    (b"", None), (b"\xb2", None), (b"Wed, 18 Nov 2026 09:40:00 GMT", 600.0),
    (b"Wed, 18 Nov 2026 09:20:00 GMT", 0.0), (b"Wed, 18 Nov 2026 10:35:00 +0100", 300.0),
    (b"Wed, 18 Nov 2026 99:35:00 GMT", None), (b"Fri, 31 Dec 9999 23:59:59 GMT", 86400.0)])
def test_retry_after_is_understood_as_seconds_or_date(
        now: datetime, value: bytes, seconds: float | None) -> None:
    assert retry_after(Reply(429, [b"Retry-After: " + value + b"\r\n"]), now) == seconds


def test_an_expired_subscription_is_gone_and_an_unknown_one_too(
        push: WebPush, service: LocalPushService) -> None:
    browser = subscribe(service)
    service.expire(browser.endpoint)
    assert send_one(push, browser.address).kind == Kind.GONE
    assert send_one(push, Browser(f"{service.origin}/wpush/v2/x").address).kind == Kind.GONE


def test_another_key_than_the_browsers_is_refused_but_does_not_end_the_contact(
        push: WebPush, service: LocalPushService) -> None:
    outcome = send_one(push, subscribe(service, new_private_key()).address)
    assert outcome == Outcome(
        Kind.REFUSED, "HTTP 403 vapid not the key of this subscription")


def test_a_refused_connection_is_tried_later_and_concerns_the_whole_channel(
        make_channel: Callable[..., WebPush]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        here = f"http://127.0.0.1:{unused.getsockname()[1]}"
    outcome = send_one(make_channel(here), Browser(f"{here}/x").address)
    assert outcome == Outcome(Kind.LATER, "curl 7: no connection", whole=True)


def test_one_push_service_away_does_not_stop_the_others(
        make_channel: Callable[..., WebPush], service: LocalPushService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        away = f"http://127.0.0.1:{unused.getsockname()[1]}"
    push = make_channel(service.origin, away)
    outcomes = dict(push.send([Envelope(1, Browser(f"{away}/x").address, MESSAGE),
                               Envelope(2, subscribe(service).address, MESSAGE)]))
    assert outcomes[2].kind == Kind.SENT
    assert outcomes[1] == Outcome(Kind.LATER, "curl 7: no connection", whole=False)


def test_a_made_up_host_cannot_pause_the_channel(make_channel: Callable[..., WebPush]) -> None:
    push = make_channel("*.push.invalid")
    outcome = send_one(push, Browser("https://nowhere.push.invalid/x").address)
    assert outcome == Outcome(Kind.LATER, "curl 6: host name not found", whole=False)


def test_silence_after_handing_over_is_unknown(make_channel: Callable[..., WebPush]) -> None:
    with serving(lambda _connection, _request: threading.Event().wait(60) and None) as server:
        push = make_channel(server.origin, limits=Limits(total_seconds=1))
        outcome = send_one(push, Browser(f"{server.origin}/x").address)
    assert outcome == Outcome(Kind.UNKNOWN, "curl 28: time-out")


def test_a_connection_cut_after_handing_over_is_unknown(
        make_channel: Callable[..., WebPush], certificates: Certificates) -> None:
    with H2Sink(certificates) as sink:
        outcome = send_one(make_channel(sink.origin), Browser(sink.endpoint("drop-1")).address)
    assert outcome.kind == Kind.UNKNOWN
    assert not outcome.whole


def test_garbage_instead_of_http_is_unknown(make_channel: Callable[..., WebPush]) -> None:
    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"\x16\x03 what?\r\n\r\n" * 20)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server:
        outcome = send_one(make_channel(server.origin), Browser(f"{server.origin}/x").address)
    assert outcome.kind == Kind.UNKNOWN


def test_a_web_page_for_an_error_leaves_a_short_clean_detail(
        make_channel: Callable[..., WebPush]) -> None:
    page = (b"<html><h1>Bad gateway</h1>\r\nno upstream for https://push.example/wpush/SECRET "
            b"or gAAAAABsecrettokenofsomebody_who_subscribed\x00\xff" + b"." * 9000)
    with serving(answer("502 Bad Gateway", body=page)) as server:
        outcome = send_one(make_channel(server.origin), Browser(f"{server.origin}/x").address)
    assert outcome == Outcome(Kind.LATER, "HTTP 502 Bad gateway no upstream for or")


def test_an_untrusted_certificate_is_tried_later(
        certificates: Certificates, tmp_path_factory: pytest.TempPathFactory,
        make_channel: Callable[..., WebPush]) -> None:
    others = make_certificates(tmp_path_factory.mktemp("others"))
    with H2Sink(others) as sink:
        outcome = send_one(make_channel(sink.origin), Browser(sink.endpoint("x")).address)
        assert sink.counts == {}
    assert outcome == Outcome(Kind.LATER, "curl 60: certificate not trusted", whole=True)


def test_an_allowed_name_that_leads_inside_is_not_followed(
        make_channel: Callable[..., WebPush], certificates: Certificates) -> None:
    with H2Sink(certificates) as sink:
        push = make_channel(f"localhost:{sink.port}")
        outcome = send_one(push, Browser(f"https://localhost:{sink.port}/x").address)
        assert sink.opened == 0
    assert outcome.kind == Kind.LATER
    assert outcome.detail == "address is not public"


def test_damaged_addresses_spoil_nothing_but_themselves(
        push: WebPush, service: LocalPushService) -> None:
    good = subscribe(service)
    damaged = ["", "x", "a b c", f"{good.auth} {good.p256dh[:-4]}AAAA {good.endpoint}",
               good.address.replace("http://127.0.0.1", "https://other.example")]
    envelopes = [Envelope(n, address, MESSAGE) for n, address in
                 enumerate([*damaged, good.address])]
    outcomes = dict(push.send(envelopes))
    assert [outcomes[n].kind for n in range(6)] == [Kind.REFUSED] * 5 + [Kind.SENT]
    assert {outcomes[n].detail for n in range(5)} == {"push_malformed", "push_service_unknown"}


def test_leaving_a_batch_half_way_leaves_the_channel_usable(
        push: WebPush, service: LocalPushService) -> None:
    batch = [Envelope(n, subscribe(service).address, MESSAGE) for n in range(30)]
    running = push.send(batch)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert {outcome.kind for _, outcome in push.send(batch)} == {Kind.SENT}


def test_a_push_service_gets_the_signature_of_the_key_each_browser_subscribed_with(
        service: LocalPushService) -> None:
    older = new_private_key()
    browsers = [(subscribe(service, key), key) for key in (KEY, older)] * 2
    push = WebPush(KEY + older, "mailto:push@example.org", [service.origin])
    envelopes = [
        Envelope(n, push.clean(json.dumps({**browser.subscription,
                                           "key": application_server_keys(key)[0]})), MESSAGE)
        for n, (browser, key) in enumerate(browsers)]
    assert {outcome.kind for _, outcome in push.send(envelopes)} == {Kind.SENT}
    push.close()
    only_newest = WebPush(KEY, "mailto:push@example.org", [service.origin])
    outcomes = dict(only_newest.send(envelopes))
    only_newest.close()
    # a key that is forgotten ends nobody's contact by itself
    assert [outcomes[n].kind for n in range(4)] == [Kind.SENT, Kind.REFUSED] * 2
    assert outcomes[1].detail == "push_key_unknown"


# ---- set-up

CONFIG = {"vapid_private_key": KEY, "vapid_subject": "", "public_url": "https://push.example.org",
          "push_services": ("fcm.googleapis.com",), "push_per_second": 5.0}


def test_the_channel_is_made_from_the_settings() -> None:
    push = WebPush.from_config(CONFIG)
    assert push is not None
    assert push.check() is None
    assert (push.name, push.per_second, push.repeatable) == ("push", 5.0, True)
    assert WebPush.from_config({**CONFIG, "vapid_private_key": ""}) is None


@pytest.mark.parametrize(("url", "subject"), [
    ("https://push.example.org", "https://push.example.org"),
    ("http://localhost:8000", "mailto:webpush@localhost")])
def test_push_services_are_told_whom_to_turn_to(
        service: LocalPushService, url: str, subject: str) -> None:
    push = WebPush.from_config({**CONFIG, "public_url": url, "push_services": [service.origin]})
    assert push is not None
    assert send_one(push, subscribe(service).address).kind == Kind.SENT
    push.close()
    assert service.wait_event("push")["sub"] == subject


@pytest.mark.parametrize(("change", "says"), [
    ({"vapid_private_key": "x"}, "the VAPID key is not a private key in PEM"),
    ({"vapid_subject": "Stadt"}, "the VAPID subject must begin with mailto: or https://"),
    ({"push_services": ()}, "the list of push services is empty")])
def test_check_says_what_is_wrong(change: dict[str, Any], says: str) -> None:
    push = WebPush.from_config({**CONFIG, **change})
    assert push is not None
    assert push.check() == f"Browser push cannot work: {says}."


def test_a_damaged_key_keeps_messages_for_later() -> None:
    push = WebPush("x", "mailto:a@b.de", ["fcm.googleapis.com"])
    assert send_one(push, Browser("https://fcm.googleapis.com/x").address) == Outcome(
        Kind.LATER, "the VAPID key is not a private key in PEM", whole=True)
