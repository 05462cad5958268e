"""Many HTTPS POSTs at once over few connections: libcurl's multi interface.

HTTP/2 streams share a connection where the server offers it (ALPN), HTTP/1.1
connections are kept alive. Redirects are not followed. Addresses that are not
public are refused when the socket is made, so that no name can lead inside,
whatever it resolved to a moment before.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pycurl

from channels.public_addresses import is_public

AGENT = b"CivicPush/1 (+https://github.com/detmold/civic-push)"
_BODY_CAP = 4096  # bytes of an answer worth reading
_BURST = 16  # requests begun before the network gets its turn
_NEVER_SENT = frozenset((
    pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_URL_MALFORMAT, pycurl.E_COULDNT_RESOLVE_PROXY,
    pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_CONNECT, pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_SSL_CACERT, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_ISSUER_ERROR))
_WORDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "host name not found",
    pycurl.E_COULDNT_CONNECT: "no connection",
    pycurl.E_OPERATION_TIMEDOUT: "time-out",
    pycurl.E_SSL_CONNECT_ERROR: "TLS failed",
    pycurl.E_SSL_CACERT: "certificate not trusted",
    pycurl.E_SEND_FAIL_REWIND: "connection broken, not repeated",
    pycurl.E_GOT_NOTHING: "closed without an answer",
    pycurl.E_SEND_ERROR: "connection broken",
    pycurl.E_RECV_ERROR: "connection broken",
}


class Post(NamedTuple):
    """One request. `headers` are whole lines ("Name: value"); handing the same list object
    to many requests saves libcurl from reading it again. None of it may contain CR or LF."""

    id: int
    url: str
    headers: list[bytes] | list[str]
    body: bytes


class Reply(NamedTuple):
    """What became of a request. `status` is 0 where no answer came; then `error` says why,
    without address or path, and `sent` whether the server may have
    got the request all the same."""

    status: int
    header_lines: Collection[bytes] = ()
    body: bytes = b""  # at most 4 kB of it
    error: str = ""
    sent: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers by lower-case name; parsed when asked for."""
        lines = (line.decode("latin-1").partition(":") for line in self.header_lines)
        return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes on at once, and how long anything may take (seconds)."""

    in_flight: int = 128  # requests; outside this must reach rate × round-trip time
    per_host: int = 6  # connections; HTTP/2 needs more than one only past its stream limit
    streams: int = 100  # HTTP/2 streams a connection
    connect_seconds: float = 10.0
    total_seconds: float = 30.0


@dataclass(slots=True, eq=False)
class _Slot:
    """A reusable easy handle and what its running request has received so far."""

    curl: Any
    id: int = 0
    trusted: bool = False
    barred: bool = False  # the guard refused the server's address
    header_list: object = None
    lines: list[bytes] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    unread: bytes = b""

    def write(self, data: bytes) -> int | None:
        """Keep what fits; a longer answer is broken off (its status is known by now)."""
        room = _BODY_CAP - len(self.body)
        self.body += data[:room]
        return None if len(data) <= room else 0

    def read(self, size: int) -> bytes:
        """Hand the body out once; see HttpPool on `repeatable`."""
        part, self.unread = self.unread[:size], self.unread[size:]
        return part

    def open_socket(self, _purpose: int, address: Any) -> Any:
        """The guard: libcurl connects to nothing but what this lets through."""
        if not self.trusted and not is_public(address.addr[0]):
            self.barred = True
            return pycurl.SOCKET_BAD
        return socket.socket(address.family, address.socktype, address.protocol)


@dataclass(slots=True, eq=False)
class _Engine:
    """What belongs to one process: libcurl's multi handle and its slots."""

    pid: int
    multi: Any
    idle: list[_Slot]
    busy: dict[Any, _Slot] = field(default_factory=dict)


_inherited: list[_Engine] = []
"""Handles of a parent process. Freeing them would say goodbye on connections that the
parent still uses, so they are kept, untouched, for the life of the child."""


