"""One SMTP conversation about letters, without the socket (RFC 5321, RFC 2920).

Where the server offers PIPELINING, the text of one letter and the commands of the next
travel together, so that a letter costs one round trip; else one command waits for the other.
What the server says goes into `receive`; what is to be sent stands in `out`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import NamedTuple

from channels.base import Outcome
from channels.smtp_replies import RelayError, Reply, judge

REPLY_LIMIT = 65_536  # bytes; a longer reply is none


class Letter(NamedTuple):
    """A mail ready to leave. `text` is 7-bit, its lines end with CRLF, and no line begins
    with a dot, so that nothing is left to stuff (RFC 5321, 4.5.2)."""

    id: int
    address: bytes
    text: bytes


Take = Callable[[], Letter | None]
_Talk = Generator[None, Reply, None]


class Session:
    """Sends letters from one envelope sender over one connection, for as long as it lives.

    `begun` holds the letters without an outcome, oldest first: at most one whose text is
    on its way and one that is being announced. `results` collects outcomes until somebody
    takes them; `settled` counts them.
    """

    def __init__(self, sender: str, pipelining: bool) -> None:
        self._sender = sender.encode("ascii")
        self._pipelining = pipelining
        self._heard = b""
        self._lines: list[str] = []
        self._talk: _Talk | None = None
        self._written = 0  # bytes ever put into `out`, and how many of them have left
        self._sent = 0
        self._dot = 0  # of `_written`, where the final dot of the oldest letter ends; 0: none
        self._named = False  # the server knows of the oldest letter
        self.out = b""
        self.begun: deque[Letter] = deque()
        self.results: list[tuple[int, Outcome]] = []
        self.settled = 0

    @property
    def idle(self) -> bool:
        """Whether the last letter is through and none was waiting."""
        return self._talk is None

    @property
    def handed_over(self) -> bool:
        """Whether the oldest letter has left with its final dot, and no answer has come:
        if the connection is lost now, nobody knows what became of it."""
        return bool(self._dot) and self._sent >= self._dot

    @property
    def suspect(self) -> Letter | None:
        """The letter that may be the reason if the connection is lost now. A server that
        ends the connection between two letters has nothing against the second."""
        return self.begun[0] if self.begun and (self._named or not self.settled) else None

    def begin(self, take: Take) -> None:
        """Start sending what `take` gives, until it gives None; then the session is idle."""
        self._talk = self._converse(take)
        try:
            next(self._talk)
        except StopIteration:
            self._talk = None

    def sent(self, count: int) -> None:
        """`count` bytes of `out` have left."""
        self._sent += count
        self.out = self.out[count:]

    def receive(self, data: bytes) -> None:
        """Take in what the server said. Raises RelayError where it cannot go on."""
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            reply = self._read(line)
            if reply is not None:
                self._hear(reply)
        if len(self._heard) + sum(map(len, self._lines)) > REPLY_LIMIT:
            raise RelayError("the server's reply never ends")

    def _read(self, line: bytes) -> Reply | None:
        code, joint = line[:3], line[3:4]
        if not (code.isdigit() and b"200" <= code < b"600" and joint in b" -\r"):
            raise RelayError("the server's answer is no SMTP")
        text = str(line[4:], "utf-8", "replace").rstrip()
        if joint == b"-":
            self._lines.append(text)
            return None
        if self._lines:
            text = " ".join([*self._lines, text])
            self._lines = []
        return Reply(int(code), text)

    def _hear(self, reply: Reply) -> None:
        if reply.code == 421:
            self._dot = 0  # in answer to a text, 421 is a clear no,
            self._named = False  # and to anything it is about the connection, not the letter
            raise RelayError(reply.words)
        if self._talk is None:
            raise RelayError(f"the server said out of turn: {reply.words}")
        try:
            self._talk.send(reply)
        except StopIteration:
            self._talk = None

    def _converse(self, take: Take) -> _Talk:
        letter = self._open(take())
        while letter is not None:
            refusal = yield from self._announce(letter)
            if refusal is None:
                self._write(letter.text + b".\r\n")
                self._dot = self._written
            else:
                self._settle(judge(refusal))
                self._write(b"RSET\r\n")
            following = self._open(take()) if self._pipelining else None
            reply = yield
            if refusal is None:
                self._answer(reply)
            letter = following if self._pipelining else self._open(take())

    def _announce(self, letter: Letter) -> Generator[None, Reply, Reply | None]:
        """Hear the replies to MAIL, RCPT and DATA. Return the one that refuses the letter,
        or None when the server waits for the text."""
        mail = yield
        if mail.code >= 300:  # the recipient is not named yet: this would meet every letter
            raise RelayError(f"MAIL refused: {mail.words}", final=True)
        self._named = True
        if not self._pipelining:
            self._write(b"RCPT TO:<" + letter.address + b">\r\n")
        recipient = yield
        refused = recipient if recipient.code >= 300 else None
        if not self._pipelining:
            if refused:
                return refused
            self._write(b"DATA\r\n")
        data = yield
        if data.code < 300:
            raise RelayError(f"DATA answered with {data.words}")
        if data.code < 400 and refused:  # RFC 2920, 3.1: then it waits for an empty text
            self._write(b".\r\n")
            yield
        return refused if data.code < 400 else refused or data

    def _answer(self, reply: Reply) -> None:
        if 300 <= reply.code < 400:
            raise RelayError(f"the text was answered with {reply.words}")
        self._settle(judge(reply))

    def _settle(self, outcome: Outcome) -> None:
        self._dot = 0
        self._named = False
        self.results.append((self.begun.popleft().id, outcome))
        self.settled += 1

    def _open(self, letter: Letter | None) -> Letter | None:
        if letter is None:
            return None
        self.begun.append(letter)
        if self._pipelining:
            self._write(b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n"
                        % (self._sender, letter.address))
        else:
            self._write(b"MAIL FROM:<%b>\r\n" % self._sender)
        return letter

    def _write(self, data: bytes) -> None:
        self.out += data
        self._written += len(data)
