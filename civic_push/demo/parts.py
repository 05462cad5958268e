"""The processes of `civic-push run`: started, watched, started again, ended for certain.

Everything happens in one thread, so that each child can ask the kernel to be ended with
its parent (Linux ties that to the thread that started it).
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import IO, cast

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOG_BYTES = 5_000_000  # a longer log is put aside at the next start
_LONGEST_REST = 30.0  # seconds between two starts of a part that keeps failing
_HEALTHY = 60.0  # seconds after which earlier failures are forgotten


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its name in the log, its command line, whether others need it until
    their own end (the queue, the inboxes), and whether what it writes is for people."""

    name: str
    command: tuple[str, ...]
    server: bool = False
    shown: bool = True


@dataclass(slots=True)
class _Child:
    part: Part
    log: BufferedWriter
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    next_start: float = 0.0
    rest: bytes = b""


class Household:
    """All parts of one run. `say` prints a line, `log_dir` keeps what each part writes."""

    def __init__(self, log_dir: Path, environment: Mapping[str, str],
                 say: Callable[[str], None]) -> None:
        self.log_dir = log_dir
        self.environment = dict(environment)
        self.say = say
        self._children: dict[str, _Child] = {}
        self._selector = selectors.DefaultSelector()

    def start(self, part: Part) -> None:
        """Start a part and keep it running from now on."""
        path = self.log_dir / f"{part.name}.log"
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        child = _Child(part, path.open("ab"))
        self._children[part.name] = child
        self._launch(child)

    def running(self, name: str) -> bool:
        """Whether a part is running now and has not failed since it was started."""
        child = self._children[name]
        return child.failures == 0 and child.process is not None and child.process.poll() is None

    def watch(self, seconds: float) -> None:
        """Pass on what the parts write for about so long, and start again what ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._pump(min(left, 0.2))
            for child in self._children.values():
                self._mend(child)

    def stop(self, grace: float = 8.0) -> None:
        """End every part: those that use others first, each within `grace` seconds by
        SIGTERM, then by SIGKILL; with all processes that they have started."""
        everyone = list(self._children.values())
        for wave in ([c for c in everyone if not c.part.server],
                     [c for c in everyone if c.part.server]):
            self._end(wave, grace)
        for child in everyone:
            child.log.close()
        self._children.clear()
        self._selector.close()

    def _launch(self, child: _Child) -> None:
        child.process = subprocess.Popen(
            child.part.command, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on
            preexec_fn=_end_with_parent)  # noqa: PLW1509  there is only one thread
        child.started = time.monotonic()
        output = cast(IO[bytes], child.process.stdout)
        os.set_blocking(output.fileno(), False)
        self._selector.register(output, selectors.EVENT_READ, child)

    def _pump(self, seconds: float) -> None:
        for key, _events in self._selector.select(seconds):
            child: _Child = key.data
            text = cast(IO[bytes], key.fileobj).read(65_536)
            if text:
                self._write(child, text)
            elif text == b"":
                self._selector.unregister(key.fileobj)

    def _write(self, child: _Child, text: bytes) -> None:
        child.log.write(text)
        child.log.flush()
        *lines, child.rest = (child.rest + text).split(b"\n")
        for line in lines if child.part.shown else ():
            self.say(f"{child.part.name:<9} | {line.decode(errors='replace').rstrip()}")

    def _mend(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            self._bury(child, now)
        elif child.process is None and now >= child.next_start:
            self._launch(child)

    def _bury(self, child: _Child, now: float) -> None:
        """Note that a part ended by itself, and when to start it again."""
        process = cast(subprocess.Popen[bytes], child.process)
        child.failures = 1 if now - child.started > _HEALTHY else child.failures + 1
        wait = min(2.0 ** (child.failures - 1), _LONGEST_REST)
        child.next_start = now + wait
        self._close(child)
        self.say(f"{child.part.name:<9} | ended with status {process.returncode}; "
                 f"starting it again in {wait:.0f} s")

    def _end(self, children: Iterable[_Child], grace: float) -> None:
        alive = [c for c in children if c.process is not None]
        for child in alive:
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + grace
        while time.monotonic() < until and any(_runs(c) for c in alive):
            self._pump(0.05)
        for child in alive:
            if _runs(child):
                self.say(f"{child.part.name:<9} | does not end by itself and is killed")
                _signal(child, signal.SIGKILL)
            self._close(child)

    def _close(self, child: _Child) -> None:
        """Kill what a part that ended has left behind, and read its last words."""
        process = cast(subprocess.Popen[bytes], child.process)
        process.wait()
        _kill_session(process.pid)
        output = cast(IO[bytes], process.stdout)
        self._write(child, output.read() or b"")
        if child.rest:
            self._write(child, b"\n")
        if output in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(output)
        output.close()
        child.process = None


def session_members(leader: int) -> list[int]:
    """All living processes of the session that `leader` began (Linux; elsewhere none)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # "pid (name, maybe with spaces and brackets) state ppid pgrp session …"
            words = entry.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(words[3]) == leader and words[0] not in "ZX":
            found.append(int(entry.parent.name))
    return found


def _runs(child: _Child) -> bool:
    return child.process is not None and child.process.poll() is None


def _signal(child: _Child, number: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(number)


def _kill_session(leader: int) -> None:
    """Kill what is left of a session, and wait until it is gone: ports must be free again."""
    until = time.monotonic() + 2
    while (left := session_members(leader)) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _end_with_parent() -> None:
    """Runs in the child before its program: if `civic-push run` is killed, end too."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_LIBC = ctypes.CDLL(None)
