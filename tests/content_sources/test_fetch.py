"""The one door to the network, against a real server that misbehaves."""

from __future__ import annotations

import gzip
import os
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from content_sources.fetch import (
    Busy,
    Fetched,
    FetchError,
    HttpError,
    NotAllowed,
    NotModified,
    TooLarge,
    Unreachable,
    fetch,
)
from tests.stand_ins.certificates import make_certificates
from tests.stand_ins.feed_server import FeedServer, Pieces, Request, feed_server, reply

BODY = b"<rss version='2.0'><channel></channel></rss>"


@pytest.fixture
def web() -> Iterator[FeedServer]:
    with feed_server() as server:
        yield server


def get(web: FeedServer, url: str, **options: object) -> Fetched | NotModified:
    """Fetch with the test server's private address allowed."""
    return fetch(url, **{"allow_private": {web.place}, "total_seconds": 5.0, **options})  # type: ignore[arg-type]


def fetched(web: FeedServer, url: str, **options: object) -> Fetched:
    answer = get(web, url, **options)
    assert isinstance(answer, Fetched)
    return answer


def test_a_body_comes_with_its_validators_and_final_address(web: FeedServer) -> None:
    web.serve(BODY, "/feed", '"one"', "Last-Modified: Wed, 18 Nov 2026 09:00:00 GMT")
    answer = fetched(web, web.url(), user_agent="CivicPush/1 (+https://push.example)")
    assert answer == Fetched(BODY, web.url(), etag='"one"',
                             last_modified="Wed, 18 Nov 2026 09:00:00 GMT")
    assert web.requests[0].headers["user-agent"] == "CivicPush/1 (+https://push.example)"
    assert "gzip" in web.requests[0].headers["accept-encoding"]


def test_an_unchanged_source_costs_a_304(web: FeedServer) -> None:
    web.serve(BODY, "/feed", '"one"')
    assert get(web, web.url(), etag='"one"') == NotModified(web.url())
    assert isinstance(get(web, web.url(), etag='"old"'), Fetched)


def test_validators_that_would_smuggle_in_headers_are_left_out(web: FeedServer) -> None:
    web.serve(BODY)
    get(web, web.url(), etag='"a"\r\nX-Evil: 1', last_modified="Mär")
    assert {"x-evil", "if-none-match", "if-modified-since"}.isdisjoint(web.requests[0].headers)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_compressed_bodies_are_decompressed(web: FeedServer, compress: object) -> None:
    encoding = "gzip" if compress is gzip.compress else "deflate"
    packed = compress(BODY)  # type: ignore[operator]
    url = web.send(reply("200 OK", f"Content-Encoding: {encoding}", body=packed))
    assert fetched(web, url).body == BODY


def test_a_decompression_bomb_stops_at_the_cap(web: FeedServer) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([packer.compress(bytes(1_000_000)) for _ in range(100)]) + packer.flush()
    assert len(bomb) < 1_000_000
    url = web.send(reply("200 OK", "Content-Encoding: gzip", body=bomb))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge) as error:
            get(web, url, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000  # not unpacked to its 100 MB
    finally:
        tracemalloc.stop()
    assert error.value.code == "too-large"


def test_a_bomb_within_a_bomb_stops_too(web: FeedServer) -> None:
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    url = web.send(reply("200 OK", "Content-Encoding: gzip, gzip", body=bomb))
    with pytest.raises(TooLarge):
        get(web, url, max_bytes=1_000_000)


def test_a_body_without_end_stops_at_the_cap(web: FeedServer) -> None:
    def endless(_: Request) -> Pieces:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not web.stopped.is_set():
            yield bytes(65536)
    web.pages["/feed"] = endless
    with pytest.raises(TooLarge):
        get(web, web.url(), max_bytes=200_000)


def test_a_body_announced_as_too_large_is_not_even_begun(web: FeedServer) -> None:
    url = web.send(reply("200 OK", length=10_000_000))
    with pytest.raises(TooLarge):
        get(web, url)


def test_a_body_of_exactly_the_cap_passes(web: FeedServer) -> None:
    assert len(fetched(web, web.serve(bytes(1000)), max_bytes=1000).body) == 1000


def test_a_body_shorter_than_it_claims_is_no_body(web: FeedServer) -> None:
    url = web.send(reply("200 OK", body=BODY, length=len(BODY) + 100))
    with pytest.raises(Unreachable) as error:
        get(web, url)
    assert error.value.code == "broken"


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_an_answer_that_is_none_is_unreachable(web: FeedServer, answer: bytes) -> None:
    with pytest.raises(Unreachable) as error:
        get(web, web.send(answer))
    assert error.value.code == "broken"


def test_garbled_compression_is_an_error_not_a_body(web: FeedServer) -> None:
    with pytest.raises(Unreachable):
        get(web, web.send(reply("200 OK", "Content-Encoding: gzip", body=b"no gzip at all")))


@pytest.mark.timeout(60)
def test_a_slow_body_runs_into_the_total_time(web: FeedServer) -> None:
    def drip(_: Request) -> Pieces:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not web.stopped.wait(0.05):
            yield b"x"
    web.pages["/feed"] = drip
    with pytest.raises(Unreachable) as error:
        get(web, web.url(), total_seconds=0.4)
    assert error.value.code == "timeout"


def test_slow_redirects_share_one_total_time(web: FeedServer) -> None:
    def hop(number: int) -> Pieces:
        web.stopped.wait(0.2)
        yield reply("302 Found", f"Location: /{number + 1}")
    for number in range(6):
        web.pages[f"/{number}"] = lambda _, n=number: hop(n)  # type: ignore[misc]
    with pytest.raises(Unreachable) as error:
        get(web, web.url("/0"), total_seconds=0.5)
    assert error.value.code == "timeout"


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable) as error:
        fetch(f"http://127.0.0.1:{port}/", allow_private={f"127.0.0.1:{port}"})
    assert error.value.code == "connect"


