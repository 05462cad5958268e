"""A whole town for a test: the service as it runs in production (web server, worker,
clock, Telegram poller: processes of their own, told by environment), and around it the
providers it speaks to, all on 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import requests
from flask import Flask
from sqlalchemy.orm import Session

from civic_push import keys
from civic_push.announcements.models import Announcement
from civic_push.app import create_app
from civic_push.config import load
from civic_push.db import db
from civic_push.delivery.report import progress
from civic_push.demo.mail_server import MailServer
from civic_push.demo.sms_gateway import SmsGateway
from civic_push.demo.telegram_api import TelegramApi
from civic_push.seed import seed
from civic_push.staff import accounts
from tests.browsers.gcm_service import LocalGcmService
from tests.journeys.feed import FeedServer
from tests.parts import Valkey
from tests.stand_ins.providers import serving

ROOT = Path(__file__).parents[2]
EDITOR, PASSWORD = "redaktion@stadt.example", "correct-horse-battery-staple"
BOT = "detmold_bot"

_Found = TypeVar("_Found")


def until(look: Callable[[], _Found | None], what: str, seconds: float = 15) -> _Found:
    """Look again and again until something is found; raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(0.05)


@dataclass
class Providers:
    """The world around the town. `push` serves Chromium and Firefox alike."""

    mail: MailServer = field(default_factory=MailServer)
    sms: SmsGateway = field(default_factory=SmsGateway)
    telegram: TelegramApi = field(default_factory=lambda: TelegramApi("1000000:test", BOT))
    feed: FeedServer = field(default_factory=FeedServer)
    push: LocalGcmService = field(default_factory=LocalGcmService)


class Town:
    """The running service. `app` is a second instance on the same database, for looking
    behind the pages; `url` is what residents type."""

    def __init__(self, folder: Path, providers: Providers, url: str, app: Flask,
                 environment: dict[str, str]) -> None:
        self.folder, self.url, self.app = folder, url, app
        self.mail, self.sms, self.telegram = providers.mail, providers.sms, providers.telegram
        self.feed, self.push = providers.feed, providers.push
        self._environment = environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str, pass_fds: tuple[int, ...] = ()) -> None:
        """Start one of the service's processes; what it says goes to <name>.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self._environment, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, pass_fds=pass_fds,
                start_new_session=True)

    def stop(self) -> None:
        """End every process, by force if need be."""
        for process in self._processes.values():
            process.terminate()
        end = time.monotonic() + 10
        for process in self._processes.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *command: str) -> str:
        """Run the `civic-push` command in this town; return what it printed."""
        done = subprocess.run([sys.executable, "-m", "civic_push.cli", *command], cwd=ROOT,
                              env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logs(self) -> str:
        """What all processes have written."""
        return "\n".join(f"--- {path.name}\n{path.read_text()}"
                         for path in sorted(self.folder.glob("*.log")))

    @contextmanager
    def database(self) -> Iterator[Session]:
        """A look behind the pages."""
        with self.app.app_context():
            yield db.session()
            db.session.remove()

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What has come to an inbox so far, oldest first."""
        return [m for m in self.mail.mails if address in str(m["To"])]

    def wait_for_mail(self, address: str, subject: str = "", seconds: float = 15) -> EmailMessage:
        """The first mail to an inbox whose subject contains this."""
        return until(lambda: next((m for m in self.mails_to(address)
                                   if subject in str(m["Subject"])), None),
                     f"mail {subject!r} to {address}; there is "
                     f"{[str(m['Subject']) for m in self.mail.mails]}", seconds)

    def wait_for_sms(self, number: str, words: str = "", seconds: float = 15) -> str:
        """The first text message to a number that contains these words."""
        return until(lambda: next((t for n, t in self.sms.sent if n == number and words in t),
                                  None), f"SMS {words!r} to {number}", seconds)

    def wait_for_chat(self, chat: int, words: str, seconds: float = 15) -> str:
        """The first thing the bot wrote into a chat that contains these words."""
        return until(lambda: next((t for t in self.telegram.chats[chat].texts if words in t),
                                  None), f"message {words!r} in the chat", seconds)

    def wait_until_sent(self, announcement: int, seconds: float = 15) -> None:
        """Wait until an announcement is fanned out and nothing of it waits any more."""
        def look() -> bool:
            with self.database() as session:
                found = session.get(Announcement, announcement)
                if found is None or found.fan_out_done_at is None:
                    return False
                done = progress(session, [announcement]).get(announcement)
                return done is None or not done.open
        until(look, f"end of announcement {announcement}", seconds)


@contextmanager
def settle(folder: Path, database_url: str, **overrides: Any) -> Iterator[Town]:
    """Build a town on a migrated, empty database, start it, and end it for certain."""
    with ExitStack() as stack:
        valkey = Valkey()
        stack.callback(valkey.close)
        providers = Providers()
        stack.enter_context(providers.push)
        running = stack.enter_context(serving(
            providers.telegram, providers.sms, providers.feed, mail=providers.mail))
        providers.feed.port = running.http_port
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        url = f"http://localhost:{listener.getsockname()[1]}"  # a secure context by name
        environment = _environment(folder, {
            "database_url": database_url, "redis_url": valkey.url, "var_dir": str(folder),
            "public_url": url, **_provider_settings(providers, running.mail_port),
            **keys.make(), **overrides})
        app = create_app(load(environment))
        stack.callback(_close, app)
        _found(app)
        town = Town(folder, providers, url, app, environment)
        stack.callback(town.stop)
        _start(town, listener)
        yield town


def _start(town: Town, listener: socket.socket) -> None:
    town.start("web", "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{listener.fileno()}",
               "--workers", "1", "--threads", "8", "--worker-class", "gthread",
               "--no-control-socket", "--log-level", "warning", pass_fds=(listener.fileno(),))
    town.start("worker", "worker.py")
    town.start("clock", "worker.py", "clock")
    town.start("telegram", "worker.py", "telegram")
    try:
        answer = requests.get(f"{town.url}/health", timeout=30)
    except requests.RequestException as error:
        raise RuntimeError(town.logs()) from error
    assert answer.status_code == 200, f"{answer.text}\n{town.logs()}"


def _provider_settings(providers: Providers, mail_port: int) -> dict[str, str]:
    http = f"127.0.0.1:{providers.feed.port}"
    return {
        "email_url": f"mailto://127.0.0.1:{mail_port}?from=push@stadt.example",
        "sms_url": f"smseagle://demo@{http}/{{to}}",
        "telegram_api": f"http://{http}", "telegram_token": providers.telegram.token,
        "telegram_bot": BOT, "push_services": providers.push.origin, "fetch_private": http,
    }


def _environment(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """Nothing of the machine's own settings or proxies reaches the service."""
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith("CIVIC_PUSH_") and not k.lower().endswith("_proxy")}
    return {**keep, "HOME": str(folder),
            **{f"CIVIC_PUSH_{name.upper()}": str(value) for name, value in settings.items()}}


def _found(app: Flask) -> None:
    """What every town has: Ortsteile, topics, an editor."""
    with app.app_context():
        seed(db.session())
        accounts.create(db.session(), EDITOR, PASSWORD, "admin", datetime.now(UTC))
        db.session.commit()
        db.session.remove()


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        for channel in app.extensions["channels"].values():
            channel.close()
        app.extensions["redis"].close()
