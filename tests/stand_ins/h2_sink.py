"""A push service that only counts: HTTP/2 over TLS (RFC 9113), thousands of posts a second.

Every POST to `/…/TOKEN` is answered 201 with a Location and counted by token and Topic.
Tokens that begin with a status are answered so: `410-abc`, `429-x` (with Retry-After: 7),
`503-y`; `hang-z` never gets an answer and `drop-z` has its connection cut after the post
was read. The frame layer is by hand (only HPACK comes from a library): the h2 package
would be the slowest part of every run.

In a thread: `with H2Sink(certificates) as sink: sink.origin, sink.counts`. As a process:
`with SinkProcess(certificates) as sink: sink.origin, sink.counts()`.
"""

from __future__ import annotations

import argparse
import asyncio
import struct
from collections import Counter
from pathlib import Path

from hpack import Decoder

from tests.stand_ins.asked import AskedProcess, answer_until_ended
from tests.stand_ins.certificates import Certificates
from tests.stand_ins.loops import LoopThread

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
WINDOW = 1 << 30


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame, RFC 9113 section 4.1."""
    return struct.pack("!IBI", len(payload) << 8 | kind, flags, stream) + payload


def literal(name: int, value: str) -> bytes:
    """A header field without indexing, RFC 7541 section 6.2.2; the name by its number."""
    head = bytes((name,)) if name < 15 else bytes((15, name - 15))
    return head + bytes((len(value),)) + value.encode()


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, sink: H2Sink) -> None:
        self.sink = sink
        self.decoder = Decoder()
        self.buffer = bytearray()
        self.greeted = False
        self.block = b""  # of headers, until END_HEADERS
        self.paths: dict[int, dict[str, str]] = {}
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.connections.add(self)
        self.sink.opened += 1
        settings = struct.pack("!HIHI", 3, self.sink.streams, 4, WINDOW)
        transport.write(frame(SETTINGS, 0, 0, settings)
                        + frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", WINDOW)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.sink.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        at = 0
        if not self.greeted:
            if len(buffer) < len(PREFACE):
                return
            assert buffer.startswith(PREFACE), "not HTTP/2"
            self.greeted, at = True, len(PREFACE)
        out: list[bytes] = []
        while len(buffer) - at >= 9:
            head, flags, stream = struct.unpack_from("!IBI", buffer, at)
            end = at + 9 + (head >> 8)
            if len(buffer) < end:
                break
            self.take(head & 255, flags, stream & 0x7FFFFFFF, bytes(buffer[at + 9:end]), out)
            at = end
        del buffer[:at]
        if self.received > WINDOW // 2:
            out.append(frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", self.received)))
            self.received = 0
        if out and not self.transport.is_closing():
            self.transport.write(b"".join(out))

    def take(self, kind: int, flags: int, stream: int, payload: bytes, out: list[bytes]) -> None:
        """Understand one frame."""
        if kind in (HEADERS, CONTINUATION):
            self.take_headers(kind, flags, stream, payload)
        elif kind == DATA:
            self.received += len(payload)
        elif kind == SETTINGS and not flags & ACK:
            out.append(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            out.append(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM:
            self.paths.pop(stream, None)
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.answer(stream, self.paths.pop(stream), out)

    def take_headers(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Collect a header block, RFC 9113 section 6.2."""
        if kind == HEADERS:
            if flags & PADDED:
                payload = payload[1:len(payload) - payload[0]]
            self.block = payload[5:] if flags & PRIORITY else payload
        else:
            self.block += payload
        if flags & END_HEADERS:
            self.paths[stream] = dict(self.decoder.decode(self.block))

    def answer(self, stream: int, headers: dict[str, str], out: list[bytes]) -> None:
        """Count a whole request and say what becomes of it."""
        sink = self.sink
        token = headers[":path"].rpartition("/")[2]
        sink.last_headers = headers
        fate = token.partition("-")[0]
        status = int(fate) if len(fate) == 3 and fate.isdigit() else 201
        if fate == "drop":
            self.transport.abort()
        if fate in ("drop", "hang"):
            sink.counts[f"{token} {headers.get('topic', '')}"] += 1
            return
        if status == 201:
            sink.counts[f"{token} {headers.get('topic', '')}"] += 1
        else:
            sink.refusals[status] += 1
        block = literal(8, str(status))  # names by their index in RFC 7541, appendix A
        if status == 201:
            block += literal(46, f"/m/{len(sink.counts)}")  # location
        if status == 429:
            block += literal(53, "7")  # retry-after
        out.append(frame(HEADERS, END_STREAM | END_HEADERS, stream, block))


class H2Sink:
    """The sink in a thread of its own. `counts` is keyed "TOKEN TOPIC", `refusals` by
    status; `opened` counts connections."""

    def __init__(self, certificates: Certificates, port: int = 0, streams: int = 100) -> None:
        self.port, self.streams = port, streams
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.opened = 0
        self.last_headers: dict[str, str] = {}
        self.connections: set[Connection] = set()
        self._context = certificates.server_context("h2")
        self._turning = LoopThread()
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        """What endpoints begin with."""
        return f"https://127.0.0.1:{self.port}"

    def endpoint(self, token: str) -> str:
        """The endpoint of a subscription called `token`."""
        return f"{self.origin}/wpush/v2/{token}"

    @property
    def taken(self) -> int:
        """How many were taken."""
        return self.counts.total()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self), "127.0.0.1", self.port, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0.02)  # let the transports close their sockets

    def cut(self) -> None:
        """Cut every connection, go on listening."""
        def abort() -> None:
            for connection in list(self.connections):
                connection.transport.abort()
        self._turning.loop.call_soon_threadsafe(abort)

    def __enter__(self) -> H2Sink:
        self._turning.start()
        self._turning.run(self.open())
        return self

    def __exit__(self, *exc: object) -> None:
        self._turning.run(self.shut())
        self._turning.end()


class SinkProcess(AskedProcess):
    """The sink in a process of its own."""

    def __init__(self, certificates: Certificates, port: int = 0) -> None:
        super().__init__(__name__, "--port", str(port), "--cert", str(certificates.certificate),
                         "--key", str(certificates.key))
        self.port = int(self.ask("port"))

    @property
    def origin(self) -> str:
        """What endpoints begin with."""
        return f"https://127.0.0.1:{self.port}"

    def endpoint(self, token: str) -> str:
        """The endpoint of a subscription called `token`."""
        return f"{self.origin}/wpush/v2/{token}"

    def counts(self) -> Counter[str]:
        """How often each "TOKEN TOPIC" was taken so far."""
        return Counter(self.ask("counts"))

    def taken(self) -> int:
        """How many were taken so far."""
        return int(self.ask("taken"))

    def refusals(self) -> Counter[int]:
        """How often each status was answered other than 201."""
        return Counter({int(status): n for status, n in self.ask("refusals").items()})


async def serve(sink: H2Sink) -> None:
    """Serve until SIGTERM, answering questions."""
    await sink.open()
    await answer_until_ended(lambda what: getattr(sink, what))
    await sink.shut()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(description="HTTP/2 sink that counts pushes")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cert", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    options = parser.parse_args()
    sink = H2Sink(Certificates(options.cert, options.cert, options.key), options.port)
    asyncio.run(serve(sink))


if __name__ == "__main__":
    main()
