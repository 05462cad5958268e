"""An HTTP/1.1 server by hand, for answers that no library would send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager


class PlainServer:
    """HTTP/1.1 by hand: calls `talk(connection, request bytes)` for every request read."""

    def __init__(self, talk: Callable[[socket.socket, bytes], None]) -> None:
        self.talk = talk
        self.requests: list[bytes] = []
        self.opened = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with closing(connection):
            while request := self._read(connection):
                self.requests.append(request)
                try:
                    self.talk(connection, request)
                except OSError:
                    return

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                if not (more := connection.recv(65536)):
                    return b""
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            while len(body) < length:
                body += connection.recv(65536)
        except OSError:
            return b""
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._socket.close()


@contextmanager
def serving(talk: Callable[[socket.socket, bytes], None]) -> Iterator[PlainServer]:
    server = PlainServer(talk)
    try:
        yield server
    finally:
        server.close()


def answer(status: str, *headers: str, body: bytes = b""
           ) -> Callable[[socket.socket, bytes], None]:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    data = "\r\n".join(lines).encode() + body
    return lambda connection, _request: connection.sendall(data)
