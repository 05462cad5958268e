"""CPU time and memory of processes, from /proc."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(n) for n in fields[11:15]) / _TICK


def peak_megabytes(pid: int) -> float:
    """The largest resident size a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        if parent == pid:
            found += descendants(int(path.parent.name))
    return found


class Machine(NamedTuple):
    """What all cores together did, in CPU seconds since boot: `stolen` went to other guests
    of the same host."""

    busy: float
    idle: float
    stolen: float

    @classmethod
    def now(cls) -> Machine:
        """As /proc/stat says (proc(5))."""
        user, nice, system, idle, wait, irq, soft, stolen, *_ = (
            int(n) / _TICK for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
        return cls(user + nice + system + irq + soft, idle + wait, stolen)

    def since(self, before: Machine) -> Machine:
        """The difference."""
        return Machine(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True, slots=True)
class Spent:
    """What a finished command took."""

    cpu: float
    wall: float
    output: str


def run(command: Sequence[str]) -> Spent:
    """Run a command to its end. Raises CalledProcessError with what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(cpu, time.monotonic() - began, done.stdout + done.stderr)
