"""A stand-in in a process of its own, so that it does not share our interpreter lock: it is
asked by lines on its stdin and answers each with a line of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self


class AskedProcess:
    """The process of a stand-in's module, as long as it is needed."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])

    @property
    def pid(self) -> int:
        """Its process id, to read its CPU time."""
        return self._process.pid

    def ask(self, what: str) -> Any:
        """Its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


async def answer_until_ended(answer: Callable[[str], Any]) -> None:
    """In that process: answer questions until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def asked() -> None:
        what = sys.stdin.readline().strip()
        if not what:
            loop.remove_reader(sys.stdin)
            return
        # a long answer fills the pipe; with PYTHONUNBUFFERED, print() forgets what did not fit
        with open(1, "wb", closefd=False) as pipe:
            pipe.write(json.dumps(answer(what)).encode() + b"\n")
    with contextlib.suppress(PermissionError):  # a plain file or /dev/null asks nothing
        loop.add_reader(sys.stdin, asked)
    await ended.wait()
