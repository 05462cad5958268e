"""The demo's providers for tests: the same servers, in a thread of their own, and servers
that fail in ways no proper server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from civic_push.demo.mail_server import MailServer
from civic_push.demo.servers import Running, start
from tests.stand_ins.loops import LoopThread


@contextmanager
def serving(*parts: Any, mail: MailServer | None = None) -> Iterator[Running]:
    """Serve parts that have `add_routes` (and mail) on 127.0.0.1 while the block runs."""
    turning = LoopThread()
    turning.start()
    running = turning.run(start(mail or MailServer(), list(parts)))
    try:
        yield running
    finally:
        turning.run(running.stop())
        turning.end()


@contextmanager
def answering(raw: bytes | None) -> Iterator[int]:
    """A server that reads a request and answers with these bytes and nothing more; with
    None it says nothing at all. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.settimeout(5)
                if not connection.recv(65_536):
                    connection.close()
                elif raw is None:
                    held.append(connection)
                else:
                    connection.sendall(raw)
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in held:
                connection.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
