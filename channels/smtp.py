"""Handing letters to the relay over a few connections at once, in one process and one thread.

Connections are kept between batches, given up when they have rested for REST_SECONDS, and
never used by a forked child. Not thread-safe: one Transport for each thread that sends.
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Iterator
from math import ceil

from channels.base import Kind, Outcome
from channels.smtp_connection import OPEN_SECONDS, Connection, Relay, open_relay
from channels.smtp_replies import RelayError
from channels.smtp_session import Letter

CONNECTIONS = 8  # most at once; relays commonly allow 10 to 50 from one address
LETTERS_EACH = 10  # another connection is worth opening for so many letters
REST_SECONDS = 60.0  # relays close idle connections after some minutes
PATIENCE = 15.0  # seconds without a byte; twice that while a text is being judged. A batch
# must not be silent for as long as the engine's lease (60 s) holds, less a third
BATCH_SECONDS = 60.0  # then no more letters are begun: a job may not take for ever
FAILURES = 5  # connections lost in a row, with no letter settled in between, end a batch


class Transport:
    """The way to one relay."""

    def __init__(self, relay: Relay, connections: int = CONNECTIONS,
                 patience: float = PATIENCE, opening: float = OPEN_SECONDS) -> None:
        self.relay, self.connections = relay, connections
        self.patience, self.opening = patience, opening
        self.full_until = 0.0  # the relay lets us have no more connections until then
        self._idle: list[Connection] = []
        self._owner = os.getpid()

    def send(self, letters: Iterator[Letter], count: int) -> Iterator[tuple[int, Outcome]]:
        """Hand over `count` letters, drawn as connections become free; yield (id, outcome)
        once for each, as the server answers. Stopping early closes what is under way."""
        batch = _Batch(self, letters, count)
        try:
            yield from batch.outcomes()
        finally:
            batch.abandon()

    def check(self) -> str | None:
        """Connect, greet, secure, sign in and leave. Return what is wrong, or None."""
        try:
            smtp = open_relay(self.relay, self.opening)
        except RelayError as failure:
            return f"The mail relay cannot be used: {failure}"
        try:
            code, answer = smtp.noop()
            smtp.quit()
        except OSError as error:  # smtplib's exceptions are OSErrors too
            return f"The mail relay {self.relay} hung up: {error}"
        finally:
            smtp.close()
        if code != 250:
            return f"The mail relay {self.relay} answered NOOP with {code} {answer!r}"
        return None

    def close(self) -> None:
        """Take leave of the relay."""
        for connection in self._mine():
            connection.quit()
        self._idle = []

    def rested(self) -> Connection | None:
        """An idle connection that still stands, or None."""
        idle = self._mine()
        while idle:
            connection = idle.pop()
            if connection.usable(REST_SECONDS):
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Let an idle connection rest until it is needed again."""
        self._mine().append(connection)

    def _mine(self) -> list[Connection]:
        if self._owner != os.getpid():
            for connection in self._idle:  # the parent's: close our copy, say nothing
                connection.close()
            self._idle, self._owner = [], os.getpid()
        return self._idle


