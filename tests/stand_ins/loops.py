"""An event loop in a thread of its own, for servers that a test talks to from outside."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Loop(asyncio.SelectorEventLoop):
    """Hangs up on whoever is accepted in the moment the server stops listening. Python 3.11
    makes a transport that fails half-way then, which nobody knows and nobody closes."""

    async def _accept_connection2(
            self, protocol_factory: Any, conn: socket.socket, extra: Any,
            sslcontext: Any = None, server: Any = None, *limits: Any) -> None:
        if server is not None and not server.is_serving():
            conn.close()
            return
        await super()._accept_connection2(  # type: ignore[misc]
            protocol_factory, conn, extra, sslcontext, server, *limits)


class LoopThread:
    """The loop and its thread. Whatever its servers still hold when it ends is closed, also
    connections whose clients have not hung up yet or that nobody has greeted yet: a socket
    left to the garbage collector would be reported in some other, innocent test."""

    def __init__(self) -> None:
        self.loop = _Loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        """Let it turn."""
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, within 10 seconds."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def end(self) -> None:
        """Close every connection, then the loop. Servers have stopped listening before."""
        self.run(_hang_up())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


async def _hang_up() -> None:
    await _turns()  # connections taken a moment ago get their transports
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # asyncio keeps this list for its own use; there is no public one before Python 3.13
    transports = asyncio.get_running_loop()._transports
    for transport in list(transports.values()):
        transport.abort()
    await _turns()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