def test_an_unknown_name_is_unreachable() -> None:
    with pytest.raises(Unreachable) as error:
        fetch("https://no-such-host.invalid/feed", total_seconds=5)
    assert error.value.code in ("dns", "timeout")


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]",
    "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"])
def test_this_machine_is_refused_however_it_is_spelled(web: FeedServer, host: str) -> None:
    web.serve(BODY)
    with pytest.raises(NotAllowed) as error:
        fetch(f"http://{host}:{web.port}/feed", total_seconds=5)
    assert error.value.code == "private"
    assert web.requests == []  # refused before a byte was sent


def test_only_the_place_the_operator_listed_may_be_private(web: FeedServer) -> None:
    with feed_server() as other, pytest.raises(NotAllowed):
        fetch(other.serve(BODY), allow_private={web.place})


@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect"])
def test_a_redirect_into_the_private_network_is_refused(web: FeedServer, status: str) -> None:
    with feed_server() as inner:
        url = web.redirect("/feed", inner.serve(BODY), status)
        with pytest.raises(NotAllowed) as error:
            get(web, url)
        assert error.value.code == "private"
        assert inner.requests == []


@pytest.mark.parametrize("location", [
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "javascript:alert(1)"])
def test_a_redirect_to_another_scheme_is_refused(web: FeedServer, location: str) -> None:
    with pytest.raises(NotAllowed) as error:
        get(web, web.redirect("/feed", location))
    assert error.value.code == "scheme"


@pytest.mark.parametrize(("url", "code"), [
    ("ftp://example.org/feed", "scheme"), ("file:///etc/passwd", "scheme"),
    ("feed", "scheme"), ("", "scheme"),
    ("https://user:secret@example.org/feed", "credentials"),
    ("https://user@example.org/", "credentials"), ("https:///feed", "address"),
    ("https://exa mple.org/", "address"), ("https://example.org:99999/", "address"),
    ("http://[::1", "address"), ("https://" + "a" * 3000, "address")])
def test_addresses_that_are_none_are_not_fetched(url: str, code: str) -> None:
    with pytest.raises(NotAllowed) as error:
        fetch(url)
    assert error.value.code == code
    assert "secret" not in str(error.value)


def test_redirects_are_followed_and_relative_ones_resolved(web: FeedServer) -> None:
    web.serve(BODY, "/news/feed")
    web.redirect("/news/old", "feed")
    answer = fetched(web, web.redirect("/", "/news/old"))
    assert (answer.url, answer.moved_to) == (web.url("/news/feed"), "")


def test_a_permanent_move_is_reported(web: FeedServer) -> None:
    web.serve(BODY, "/new", '"one"')
    web.redirect("/feed", "/new", "301 Moved Permanently")
    assert fetched(web, web.url()).moved_to == web.url("/new")
    unchanged = get(web, web.url(), etag='"one"')
    assert isinstance(unchanged, NotModified)
    assert unchanged.moved_to == web.url("/new")


