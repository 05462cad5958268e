"""Many HTTPS POSTs at once over few connections: libcurl's multi interface.

HTTP/2 streams share a connection where the server offers it (ALPN), HTTP/1.1
connections are kept alive. Redirects are not followed. Addresses that are not
public are refused when the socket is made, so that no name can lead inside,
whatever it resolved to a moment before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pycurl

from channels.http_handle import Handle, Limits, Post, Reply

__all__ = ["HttpPool", "Limits", "Post", "Reply", "origin"]

_BURST = 16  # requests begun before the network gets its turn
# Seconds without looking. Now and then libcurl has an answer in its HTTP/2 buffers, shows no
# socket for it and no timer: only being asked again makes it hand the answer out.
_LONGEST_WAIT = 0.02


@dataclass(slots=True, eq=False)
class _Engine:
    """What belongs to one process: libcurl's multi handle and its easy handles."""

    pid: int
    multi: Any
    idle: list[Handle]
    busy: dict[Any, Handle] = field(default_factory=dict)

    def release(self, handle: Handle) -> None:
        """Take a handle back; it keeps its settings, its connection stays open."""
        self.multi.remove_handle(handle.curl)
        del self.busy[handle.curl]
        self.idle.append(handle)


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
        others' way over the network. Never raises for what a server does; what the
        iterable raises passes through. Leaving early cancels what is under way.
        """
        engine = self._own()
        if engine.busy:
            raise RuntimeError("this pool is already sending; exhaust or close that first")
        try:
            yield from self._exchange(engine, iter(requests))
        finally:
            for handle in list(engine.busy.values()):
                handle.forget()
                engine.release(handle)

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
        for handle in list(engine.busy.values()):
            handle.forget()
            engine.release(handle)
        for handle in engine.idle:
            handle.curl.close()
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
            handles = [Handle(self.limits, self._cainfo, self.repeatable)
                       for _ in range(self.limits.in_flight)]
            self._engine = _Engine(os.getpid(), multi, handles)
        return self._engine

    def _exchange(self, engine: _Engine, source: Iterator[Post]
                  ) -> Iterator[tuple[int, Reply]]:
        more = True
        while more or engine.busy:
            for _ in range(_BURST):
                if not engine.idle:
                    break
                if (post := next(source, None)) is None:
                    more = False
                    break
                if refusal := self._begin(engine, post):
                    yield post.id, refusal
            engine.multi.perform()
            yield from _finished(engine)
            if engine.busy and not (more and engine.idle):
                _wait(engine.multi)

    def _begin(self, engine: _Engine, post: Post) -> Reply | None:
        """Start a request, or say why it may not be."""
        trusted = bool(self.trusted) and origin(post.url) in self.trusted
        if not trusted and not post.url.startswith("https://"):
            return Reply(0, error="not an https address", sent=False)
        handle = engine.idle.pop()
        handle.prepare(post, trusted)
        engine.multi.add_handle(handle.curl)
        engine.busy[handle.curl] = handle
        return None


def origin(url: str) -> str:
    """Scheme, host and port of a URL, as written ("https://push.example.net")."""
    return "/".join(url.split("/", 3)[:3])


def _finished(engine: _Engine) -> Iterator[tuple[int, Reply]]:
    """What libcurl is through with."""
    left = 1
    while left:
        left, done, failed = engine.multi.info_read()
        for curl in done:
            handle = engine.busy[curl]
            reply = handle.answered()
            engine.release(handle)
            yield handle.id, reply
        for curl, code, _ in failed:  # libcurl's own words may name the address
            handle = engine.busy[curl]
            reply = handle.failed(code)
            engine.release(handle)
            yield handle.id, reply


def _wait(multi: Any) -> None:
    """Sleep until a socket is ready or libcurl's next timer is due."""
    timer = multi.timeout()
    seconds = _LONGEST_WAIT if timer < 0 else min(timer / 1000, _LONGEST_WAIT)
    if seconds > 0 and multi.select(seconds) < 0:
        time.sleep(min(seconds, 0.005))  # no socket yet: a name is being resolved
