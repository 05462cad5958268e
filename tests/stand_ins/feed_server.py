"""A web server on 127.0.0.1 that serves feeds, and misbehaves in every way a test wants."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Pieces = Iterator[bytes] | list[bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """What the client asked, header names in lower case."""

    path: str
    headers: dict[str, str]


Page = Callable[[Request], Pieces]


@dataclass
class FeedServer:
    """`pages` maps paths to what is sent for them, byte by byte."""

    port: int
    scheme: str
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self) -> str:
        """`host:port`, as `fetch_private` lists it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/feed") -> str:
        return f"{self.scheme}://{self.place}{path}"

    def serve(self, body: bytes, path: str = "/feed", etag: str = "", *headers: str) -> str:
        """Serve a body, with 304 for its ETag; return its address."""
        def page(request: Request) -> Pieces:
            tags = [f"ETag: {etag}"] if etag else []
            if etag and request.headers.get("if-none-match") == etag:
                return [reply("304 Not Modified", *tags, *headers)]
            return [reply("200 OK", *tags, *headers, body=body)]
        self.pages[path] = page
        return self.url(path)

    def send(self, *pieces: bytes, path: str = "/feed") -> str:
        """Send these bytes and close; return the address."""
        self.pages[path] = lambda _: list(pieces)
        return self.url(path)

    def redirect(self, path: str, to: str, status: str = "302 Found") -> str:
        return self.send(reply(status, f"Location: {to}"), path=path)


def reply(status: str, *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    """An HTTP answer; `length` may lie."""
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close",
             f"Content-Length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close = True, False
    context: ssl.SSLContext | None = None
    feeds: FeedServer


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        with suppress(OSError):  # a client that gives up is part of many tests
            connection = self.request
            connection.settimeout(10)
            if server.context is not None:
                connection = server.context.wrap_socket(connection, server_side=True)
            with connection:
                request = _read(connection)
                server.feeds.requests.append(request)
                page = server.feeds.pages.get(
                    request.path, lambda _: [reply("404 Not Found", body=b"nothing here")])
                for piece in page(request):
                    connection.sendall(piece)


def _read(connection: ssl.SSLSocket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    first, *lines = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines)}
    return Request(first.split(" ")[1], headers)


@contextmanager
def feed_server(context: ssl.SSLContext | None = None) -> Iterator[FeedServer]:
    """Run a server for a while, with TLS where a context is given."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.context = context
    server.feeds = FeedServer(server.server_address[1], "https" if context else "http")
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield server.feeds
    finally:
        server.feeds.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