def test_a_move_counts_as_far_as_it_is_permanent(web: FeedServer) -> None:
    web.serve(BODY, "/today")
    web.redirect("/new", "/today", "302 Found")
    web.redirect("/feed", "/new", "308 Permanent Redirect")
    answer = fetched(web, web.url())
    assert (answer.moved_to, answer.url) == (web.url("/new"), web.url("/today"))


def test_redirects_in_a_circle_end(web: FeedServer) -> None:
    with pytest.raises(HttpError) as error:
        get(web, web.redirect("/feed", "/feed"))
    assert error.value.code == "redirects"
    assert len(web.requests) == 6


def test_a_redirect_to_nowhere_is_an_error(web: FeedServer) -> None:
    with pytest.raises(HttpError):
        get(web, web.send(reply("302 Found")))


@pytest.mark.parametrize(("status", "code"), [
    ("404 Not Found", "missing"), ("410 Gone", "gone"), ("403 Forbidden", "forbidden"),
    ("500 Oops", "status"), ("204 No Content", "status"), ("206 Partial Content", "status")])
def test_other_answers_are_errors_with_their_status(
        web: FeedServer, status: str, code: str) -> None:
    with pytest.raises(HttpError) as error:
        get(web, web.send(reply(status, body=b"x" if status[:3] != "204" else b"")))
    assert (error.value.status, error.value.code) == (int(status[:3]), code)


@pytest.mark.parametrize(("headers", "seconds"), [
    (["Retry-After: 120"], 120.0), ([], None), (["Retry-After: soon"], None),
    (["Retry-After: -5"], None), (["Retry-After: 99999999999999999999"], 999999999999.0),
    (["Date: Wed, 18 Nov 2026 09:00:00 GMT", "Retry-After: Wed, 18 Nov 2026 09:10:00 GMT"], 600.0),
    (["Date: Wed, 18 Nov 2026 09:00:00 GMT", "Retry-After: Wed, 18 Nov 2026 08:00:00 GMT"], 0.0)])
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_busy_server_says_when_to_come_back(
        web: FeedServer, status: str, headers: list[str], seconds: float | None) -> None:
    with pytest.raises(Busy) as error:
        get(web, web.send(reply(status, *headers)))
    assert error.value.retry_after == seconds


@pytest.mark.parametrize(("headers", "seconds"), [
    (["Cache-Control: public, max-age=300"], 300.0), (["cache-control: MAX-AGE=5"], 5.0),
    (["Cache-Control: max-age=300", "Age: 100"], 200.0),
    (["Cache-Control: no-cache, max-age=300"], None), (["Cache-Control: s-maxage=300"], None),
    (["Date: Wed, 18 Nov 2026 09:00:00 GMT", "Expires: Wed, 18 Nov 2026 10:00:00 GMT"], 3600.0),
    (["Expires: 0"], None), ([], None)])
def test_the_lifetime_a_server_grants_is_reported(
        web: FeedServer, headers: list[str], seconds: float | None) -> None:
    assert fetched(web, web.send(reply("200 OK", *headers, body=BODY))).fresh_for == seconds


def test_tls_is_verified_and_never_left_again(
        web: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = make_certificates(tmp_path)
    with feed_server(certificates.server_context()) as safe:
        url = safe.serve(BODY)
        allowed = {safe.place, web.place}
        with pytest.raises(Unreachable) as error:
            fetch(url, allow_private=allowed, total_seconds=5)
        assert error.value.code == "tls"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        answer = fetch(web.redirect("/up", url), allow_private=allowed, total_seconds=5)
        assert isinstance(answer, Fetched)
        down = safe.redirect("/down", web.serve(BODY))
        with pytest.raises(NotAllowed) as refused:
            fetch(down, allow_private=allowed, total_seconds=5)
        assert refused.value.code == "downgrade"


def test_a_proxy_in_the_environment_does_not_get_past_the_check_of_addresses(
        web: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with feed_server() as proxy:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        assert fetched(web, web.serve(BODY)).body == BODY
        assert proxy.requests == []


def test_no_connection_stays_open(web: FeedServer) -> None:
    url = web.serve(BODY)
    get(web, url)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        get(web, url)
        with pytest.raises(FetchError):
            fetch(url)
    assert len(os.listdir("/proc/self/fd")) <= before + 2  # the server's side closes when it may
