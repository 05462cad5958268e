"""A whole town for a test: the service as it runs in production (web server, worker,
clock, Telegram poller: processes of their own, told by environment), and around it the
providers it speaks to, all on 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import Base, db, utcnow
from civic_push.delivery.report import progress
from civic_push.demo.journal import Journal
from civic_push.demo.mail_server import MailServer
from civic_push.demo.sms_gateway import SmsGateway
from civic_push.demo.telegram_api import TelegramApi
from civic_push.staff.models import Staff
from subscriptions.models import Contact, Neighbourhood, Topic
from tests.browsers.gcm_service import LocalGcmService
from tests.journeys.feed import FeedServer

ROOT = Path(__file__).parents[2]
EDITOR, PASSWORD = "redaktion@stadt.example", "vier-ruhige-graue-elefanten"
BOT = "detmold_bot"
PATIENCE = 30.0  # seconds; machines that run tests are busy

_Found = TypeVar("_Found")


def until(look: Callable[[], _Found | None], what: str, seconds: float = PATIENCE) -> _Found:
    """Look again and again until something is found; raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(0.05)


class Providers:
    """The world around the town. `push` serves Chromium and Firefox alike; what the others
    receive stands in `journal` too, where the demo's page reads it."""

    def __init__(self, journal: Path) -> None:
        keep = Journal(journal).append
        self.mail = MailServer(keep)
        self.sms = SmsGateway(keep=keep)
        self.telegram = TelegramApi("1000000:test", BOT, keep)
        self.feed = FeedServer()
        self.push = LocalGcmService()


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

    def clear(self) -> None:
        """Let everybody leave and everything be forgotten but Ortsteile, topics, roles, the
        editor with his sessions, and the trail; limits on sign-ups count anew."""
        kept = {"neighbourhood", "topic", "staff", "role", "staff_role", "desk_session",
                "trail_entry"}
        with self.database() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in kept:
                    session.execute(delete(table))
            session.execute(delete(Staff).where(Staff.email != EDITOR))
            session.commit()
        redis = self.app.extensions["redis"]
        for pattern in ("LIMITS*", *(f"civic-push:{name}:*" for name in (
                "progress", "report", "cells"))):  # numbers of announcements are given again
            for key in redis.scan_iter(pattern):
                redis.delete(key)
        self.mail.mails.clear()
        self.sms.sent.clear()
        self.telegram.chats.clear()
        self.feed.clear()
        self.push.forget_events()

    def running(self, name: str) -> bool:
        """Whether a process has not ended."""
        return self._processes[name].poll() is None

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
        script = str(Path(sys.executable).with_name("civic-push"))
        done = subprocess.run([script, *command], cwd=ROOT, env=self._environment,
                              capture_output=True, text=True, check=False)
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

    def wait_for_mail(self, address: str, subject: str = "",
                      seconds: float = PATIENCE) -> EmailMessage:
        """The first mail to an inbox whose subject contains this."""
        return until(lambda: next((m for m in self.mails_to(address)
                                   if subject in str(m["Subject"])), None),
                     f"mail {subject!r} to {address}; there is "
                     f"{[str(m['Subject']) for m in self.mail.mails]}", seconds)

    def wait_for_sms(self, number: str, words: str = "", seconds: float = PATIENCE) -> str:
        """The first text message to a number that contains these words."""
        return until(lambda: next((t for n, t in self.sms.sent if n == number and words in t),
                                  None), f"SMS {words!r} to {number}", seconds)

    def wait_for_chat(self, chat: int, words: str, seconds: float = PATIENCE) -> str:
        """The first thing the bot wrote into a chat that contains these words."""
        return until(lambda: next((t for t in self.telegram.chats[chat].texts if words in t),
                                  None), f"message {words!r} in the chat", seconds)

    def announce(self, title: str, text: str) -> int:
        """Publish for Hiddesen about roadworks, where it is not the desk that matters.
        Return the announcement's number."""
        with self.database() as session:
            place = session.scalars(select(Neighbourhood.id).filter_by(slug="hiddesen")).one()
            topic = session.scalars(select(Topic.id).filter_by(slug="baustellen")).one()
            announcement = publishing.save(session, publishing.Draft(
                title, text, topics=[topic], neighbourhoods=[place]), utcnow())
            number = announcement.id
            publishing.publish(session, announcement, utcnow())
        return number

    def wait_for_contacts(self, count: int) -> None:
        """Wait until so many contacts are left."""
        def look() -> bool:
            with self.database() as session:
                return session.scalar(select(func.count()).select_from(Contact)) == count
        until(look, f"state with {count} contacts")

    def wait_for_log(self, words: str) -> None:
        """Wait until one of the processes has written this."""
        until(lambda: words in self.logs(), f"log line {words!r}")

    def wait_until_sent(self, announcement: int, seconds: float = PATIENCE) -> None:
        """Wait until an announcement is fanned out and nothing of it waits any more."""
        def look() -> bool:
            with self.database() as session:
                found = session.get(Announcement, announcement)
                if found is None or found.fan_out_done_at is None:
                    return False
                done = progress(session, [announcement]).get(announcement)
                return done is None or not done.open
        until(look, f"end of announcement {announcement}", seconds)
