"""Handing letters over, to a server that speaks real SMTP and fails in every way."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from channels import smtp, smtp_connection
from channels.base import Kind, Outcome
from channels.smtp import Transport
from channels.smtp_connection import Relay
from channels.smtp_session import Letter
from tests.stand_ins.certificates import Certificates, make_certificates
from tests.stand_ins.smtp_sink import CUT, HANG, SmtpSink, SmtpSinkProcess

OUTCOMES = {
    "gone-": Kind.GONE,
    "nobody-": Kind.GONE,
    "later-": Kind.LATER,
    "full-": Kind.LATER,
    "norelay-": Kind.LATER,
    "busy-": Kind.LATER,
    "mute-": Kind.LATER,
    "drop-before-": Kind.LATER,
    "nonsense-": Kind.LATER,
    "refused-": Kind.REFUSED,
    "big-": Kind.REFUSED,
    "later-text-": Kind.LATER,
    "busy-text-": Kind.LATER,
    "slow-": Kind.UNKNOWN,
    "drop-after-data-": Kind.UNKNOWN,
    "garbled-": Kind.UNKNOWN,
}


def letter(number: int, start: str = "") -> Letter:
    return Letter(number, f"{start}{number}@example.org".encode(),
                  b"Message-ID: <d%d@example.org>\r\nSubject: x\r\n\r\nHello\r\n" % number)


def letters(count: int, first: int = 1) -> list[Letter]:
    return [letter(number) for number in range(first, first + count)]


def send(transport: Transport, batch: list[Letter]) -> dict[int, Outcome]:
    """Send; each letter must get exactly one outcome."""
    answers = list(transport.send(iter(batch), len(batch)))
    assert sorted(number for number, _ in answers) == sorted(one.id for one in batch)
    return dict(answers)


def kinds(outcomes: dict[int, Outcome]) -> Counter[Kind]:
    return Counter(outcome.kind for outcome in outcomes.values())


@pytest.fixture
def make_transport() -> Iterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def make(port: int, relay: dict[str, Any] | None = None, **options: Any) -> Transport:
        made.append(Transport(
            Relay("127.0.0.1", port, "news@example.org", **(relay or {})),
            **{"patience": 10.0, "opening": 10.0, **options}))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificates]:
    """Certificates of an authority that OpenSSL trusts for the length of the test."""
    made = make_certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    smtp_connection.tls_context.cache_clear()
    yield made
    smtp_connection.tls_context.cache_clear()


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_batch_arrives_whole_and_once(make_transport: Callable[..., Transport],
                                        pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        outcomes = send(make_transport(sink.port), letters(300))
        assert kinds(outcomes) == {Kind.SENT: 300}
        assert outcomes[1].receipt == "2.0.0 Ok: queued"
        assert len(sink.counts) == 300
        assert set(sink.counts.values()) == {1}
        assert sink.tally.violations == []


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("patient", [True, False])
@pytest.mark.parametrize(("start", "kind"), OUTCOMES.items())
def test_each_fault_has_its_outcome_and_hurts_nobody_else(
        make_transport: Callable[..., Transport], start: str, kind: Kind, pipelining: bool,
        patient: bool) -> None:
    batch = [letter(1), letter(2), letter(3, start), letter(4), letter(5, start), letter(6)]
    with SmtpSink(pipelining=pipelining, patient=patient) as sink:
        patience = 1.0 if start in ("mute-", "slow-") else 10.0
        outcomes = send(make_transport(sink.port, connections=1, patience=patience), batch)
        assert {n: outcome.kind for n, outcome in outcomes.items()} == {
            1: Kind.SENT, 2: Kind.SENT, 3: kind, 4: Kind.SENT, 5: kind, 6: Kind.SENT}
        assert outcomes[3].whole is (start == "norelay-")
        assert outcomes[3].detail
        assert "@" not in outcomes[3].detail
        assert sink.tally.violations == []


@pytest.mark.parametrize("start", ["gone-", "refused-"])
def test_a_whole_batch_of_dead_addresses_needs_one_connection(
        make_transport: Callable[..., Transport], start: str) -> None:
    with SmtpSink() as sink:
        outcomes = send(make_transport(sink.port, connections=1),
                        [letter(number, start) for number in range(50)])
        assert kinds(outcomes) == {OUTCOMES[start]: 50}
        assert sink.tally.opened == 1


def test_outcomes_are_told_while_the_batch_is_still_running(
        make_transport: Callable[..., Transport]) -> None:
    drawn = 0

    def drawing() -> Iterator[Letter]:
        nonlocal drawn
        for one in letters(400):
            drawn += 1
            yield one

    with SmtpSink() as sink:
        running = make_transport(sink.port).send(drawing(), 400)
        next(running)
        assert drawn < 100
        assert len(list(running)) == 399


def test_connections_are_kept_for_the_next_batch(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port)
        for first in (1, 101, 201):
            assert kinds(send(transport, letters(100, first))) == {Kind.SENT: 100}
        assert sink.tally.opened == 8
        transport.close()
        assert kinds(send(transport, letters(1, 301))) == {Kind.SENT: 1}
        assert sink.tally.opened == 9
        assert sink.tally.commands["QUIT"] == 8


def test_one_confirmation_opens_one_connection(make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        send(make_transport(sink.port), letters(1))
        assert sink.tally.opened == 1


def test_a_connection_the_server_closed_meanwhile_is_replaced(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port)
        send(transport, letters(50))
        sink.cut()
        time.sleep(0.05)
        assert kinds(send(transport, letters(50, 100))) == {Kind.SENT: 50}


def test_a_connection_that_rested_too_long_is_replaced(
        make_transport: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port)
        send(transport, letters(1))
        monkeypatch.setattr(smtp, "REST_SECONDS", 0.01)
        time.sleep(0.02)
        send(transport, letters(1, 2))
        assert sink.tally.opened == 2


def test_a_relay_that_ends_connections_after_some_mails_gets_new_ones(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(mails_per_connection=7) as sink:
        assert kinds(send(make_transport(sink.port), letters(200))) == {Kind.SENT: 200}
        assert set(sink.counts.values()) == {1}


def test_many_dead_addresses_in_a_row_do_not_look_like_a_dead_relay(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(errors_per_connection=6) as sink:
        outcomes = send(make_transport(sink.port), [letter(n, "gone-") for n in range(150)])
        assert kinds(outcomes) == {Kind.GONE: 150}
        assert sink.tally.opened > 20


def test_a_relay_that_allows_two_connections_gets_two(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(connections=2) as sink:
        transport = make_transport(sink.port)
        assert kinds(send(transport, letters(200))) == {Kind.SENT: 200}
        opened = sink.tally.opened
        assert kinds(send(transport, letters(200, 300))) == {Kind.SENT: 200}
        assert sink.tally.opened == opened == 3, "it asked for a third again at once"


@pytest.mark.parametrize(("replies", "words"), [
    ({"": b"421 4.3.2 closed for today"}, "closed for today"),
    ({"": b"554 5.7.1 you are on a list"}, "on a list"),
    ({"": CUT}, "closed"),
    ({"": HANG}, "timed out"),
    ({"": b"HTTP/1.1 200 OK"}, "127.0.0.1"),
    ({"EHLO": b"550 5.7.1 go away", "HELO": b"550 5.7.1 go away"}, "go away"),
    ({"MAIL": b"550 5.7.1 news@example.org may not send"}, "<address> may not send"),
    ({"MAIL": b"452 4.3.1 disk full"}, "disk full"),
    ({"MAIL": b"530 5.7.0 must authenticate"}, "must authenticate"),
    ({"MAIL": b"421 4.7.0 enough"}, "enough"),
    ({"MAIL": b"HTTP/1.1 400"}, "no SMTP"),
    ({"MAIL": CUT}, "closed by the server"),
    ({"MAIL": HANG}, "no answer"),
    ({"DATA": b"250 what?"}, "DATA answered"),
])
def test_a_relay_that_fails_rests_the_channel_and_loses_nothing(
        make_transport: Callable[..., Transport], replies: dict[str, bytes], words: str) -> None:
    with SmtpSink(replies=replies) as sink:
        transport = make_transport(sink.port)
        if replies.get("") == HANG:
            transport.opening = 0.2
        elif HANG in replies.values():
            transport.patience = 0.2
        outcomes = send(transport, letters(40))
        assert kinds(outcomes) == {Kind.LATER: 40}
        assert sum(outcome.whole for outcome in outcomes.values()) >= 30
        assert all(words in outcome.detail for outcome in outcomes.values())
        assert all("@" not in outcome.detail for outcome in outcomes.values())
        sink.behaviour.replies.clear()
        transport.opening = transport.patience = 10.0
        assert kinds(send(transport, letters(40))) == {Kind.SENT: 40}, "it must recover"


def test_a_relay_that_loses_every_mail_is_left_alone_after_a_few(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(replies={"TEXT": CUT}) as sink:
        found = kinds(send(make_transport(sink.port), letters(200)))
        assert found[Kind.UNKNOWN] <= smtp.CONNECTIONS + smtp.FAILURES
        assert found[Kind.UNKNOWN] + found[Kind.LATER] == 200


def test_a_closed_port_means_later_for_all_at_once(
        make_transport: Callable[..., Transport]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcomes = send(make_transport(port), letters(100))
    assert all(outcome.kind is Kind.LATER and outcome.whole for outcome in outcomes.values())
    assert outcomes[1].detail == f"127.0.0.1:{port}: [Errno 111] Connection refused"


@contextmanager
def swallowing_server() -> Iterator[int]:
    """Accepts MAIL, RCPT and DATA, then reads nothing more and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def serve() -> None:
        for _ in range(2):
            client, _ = listener.accept()
            client.sendall(b"220 hello\r\n")
            client.recv(1000)
            client.sendall(b"250-hello\r\n250 PIPELINING\r\n")
            client.recv(1000)
            client.sendall(b"250 ok\r\n250 ok\r\n354 go on\r\n")
            time.sleep(0.05)
            client.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)
    listener.close()