class HttpPool:
    """Connections to any number of servers, kept between calls; one thread at a time.

    `trusted` names origins ("http://127.0.0.1:8123") that may be unencrypted or local.
    With `repeatable=False`, libcurl does not send a request again by itself where a
    reused connection breaks before the answer: it is reported as sent, without answer.
    `cainfo` is a file of certificate authorities (default: SSL_CERT_FILE, the system's).
    """

    def __init__(self, *, trusted: Collection[str] = (), repeatable: bool = True,
                 limits: Limits | None = None, cainfo: str | None = None) -> None:
        self.trusted = frozenset(trusted)
        self.repeatable = repeatable
        self.limits = limits or Limits()
        self._cainfo = cainfo
        self._engine: _Engine | None = None

    def post_many(self, requests: Iterable[Post]) -> Iterator[tuple[int, Reply]]:
        """Send all requests; yield (request id, reply) as answers come, in any order.

        `requests` is read as room gets free, so making the next ones overlaps with the
        others' way over the network. Never raises for what a server does.
        """
        engine = self._own()
        if engine.busy:
            raise RuntimeError("this pool is already sending; exhaust or close that first")
        source = iter(requests)
        try:
            more = True
            while more or engine.busy:
                begun = 0
                while more and engine.idle and begun < _BURST:
                    post = next(source, None)
                    if post is None:
                        more = False
                    elif refusal := self._begin(engine, post):
                        yield post.id, refusal
                    else:
                        begun += 1
                engine.multi.perform()
                yield from self._finished(engine)
                if engine.busy and not (more and engine.idle):
                    _wait(engine.multi)
        finally:
            for slot in list(engine.busy.values()):  # the reader left early
                self._release(engine, slot)

    def post(self, url: str, headers: list[bytes] | list[str], body: bytes) -> Reply:
        """Send a single request and wait for its reply."""
        return next(reply for _, reply in self.post_many([Post(0, url, headers, body)]))

    def close(self) -> None:
        """Close all connections; the pool may be used again."""
        engine, self._engine = self._engine, None
        if engine is None:
            return
        if engine.pid != os.getpid():
            _inherited.append(engine)
            return
        for slot in [*engine.busy.values(), *engine.idle]:
            if slot.curl in engine.busy:
                engine.multi.remove_handle(slot.curl)
            slot.curl.close()
        engine.multi.close()

    def _own(self) -> _Engine:
        """This process's engine; a parent's is set aside."""
        if self._engine is not None and self._engine.pid != os.getpid():
            self.close()
        if self._engine is None:
            multi = pycurl.CurlMulti()
            multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
            multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, self.limits.per_host)
            multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, self.limits.streams)
            slots = [self._slot() for _ in range(self.limits.in_flight)]
            self._engine = _Engine(os.getpid(), multi, slots)
        return self._engine

    def _slot(self) -> _Slot:
        slot = _Slot(curl := pycurl.Curl())
        for option, value in (
                (pycurl.POST, 1), (pycurl.NOSIGNAL, 1), (pycurl.FOLLOWLOCATION, 0),
                (pycurl.USERAGENT, AGENT), (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
                (pycurl.PIPEWAIT, 1), (pycurl.TCP_NODELAY, 1), (pycurl.NETRC, 0),
                (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
                (pycurl.CAINFO, self._cainfo or _authorities()),
                (pycurl.PROXY, ""),  # a proxy would connect for us, past the guard
                (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
                (pycurl.CONNECTTIMEOUT_MS, int(self.limits.connect_seconds * 1000)),
                (pycurl.TIMEOUT_MS, int(self.limits.total_seconds * 1000)),
                (pycurl.OPENSOCKETFUNCTION, slot.open_socket),
                (pycurl.HEADERFUNCTION, slot.lines.append),
                (pycurl.WRITEFUNCTION, slot.write)):
            curl.setopt(option, value)
        if not self.repeatable:
            # A body that comes from a callback cannot be rewound, so libcurl has to give
            # up (SEND_FAIL_REWIND) where it would otherwise repeat a request silently.
            curl.setopt(pycurl.READFUNCTION, slot.read)
        return slot

    def _begin(self, engine: _Engine, post: Post) -> Reply | None:
        """Start a request, or say why it may not be."""
        trusted = origin(post.url) in self.trusted
        if not trusted and not post.url.startswith("https://"):
            return Reply(0, error="not an https address", sent=False)
        slot = engine.idle.pop()
        slot.id, slot.trusted, slot.barred = post.id, trusted, False
        curl = slot.curl
        curl.setopt(pycurl.URL, post.url)
        if slot.header_list is not post.headers:
            curl.setopt(pycurl.HTTPHEADER, post.headers)
            slot.header_list = post.headers
        if self.repeatable:
            curl.setopt(pycurl.POSTFIELDS, post.body)
        else:
            slot.unread = post.body
            curl.setopt(pycurl.POSTFIELDSIZE_LARGE, len(post.body))
        engine.multi.add_handle(curl)
        engine.busy[curl] = slot
        return None

    def _finished(self, engine: _Engine) -> Iterator[tuple[int, Reply]]:
        while True:
            left, done, failed = engine.multi.info_read()
            for curl in done:
                slot = engine.busy[curl]
                reply = Reply(curl.getinfo(pycurl.RESPONSE_CODE), slot.lines[:], bytes(slot.body))
                self._release(engine, slot)
                yield slot.id, reply
            for curl, code, _ in failed:  # libcurl's words may name the address
                slot = engine.busy[curl]
                reply = _failure(slot, code)
                self._release(engine, slot)
                yield slot.id, reply
            if not left:
                return

    def _release(self, engine: _Engine, slot: _Slot) -> None:
        """Take a slot back; its handle keeps its settings, its connection stays open."""
        engine.multi.remove_handle(slot.curl)
        del engine.busy[slot.curl]
        slot.lines.clear()
        slot.body.clear()
        engine.idle.append(slot)


def origin(url: str) -> str:
    """Scheme, host and port of a URL, as written ("https://push.example.net")."""
    return "/".join(url.split("/", 3)[:3])


def _failure(slot: _Slot, code: int) -> Reply:
    status = slot.curl.getinfo(pycurl.RESPONSE_CODE)
    if code == pycurl.E_WRITE_ERROR and len(slot.body) == _BODY_CAP:
        return Reply(status, slot.lines[:], bytes(slot.body))  # we broke it off: answer known
    if slot.barred:
        return Reply(0, error="address is not public", sent=False)
    # Written before the first byte of the request leaves; 0 while queueing or connecting.
    sent = code not in _NEVER_SENT and slot.curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
    return Reply(0, error=f"curl {code}: {_WORDS.get(code, 'no usable answer')}", sent=sent)


def _wait(multi: Any) -> None:
    """Sleep until a socket is ready or libcurl's next timer is due."""
    timer = multi.timeout()
    seconds = 1.0 if timer < 0 else min(timer / 1000, 1.0)
    if seconds > 0 and multi.select(seconds) < 0:
        time.sleep(min(seconds, 0.005))  # no socket yet: a name is being resolved


def _authorities() -> str:
    """The file of certificate authorities: SSL_CERT_FILE, or the system's."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    import certifi  # arrives with requests; for systems without a bundle of their own

    return certifi.where()
