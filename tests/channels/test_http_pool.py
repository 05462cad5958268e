"""The connection pool against real servers, kind and unkind."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from channels.http_pool import HttpPool, Limits, Post, Reply
from channels.public_addresses import is_public
from tests.stand_ins.certificates import Certificates, make_certificates
from tests.stand_ins.h2_sink import H2Sink, SinkProcess
from tests.stand_ins.plain_server import PlainServer, answer, serving

LIMITS = Limits(in_flight=32, connect_seconds=30, total_seconds=30)
QUICK = Limits(connect_seconds=1, total_seconds=1)  # for whom nobody answers


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def sink(certificates: Certificates) -> Iterator[H2Sink]:
    with H2Sink(certificates) as server:
        yield server


@pytest.fixture
def make_pool(certificates: Certificates) -> Iterator[Callable[..., HttpPool]]:
    pools: list[HttpPool] = []

    def make(*trusted: str, **options: object) -> HttpPool:
        pools.append(HttpPool(trusted=trusted, **{
            "limits": LIMITS, "cainfo": str(certificates.authority), **options}))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def test_many_requests_share_few_http2_connections(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool(sink.origin)
    posts = [Post(i, sink.endpoint(f"t{i}"), [b"TTL: 60"], b"x" * 400) for i in range(500)]
    replies = dict(pool.post_many(posts))
    assert {reply.status for reply in replies.values()} == {201}
    assert sorted(replies) == list(range(500))
    assert sink.counts == {f"t{i} ": 1 for i in range(500)}
    assert sink.opened <= LIMITS.per_host
    dict(pool.post_many(posts))
    assert sink.opened <= LIMITS.per_host, "connections were not kept between calls"


def test_a_sink_in_another_process_counts_by_token_and_topic_and_refuses_as_told(
        certificates: Certificates, make_pool: Callable[..., HttpPool]) -> None:
    with SinkProcess(certificates) as process:
        tokens = [f"t{i % 300}" for i in range(600)] + ["410-x", "429-y", "503-z"]
        replies = dict(make_pool(process.origin).post_many(
            Post(i, process.endpoint(token), [b"Topic: a-17"], b"x")
            for i, token in enumerate(tokens)))
        assert process.counts() == {f"t{i} a-17": 2 for i in range(300)}
        assert process.refusals() == {410: 1, 429: 1, 503: 1}
    assert [replies[i].status for i in (600, 601, 602)] == [410, 429, 503]
    assert replies[601].headers["retry-after"] == "7"


def test_headers_and_body_arrive_as_given(make_pool: Callable[..., HttpPool]) -> None:
    with serving(answer("201 Created", "Location: /m/7", "X-Twice: a:b")) as server:
        reply = make_pool(server.origin).post(
            f"{server.origin}/x", ["TTL: 5", "Content-Type: application/json"], b"\x00\xff")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"\x00\xff"
    assert b"\r\nTTL: 5\r\n" in head
    assert b"Content-Type: application/json" in head
    assert reply == Reply(201, reply.header_lines)
    assert reply.headers["location"] == "/m/7"
    assert reply.headers["x-twice"] == "a:b"


def test_the_body_of_one_answer_never_shows_up_in_the_next(
        make_pool: Callable[..., HttpPool]) -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        which = request[-1:]
        answer("200 OK", body=which * int(which))(connection, request)

    with serving(talk) as server:
        pool = make_pool(server.origin, limits=Limits(in_flight=1))
        posts = [Post(i, f"{server.origin}/", [], str(i).encode()) for i in (3, 1, 2)]
        bodies = {i: reply.body for i, reply in pool.post_many(posts)}
    assert bodies == {1: b"1", 2: b"22", 3: b"333"}


def test_requests_are_made_while_others_are_under_way(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    made = 0

    def posts() -> Iterator[Post]:
        nonlocal made
        for made in range(1, 201):
            yield Post(made, sink.endpoint(f"lazy{made}"), [], b"x")

    running = make_pool(sink.origin).post_many(posts())
    next(running)
    assert made < 200
    assert len(list(running)) == 199


def test_leaving_early_leaves_a_usable_pool(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool(sink.origin)
    running = pool.post_many(Post(i, sink.endpoint(f"e{i}"), [], b"x") for i in range(100))
    next(running)
    with pytest.raises(RuntimeError, match="already sending"):
        pool.post(sink.endpoint("second"), [], b"x")
    running.close()  # type: ignore[attr-defined]
    assert pool.post(sink.endpoint("after"), [], b"x").status == 201


def test_an_error_while_making_requests_reaches_the_caller(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    def posts() -> Iterator[Post]:
        yield Post(1, sink.endpoint("one"), [], b"x")
        raise LookupError("no key")

    pool = make_pool(sink.origin)
    with pytest.raises(LookupError):
        list(pool.post_many(posts()))
    assert pool.post(sink.endpoint("after"), [], b"x").status == 201


def test_a_refused_connection_was_not_sent(make_pool: Callable[..., HttpPool]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        here = f"http://127.0.0.1:{unused.getsockname()[1]}"
    reply = make_pool(here).post(f"{here}/", [], b"x")
    assert (reply.status, reply.sent, reply.error) == (0, False, "curl 7: no connection")


def test_an_unknown_host_was_not_sent(make_pool: Callable[..., HttpPool]) -> None:
    reply = make_pool().post("https://push.invalid/x", [], b"x")
    assert (reply.status, reply.sent) == (0, False)
    assert "push.invalid" not in reply.error


def test_a_silent_server_is_told_apart_from_one_that_never_took_the_request(
        make_pool: Callable[..., HttpPool]) -> None:
    with serving(lambda connection, request: threading.Event().wait(60) and None) as server:
        reply = make_pool(server.origin, limits=QUICK).post(f"{server.origin}/", [], b"x")
    assert (reply.error, reply.sent) == ("curl 28: time-out", True)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # never answers to the TLS hello
        here = f"https://127.0.0.1:{mute.getsockname()[1]}"
        reply = make_pool(here, limits=QUICK).post(f"{here}/", [], b"x")
    assert (reply.error, reply.sent) == ("curl 28: time-out", False)


def test_a_connection_closed_instead_of_an_answer_may_have_been_sent(
        make_pool: Callable[..., HttpPool]) -> None:
    with serving(lambda connection, _request: connection.shutdown(socket.SHUT_RDWR)) as server:
        reply = make_pool(server.origin).post(f"{server.origin}/", [], b"x")
    assert (reply.status, reply.sent) == (0, True)


def _second_request_breaks(server: list[PlainServer]) -> Callable[[socket.socket, bytes], None]:
    def talk(connection: socket.socket, request: bytes) -> None:
        if len(server[0].requests) == 2:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            answer("200 OK")(connection, request)
    return talk


@pytest.mark.parametrize(("repeatable", "arrived", "outcome"), [
    (True, 3, (200, "")), (False, 2, (0, "curl 65: connection broken, not repeated"))])
def test_only_repeatable_requests_go_out_again_when_a_kept_connection_breaks(
        make_pool: Callable[..., HttpPool], repeatable: bool, arrived: int,
        outcome: tuple[int, str]) -> None:
    known: list[PlainServer] = []
    with serving(_second_request_breaks(known)) as server:
        known.append(server)
        pool = make_pool(server.origin, repeatable=repeatable)
        assert pool.post(f"{server.origin}/1", [], b"first").status == 200
        reply = pool.post(f"{server.origin}/2", [], b"second")
        assert len(server.requests) == arrived
        assert (reply.status, reply.error) == outcome
        assert reply.sent
        assert server.requests[-1].endswith(b"second")


def test_garbage_is_no_answer(make_pool: Callable[..., HttpPool]) -> None:
    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"\x16\x03 what?\r\n\r\n" * 20)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server:
        reply = make_pool(server.origin).post(f"{server.origin}/", [], b"x")
    assert reply.status == 0
    assert reply.sent
    assert reply.error


def test_a_long_answer_is_broken_off_but_its_status_counts(
        make_pool: Callable[..., HttpPool]) -> None:
    with serving(answer("400 Bad Request", body=b"e" * 5_000_000)) as server:
        reply = make_pool(server.origin).post(f"{server.origin}/", [], b"x")
    assert (reply.status, len(reply.body), reply.error) == (400, 4096, "")


def test_redirects_are_not_followed(make_pool: Callable[..., HttpPool]) -> None:
    with serving(answer("200 OK")) as other:
        with serving(answer("307 Temporary Redirect", f"Location: {other.origin}/")) as server:
            reply = make_pool(server.origin, other.origin).post(f"{server.origin}/", [], b"x")
        assert reply.status == 307
        assert other.requests == []


def test_private_addresses_are_refused_when_the_socket_is_made(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool()
    for url in (sink.endpoint("in"), f"https://localhost:{sink.port}/in", "https://[::1]/in"):
        reply = pool.post(url, [], b"x")
        assert (reply.status, reply.error, reply.sent) == (0, "address is not public", False)
    assert sink.opened == 0
    assert make_pool(sink.origin).post(sink.endpoint("ok"), [], b"x").status == 201


@pytest.mark.parametrize("url", [
    "http://example.org/x", "ftp://example.org/x", "file:///etc/passwd", "", "push",
    "http://127.0.0.1:1@example.org/", "HTTPS ://example.org/"])
def test_only_https_or_a_trusted_origin_is_talked_to(
        make_pool: Callable[..., HttpPool], url: str) -> None:
    reply = make_pool("http://127.0.0.1:1").post(url, [], b"x")
    assert (reply.status, reply.error, reply.sent) == (0, "not an https address", False)


def test_an_unknown_authority_is_refused_before_anything_is_sent(sink: H2Sink) -> None:
    pool = HttpPool(trusted=[sink.origin], limits=LIMITS)
    reply = pool.post(sink.endpoint("secret"), [], b"x")
    pool.close()
    assert (reply.status, reply.sent) == (0, False)
    assert reply.error == "curl 60: certificate not trusted"
    assert sink.counts == {}


def test_authorities_come_from_ssl_cert_file(
        sink: H2Sink, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    pool = HttpPool(trusted=[sink.origin], limits=LIMITS)
    assert pool.post(sink.endpoint("ok"), [], b"x").status == 201
    pool.close()


def test_a_forked_child_opens_its_own_connections_and_leaves_the_parents_alone(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool(sink.origin)
    assert pool.post(sink.endpoint("parent"), [], b"x").status == 201
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if pool.post(sink.endpoint("child"), [], b"x").status == 201 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.post(sink.endpoint("parent-again"), [], b"x").status == 201
    assert sink.opened == 2


def test_a_dead_connection_is_replaced(sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool(sink.origin)
    assert pool.post(sink.endpoint("a"), [], b"x").status == 201
    sink.cut()
    time.sleep(1.1)  # libcurl looks whether idle connections are alive once a second
    assert pool.post(sink.endpoint("b"), [], b"x").status == 201


def test_close_is_harmless_twice_and_in_between(
        sink: H2Sink, make_pool: Callable[..., HttpPool]) -> None:
    pool = make_pool(sink.origin)
    pool.close()
    assert pool.post(sink.endpoint("a"), [], b"x").status == 201
    pool.close()
    pool.close()
    assert pool.post(sink.endpoint("b"), [], b"x").status == 201


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
    "ff02::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "192.0.2.1", "x", ""])
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [
    "8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)
