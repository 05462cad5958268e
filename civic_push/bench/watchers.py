"""Editors who watch a run: a web server of its own, and streams that are read to the end."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from flask.sessions import SecureCookieSessionInterface

from civic_push.config import PREFIX
from civic_push.db import db, utcnow
from civic_push.staff import accounts, sessions

_PATIENCE = 30.0  # seconds until the web server answers


class Watched(NamedTuple):
    """What the watchers saw: events, the longest silence between two of one watcher (seconds),
    and how often they were turned away."""

    events: int
    silence: float
    refused: int


class Watchers:
    """Some streams of one announcement's numbers. Nothing is started where there are none."""

    def __init__(self, settings: Mapping[str, Any], count: int, log: Path) -> None:
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(PREFIX)},
            **{PREFIX + name.upper(): str(value) for name, value in settings.items()},
            f"{PREFIX}LIVE_STREAMS": str(count)}
        self._count, self._log = count, log
        self.pids: dict[str, int] = {}
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._seen: list[Watched] = []

    def __enter__(self) -> Watchers:
        if self._count:
            with socket.create_server(("127.0.0.1", 0)) as listener, self._log.open("ab") as log:
                self._port = listener.getsockname()[1]
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind",
                     f"fd://{listener.fileno()}", "--workers", "1", "--worker-class", "gthread",
                     "--threads", str(self._count + 2), "--no-control-socket"],
                    env=self._environment, stdout=log, stderr=log,
                    cwd=Path(__file__).parents[2], pass_fds=(listener.fileno(),))
            self.pids = {"web": self._process.pid}
            self._cookie = _sign_in()
            self._await()
        return self

    def watch(self, announcement_id: int) -> None:
        """Open the streams."""
        for _ in range(self._count):
            thread = threading.Thread(target=self._read, args=(announcement_id,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def seen(self) -> Watched | None:
        """What all of them saw; ends the watching. None where nobody watched."""
        self._ended.set()
        for thread in self._threads:
            thread.join(_PATIENCE)
        if not self._seen:
            return None
        return Watched(sum(s.events for s in self._seen), max(s.silence for s in self._seen),
                       sum(s.refused for s in self._seen))

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._count:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _await(self) -> None:
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                status = self._open("/redaktion/").status
            except OSError:
                status = 0
            if status == 200:
                return
            if time.monotonic() > ends or self._process.poll() is not None:
                raise RuntimeError(f"no desk to watch from: {self._log.read_text()[-600:]}")
            time.sleep(0.1)

    def _open(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        connection.request("GET", path, headers={"Cookie": self._cookie})
        return connection.getresponse()

    def _read(self, announcement_id: int) -> None:
        """Read streams, one after the other, as a browser does."""
        events, silence, refused, last = 0, 0.0, 0, time.monotonic()
        while not self._ended.is_set():
            answer = self._open(f"/redaktion/{announcement_id}/live")
            refused += answer.status != 200
            for line in answer:
                if line.startswith(b"data:"):
                    events, silence = events + 1, max(silence, time.monotonic() - last)
                    last = time.monotonic()
                if self._ended.is_set():
                    break
            answer.close()
            self._ended.wait(0.2)
        self._seen.append(Watched(events, silence, refused))


def _sign_in() -> str:
    """The cookie of an editor who has signed in with two factors."""
    session = db.session()
    staff = accounts.create(session, "bench@stadt.example", os.urandom(16).hex(), "editor",
                            utcnow())
    key = sessions.begin(session, staff, True, "bench", utcnow())
    content = {"_user_id": staff.fs_uniquifier, "_fresh": True, "desk": key}
    session.commit()
    signer = SecureCookieSessionInterface().get_signing_serializer(current_app)
    assert signer is not None
    return f"{current_app.config['SESSION_COOKIE_NAME']}={signer.dumps(content)}"