class _Batch:
    """Letters on their way, and who carries them."""

    def __init__(self, transport: Transport, letters: Iterator[Letter], count: int) -> None:
        self._transport = transport
        self._letters = letters
        self._waiting = count  # letters that no connection has taken
        self._again: deque[Letter] = deque()  # taken once, put back
        self._suspects: set[int] = set()  # put back because their connection was lost
        self._wanted = min(transport.connections, ceil(count / LETTERS_EACH))
        self._busy: set[Connection] = set()
        self._selector = selectors.DefaultSelector()
        self._results: list[tuple[int, Outcome]] = []
        self._failures = 0
        self._until = time.monotonic() + BATCH_SECONDS
        self._rest: Outcome | None = None  # what the letters get that are no more begun

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Run until every letter has its outcome."""
        while self._busy or (self._waiting and not self._rest):
            hiring = self._hire()
            if self._busy:
                self._listen(0 if hiring else min(1.0, self._transport.patience / 4))
            self._look_at_the_clock()
            results, self._results = self._results, []
            yield from results
        while self._waiting:
            assert self._rest is not None
            yield self._take_any().id, self._rest

    def abandon(self) -> None:
        """Close whatever is under way."""
        for connection in self._busy:
            connection.close()
        self._busy.clear()
        self._selector.close()

    def _hire(self) -> bool:
        """Put one more connection to work where letters wait for one. Opening blocks for
        some milliseconds, so it takes turns with listening to those at work."""
        if self._rest or not self._waiting or len(self._busy) >= self._wanted:
            return False
        connection = self._transport.rested() or self._open()
        if connection is None:
            return False
        self._busy.add(connection)
        connection.wish = selectors.EVENT_READ
        self._selector.register(connection, connection.wish, connection)
        connection.active_at = time.monotonic()
        connection.session.begin(self._take)
        self._move(connection, selectors.EVENT_WRITE)
        return True

    def _open(self) -> Connection | None:
        transport = self._transport
        if self._busy and time.monotonic() < transport.full_until:
            return None
        try:
            return Connection(transport.relay, transport.opening)
        except RelayError as failure:
            if self._busy:  # make do with those that stand
                transport.full_until = time.monotonic() + REST_SECONDS
            else:
                self._stop(failure)
            return None

    def _listen(self, seconds: float) -> None:
        for key, events in self._selector.select(seconds):
            self._move(key.data, events)

    def _move(self, connection: Connection, events: int) -> None:
        session = connection.session
        try:
            if events & selectors.EVENT_READ:
                connection.read()
            connection.flush()
        except RelayError as failure:
            self._lose(connection, failure)
            return
        self._results += session.results
        session.results = []
        if session.idle:
            self._selector.unregister(connection)
            self._busy.discard(connection)
            self._transport.keep(connection)
            return
        wish = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.out else 0)
        if connection.wish != wish:
            connection.wish = wish
            self._selector.modify(connection, wish, connection)

    def _stop(self, failure: RelayError) -> None:
        self._rest = Outcome(Kind.LATER, str(failure), whole=True)

    def _look_at_the_clock(self) -> None:
        now, patience = time.monotonic(), self._transport.patience
        if now > self._until and not self._rest:
            self._rest = Outcome(Kind.LATER, "the relay is slow: left for the next batch",
                                 after=1.0, whole=True)
        for connection in list(self._busy):
            silent = now - connection.active_at
            if silent > patience * (2 if connection.session.handed_over else 1):
                self._lose(connection, RelayError(f"no answer in {silent:.3g} seconds"))

    def _lose(self, connection: Connection, failure: RelayError) -> None:
        """A letter that was handed over is unknown now; one that was not gets another try,
        but only one if it may itself be the reason."""
        session = connection.session
        self._selector.unregister(connection)
        self._busy.discard(connection)
        connection.close()
        self._failures = 1 if session.settled else self._failures + 1
        if failure.final or self._failures >= FAILURES:
            self._stop(failure)
        self._results += session.results
        suspect = session.suspect
        if session.handed_over:
            self._results.append(
                (session.begun.popleft().id, Outcome(Kind.UNKNOWN, str(failure))))
        for letter in session.begun:
            if letter is suspect and letter.id in self._suspects and not self._rest:
                self._results.append((letter.id, Outcome(Kind.LATER, str(failure))))
            else:
                self._put_back(letter, letter is suspect)

    def _put_back(self, letter: Letter, suspect: bool) -> None:
        if suspect:
            self._suspects.add(letter.id)
        self._again.append(letter)
        self._waiting += 1

    def _take(self) -> Letter | None:
        return self._take_any() if self._waiting and not self._rest else None

    def _take_any(self) -> Letter:
        self._waiting -= 1
        return self._again.popleft() if self._again else next(self._letters)
