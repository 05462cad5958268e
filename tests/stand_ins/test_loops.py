"""The loop of the stand-ins leaves nothing for the garbage collector to complain of."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from tests.stand_ins.loops import LoopThread


@pytest.mark.parametrize("turns", range(6))
def test_whoever_comes_while_the_server_closes_is_hung_up_on(turns: int) -> None:
    """Every order of "accepted", "made a transport" and "closed" that the loop has."""
    async def call_and_close() -> socket.socket:
        server = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, "127.0.0.1", 0)
        caller = socket.create_connection(server.sockets[0].getsockname())
        for _ in range(turns):
            await asyncio.sleep(0)
        server.close()
        return caller

    turning = LoopThread()
    turning.start()
    with turning.run(call_and_close()) as caller:
        turning.end()
        gc.collect()  # an unclosed socket is an error here, see filterwarnings
        caller.settimeout(10)
        try:
            heard = caller.recv(1)
        except ConnectionResetError:
            heard = b""
    assert heard == b""