def test_a_mail_cut_before_its_end_was_not_handed_over(
        make_transport: Callable[..., Transport]) -> None:
    long = letter(1)._replace(text=b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 8_000_000)
    with swallowing_server() as port:
        outcomes = send(make_transport(port), [long])
    assert outcomes[1].kind is Kind.LATER
    assert "connection lost" in outcomes[1].detail


class SecondsPerMail:
    """A clock by which the relay takes a second for each mail."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink, self.began = sink, time.monotonic()

    def monotonic(self) -> float:
        return self.began + len(self.sink.counts)


def test_a_slow_relay_gets_what_it_can_take_and_the_rest_soon(
        make_transport: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpSink(pipelining=False) as sink:
        monkeypatch.setattr(smtp, "time", SecondsPerMail(sink))
        transport = make_transport(sink.port, connections=1, patience=4000.0)
        outcomes = send(transport, letters(3000))
        found = kinds(outcomes)
        assert found[Kind.SENT] == len(sink.counts) > smtp.BATCH_SECONDS
        assert found[Kind.LATER] == 3000 - found[Kind.SENT] > 0
        assert {(o.whole, o.after) for o in outcomes.values() if o.kind is Kind.LATER} == {
            (True, 1.0)}, "none of these letters' fault: no attempt of theirs"


def test_replies_may_come_in_any_pieces_and_over_several_lines(
        make_transport: Callable[..., Transport]) -> None:
    replies = {"MAIL": b"250-2.1.0 fine\r\n250-\r\n250 2.1.0 go on",
               "TEXT": b"250-2.0.0 thank\r\n250 2.0.0 you"}
    with SmtpSink(replies=replies) as sink:
        outcomes = send(make_transport(sink.port), letters(3))
        assert kinds(outcomes) == {Kind.SENT: 3}
        assert outcomes[1].receipt == "2.0.0 thank 2.0.0 you"


def test_a_reply_without_end_is_given_up(make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(pipelining=False, replies={"RCPT": b"250-" + b"x" * 100_000}) as sink:
        outcomes = send(make_transport(sink.port, connections=1), letters(1))
        assert outcomes[1].kind is Kind.LATER
        assert "never ends" in outcomes[1].detail


def test_stopping_early_leaves_no_connection_in_the_middle_of_a_mail(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port)
        running = transport.send(iter(letters(100)), 100)
        for _ in itertools.islice(running, 5):
            pass
        del running  # as when a worker is told to stop
        assert kinds(send(transport, letters(50, 1000))) == {Kind.SENT: 50}
        assert sink.tally.violations == []


def test_a_forked_worker_opens_its_own_connections(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port)
        send(transport, letters(1))
        child = os.fork()
        if child == 0:
            outcomes = send(transport, letters(1, 2))
            os._exit(0 if kinds(outcomes) == {Kind.SENT: 1} else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert kinds(send(transport, letters(1, 3))) == {Kind.SENT: 1}
        assert sink.tally.opened == 2, "parent and child each keep one"
        assert sink.tally.violations == []


def test_tls_from_the_first_byte_with_a_certificate_we_trust(
        make_transport: Callable[..., Transport], trusted: Certificates) -> None:
    with SmtpSink(tls=trusted.server_context()) as sink:
        transport = make_transport(sink.port, {"security": "ssl"})
        assert transport.check() is None
        assert kinds(send(transport, letters(300))) == {Kind.SENT: 300}
        assert kinds(send(transport, letters(300, 1000))) == {Kind.SENT: 300}
        assert sink.tally.opened == 1 + smtp.CONNECTIONS


@pytest.mark.parametrize("verify", [True, False])
def test_an_unknown_certificate_is_refused_unless_the_operator_says_so(
        make_transport: Callable[..., Transport], tmp_path: Path, verify: bool) -> None:
    with SmtpSink(tls=make_certificates(tmp_path).server_context()) as sink:
        transport = make_transport(sink.port, {"security": "ssl", "verify": verify})
        outcome = send(transport, letters(1))[1]
        if verify:
            assert (outcome.kind, outcome.whole) == (Kind.LATER, True)
            assert "certificate verify failed" in outcome.detail
        else:
            assert outcome.kind is Kind.SENT


def test_a_server_without_starttls_gets_nothing_in_the_clear(
        make_transport: Callable[..., Transport]) -> None:
    with SmtpSink() as sink:
        transport = make_transport(sink.port, {
            "security": "starttls", "user": "news", "password": "secret"})
        outcome = send(transport, letters(1))[1]
        assert (outcome.kind, outcome.whole) == (Kind.LATER, True)
        assert "does not offer STARTTLS" in outcome.detail
        assert set(sink.tally.commands) <= {"EHLO", "QUIT"}


def test_the_check_says_what_is_wrong(make_transport: Callable[..., Transport]) -> None:
    with SmtpSink(replies={"NOOP": b"502 5.5.1 no"}) as sink:
        assert "NOOP with 502" in str(make_transport(sink.port).check())
        sink.behaviour.replies["NOOP"] = CUT
        assert "hung up" in str(make_transport(sink.port).check())
        sink.behaviour.replies.clear()
        assert make_transport(sink.port).check() is None
        assert "neither AUTH PLAIN" in str(
            make_transport(sink.port, {"user": "news", "password": "x"}).check())
    assert "Connection refused" in str(make_transport(sink.port).check())
    nowhere = Transport(Relay("no-such-host.invalid", 25, "news@example.org"))
    assert "no-such-host.invalid:25" in str(nowhere.check())


def test_a_server_that_cuts_connections_at_random_loses_no_mail(
        make_transport: Callable[..., Transport]) -> None:
    """Unknown outcomes are sent again, as the engine does; nothing is lost, and repeats are
    no more than the unknown ones."""
    with SmtpSinkProcess(drop_every=20) as sink:
        transport = make_transport(sink.port)
        waiting, unknown = letters(2000), 0
        for _ in range(20):
            outcomes = send(transport, waiting)
            unknown += kinds(outcomes)[Kind.UNKNOWN]
            waiting = [one for one in waiting if outcomes[one.id].kind is not Kind.SENT]
            if not waiting:
                break
        counts = sink.counts()
        assert not waiting
        assert len(counts) == 2000
        assert 20 < unknown < 300
        assert counts.total() - 2000 <= unknown
        assert sink.dropped() >= unknown
