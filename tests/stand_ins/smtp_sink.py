"""A mail server that only counts: real SMTP (RFC 5321, 2920) over asyncio, fast, with faults.

A recipient's local part says what happens to the mail, see FAULTS: `gone-7@example.org` is
unknown, `drop-after-data-7@example.org` has its connection cut when the whole mail was read.
Whatever was read to its final dot and not refused is counted by Message-ID.

In a thread: `with SmtpSink() as sink: sink.port, sink.counts, sink.mails`.
As a process: `with SmtpSinkProcess(drop_every=500) as sink: sink.port, sink.counts()`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import ssl
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.asked import AskedProcess, answer_until_ended
from tests.stand_ins.loops import LoopThread

HANG, CUT = b"hang", b"cut"

FAULTS: dict[bytes, tuple[str, bytes]] = {
    # local part begins with: (answer to which command, the answer)
    b"gone-": ("RCPT", b"550 5.1.1 <%b>: Recipient address rejected: User unknown"),
    b"nobody-": ("RCPT", b"550 No such user here: %b"),
    b"later-": ("RCPT", b"451 4.7.1 <%b>: Greylisted, please try again"),
    b"full-": ("RCPT", b"552 5.2.2 <%b>: mailbox is full"),
    b"norelay-": ("RCPT", b"554 5.7.1 <%b>: Relay access denied"),
    b"busy-": ("RCPT", b"421 4.3.2 shutting down"),
    b"mute-": ("RCPT", HANG),
    b"drop-before-": ("RCPT", CUT),
    b"nonsense-": ("RCPT", b"HTTP/1.1 400 Bad Request"),
    b"refused-": ("TEXT", b"554 5.6.0 content rejected for %b"),
    b"big-": ("TEXT", b"552 5.3.4 message too big"),
    b"later-text-": ("TEXT", b"451 4.3.0 queue file write error"),
    b"busy-text-": ("TEXT", b"421 4.3.2 shutting down"),
    b"slow-": ("TEXT", HANG),
    b"drop-after-data-": ("TEXT", CUT),
    b"garbled-": ("TEXT", b"HTTP/1.1 400 Bad Request"),
}
_BY_LENGTH = sorted(FAULTS, key=len, reverse=True)
_RECIPIENT = re.compile(rb"RCPT TO:<([^<>\s]+)>", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>\r\n]+)>", re.MULTILINE | re.IGNORECASE)


@dataclass
class Behaviour:
    """How the server behaves towards everybody."""

    pipelining: bool = True
    patient: bool = False  # answers DATA with 354 though no recipient was accepted
    replies: dict[str, bytes] = field(default_factory=dict)  # instead of ours, by verb; "" greets
    mails_per_connection: int = 0  # then 421
    errors_per_connection: int = 0  # in a row; then 421, as Postfix does after 20
    connections: int = 0  # at once; then 421 instead of a greeting
    drop_every: int = 0  # on average every so many mails a connection is cut, before or after
    keep: bool = False  # whole mails, in `mails`
    seed: int = 1


@dataclass
class Tally:
    """What has arrived."""

    counts: Counter[str] = field(default_factory=Counter)  # by Message-ID
    mails: list[tuple[str, bytes]] = field(default_factory=list)  # recipient, mail as sent
    commands: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)  # of the protocol, by the client
    opened: int = 0
    dropped: int = 0

    @property
    def taken(self) -> int:
        """How many mails have arrived."""
        return self.counts.total()


class Conversation(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, behaviour: Behaviour, tally: Tally, chance: random.Random,
                 open_now: set[Conversation]) -> None:
        self.behaviour, self.tally, self.chance = behaviour, tally, chance
        self.open_now = open_now
        self.buffer = b""
        self.out: list[bytes] = []
        self.mail = self.reading = self.silent = False
        self.recipients: list[bytes] = []
        self.taken = self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.tally.opened += 1
        self.open_now.add(self)
        limit = self.behaviour.connections
        if limit and len(self.open_now) > limit:
            transport.write(b"421 4.7.0 too many connections\r\n")
            transport.close()
            return
        greeting = self.behaviour.replies.get("", b"220 sink.example.org ESMTP")
        if greeting is CUT:
            transport.close()
        elif greeting is not HANG:
            transport.write(greeting + b"\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_now.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.silent:
            return
        self.buffer += data
        while not self.transport.is_closing() and (
                self._read_text() if self.reading else self._read_command()):
            pass
        if self.out and not self.transport.is_closing():
            self.transport.write(b"".join(self.out))
        self.out.clear()

    def _read_command(self) -> bool:
        line, end, rest = self.buffer.partition(b"\r\n")
        if not end:
            return False
        self.buffer = rest
        verb = line[:4].decode("ascii", "replace").upper()
        self.tally.commands[verb] += 1
        if rest and not (self.behaviour.pipelining and verb in ("MAIL", "RCPT", "RSET")):
            self.tally.violations.append(f"{rest[:40]!r} sent before the answer to {line!r}")
        scripted = self.behaviour.replies.get(verb, b"")
        obeyed = b"" if scripted and scripted[:1] != b"2" else self._obey(verb, line)
        self._answer(scripted or obeyed)
        return not self.silent

    def _obey(self, verb: str, line: bytes) -> bytes:
        if verb == "EHLO":
            more = b"250-PIPELINING\r\n" if self.behaviour.pipelining else b""
            return b"250-sink.example.org\r\n" + more + b"250 ENHANCEDSTATUSCODES"
        if verb == "MAIL":
            return self._begin()
        if verb == "RCPT":
            return self._address(line)
        if verb == "DATA":
            return self._data()
        if verb in ("RSET", "NOOP"):
            self.mail = self.mail and verb == "NOOP"
            return b"250 2.0.0 Ok"
        if verb == "QUIT":
            self.out.append(b"221 2.0.0 Bye\r\n")
            self.transport.write(b"".join(self.out))
            self.transport.close()
            return CUT
        return b"500 5.5.2 unknown command"

    def _begin(self) -> bytes:
        if self.mail:
            return b"503 5.5.1 nested MAIL command"
        limit = self.behaviour.mails_per_connection
        if limit and self.taken >= limit:
            return b"421 4.7.0 enough for one connection"
        self.mail, self.recipients = True, []
        return b"250 2.1.0 Ok"

    def _address(self, line: bytes) -> bytes:
        found = _RECIPIENT.match(line)
        if not self.mail or found is None:
            return b"503 5.5.1 MAIL first" if found else b"501 5.1.3 bad address"
        command, answer = _fault(found[1])
        if command == "RCPT":
            return answer
        self.recipients.append(found[1])
        return b"250 2.1.5 Ok"

    def _data(self) -> bytes:
        if not self.mail or not (self.recipients or self.behaviour.patient):
            return b"503 5.5.1 RCPT first"
        self.reading = True
        return b"354 End data with <CR><LF>.<CR><LF>"

    def _read_text(self) -> bool:
        if self.buffer.startswith(b".\r\n"):
            text, rest = b"", self.buffer[3:]
        else:
            at = self.buffer.find(b"\r\n.\r\n")
            if at < 0:
                return False
            text, rest = self.buffer[:at + 2], self.buffer[at + 5:]
        self.buffer, self.reading, self.mail = rest, False, False
        self._answer(self.behaviour.replies.get("TEXT") or self._take(text))
        return not self.silent

    def _take(self, text: bytes) -> bytes:
        if not self.recipients:
            return b"554 5.5.1 no valid recipients"
        command, answer = _fault(self.recipients[0])
        if command == "TEXT" and answer[:1].isdigit():
            return answer
        every = self.behaviour.drop_every
        drop = bool(every) and self.chance.random() < 1 / every
        if drop and self.chance.random() < 0.5:
            return CUT
        self._count(text)
        if drop:
            return CUT
        return answer if command == "TEXT" else b"250 2.0.0 Ok: queued"

    def _count(self, text: bytes) -> None:
        self.taken += 1
        found = _MESSAGE_ID.search(text)
        self.tally.counts[found[1].decode("ascii") if found else "none"] += 1
        if self.behaviour.keep:
            plain = re.sub(rb"^\.", b"", text, flags=re.MULTILINE)
            self.tally.mails.append((self.recipients[0].decode("ascii"), plain))

    def _answer(self, answer: bytes) -> None:
        if answer is CUT:
            self.tally.dropped += not self.transport.is_closing()
            if self.out:
                self.transport.write(b"".join(self.out))
            self.transport.close()
        elif answer is HANG:
            self.silent = True
        else:
            self.errors = self.errors + 1 if answer[:1] in (b"4", b"5") else (
                0 if answer.startswith(b"250 2.0.0 Ok: queued") else self.errors)
            limit = self.behaviour.errors_per_connection
            if limit and self.errors > limit:
                answer = b"421 4.7.0 too many errors"
            self.out.append(answer + b"\r\n")
            if answer.startswith(b"421"):
                self.transport.write(b"".join(self.out))
                self.transport.close()


def _fault(recipient: bytes) -> tuple[str, bytes]:
    for start in _BY_LENGTH:
        if recipient.startswith(start):
            command, answer = FAULTS[start]
            return command, answer.replace(b"%b", recipient) if b"%b" in answer else answer
    return "", b""


class SmtpSink:
    """The server in a thread of its own. Keyword arguments are those of Behaviour."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0,
                 **behaviour: Any) -> None:
        self.behaviour, self.tally = Behaviour(**behaviour), Tally()
        self.port, self._tls = port, tls
        self._chance = random.Random(self.behaviour.seed)
        self._conversations: set[Conversation] = set()
        self._turning = LoopThread()
        self._server: asyncio.Server | None = None

    @property
    def counts(self) -> Counter[str]:
        """Mails taken, by Message-ID."""
        return self.tally.counts

    @property
    def mails(self) -> list[tuple[str, bytes]]:
        """(recipient, mail) in order of arrival, with keep=True."""
        return self.tally.mails

    async def open(self) -> None:
        """Listen on 127.0.0.1."""
        self._server = await asyncio.get_running_loop().create_server(
            self._converse, "127.0.0.1", self.port, ssl=self._tls, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    def _converse(self) -> Conversation:
        return Conversation(self.behaviour, self.tally, self._chance, self._conversations)

    async def shut(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        self._abort()
        await asyncio.sleep(0.02)  # let the transports close their sockets

    def cut(self) -> None:
        """Cut every connection, go on listening."""
        self._turning.loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for conversation in self._conversations:
            conversation.transport.abort()

    def __enter__(self) -> SmtpSink:
        self._turning.start()
        self._turning.run(self.open())
        return self

    def __exit__(self, *exc: object) -> None:
        self._turning.run(self.shut())
        self._turning.end()


class SmtpSinkProcess(AskedProcess):
    """The server in a process of its own."""

    def __init__(self, port: int = 0, drop_every: int = 0, seed: int = 1) -> None:
        super().__init__(__name__, "--port", str(port), "--drop-every", str(drop_every),
                         "--seed", str(seed))
        self.port = int(self.ask("port"))

    def counts(self) -> Counter[str]:
        """Mails taken so far, by Message-ID."""
        return Counter(self.ask("counts"))

    def taken(self) -> int:
        """How many mails were taken so far."""
        return int(self.ask("taken"))

    def dropped(self) -> int:
        """How many connections it has cut."""
        return int(self.ask("dropped"))


async def serve(sink: SmtpSink) -> None:
    """Serve until SIGTERM, answering questions."""
    await sink.open()
    await answer_until_ended(lambda what: getattr(sink if what == "port" else sink.tally, what))
    await sink.shut()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(description="SMTP sink that counts mails")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--drop-every", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sink = SmtpSink(port=options.port, drop_every=options.drop_every, seed=options.seed)
    asyncio.run(serve(sink))


if __name__ == "__main__":
    main()
