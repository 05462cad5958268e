"""Nothing is lost, and repeats stay within what was in flight: killed workers, a flushed
queue, a restarted database, a mail server that cuts connections. Real processes, sinks that
count; every run prints what it found."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy.exc import OperationalError

from channels.vapid import new_private_key
from channels.web_push import WebPush
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.bench import residents
from civic_push.bench.end_to_end import found_town
from civic_push.config import PREFIX
from civic_push.db import db, utcnow
from civic_push.delivery.models import Delivery, State
from subscriptions.models import Contact
from tests.conftest import SECRETS
from tests.parts import Postgres, Valkey
from tests.stand_ins.certificates import make_certificates
from tests.stand_ins.h2_sink import SinkProcess
from tests.stand_ins.smtp_sink import SmtpSinkProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
COUNT = 20_000
BATCH = WebPush.batch_size  # deliveries a worker holds at once
LEASE = 10  # seconds
FINAL = frozenset(State) - {State.WAITING}


@dataclass
class Town:
    """A service with real workers, and sinks that count what arrives."""

    app: Flask
    environment: dict[str, str]
    push: SinkProcess
    mail: SmtpSinkProcess
    workers: list[subprocess.Popen[bytes]]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one more worker, or the clock."""
        process = subprocess.Popen([sys.executable, str(ROOT / "worker.py"), *arguments],
                                   env=self.environment, cwd=ROOT)
        self.workers.append(process)
        return process

    def kill_and_replace(self) -> None:
        """End a worker as a power cut would, and start another."""
        victim = next(w for w in self.workers[1:] if w.poll() is None)
        victim.kill()
        victim.wait()
        self.start()

    def publish(self) -> int:
        """Publish to everybody; return the announcement's id."""
        return self._send_out(Draft("Sperrung", "Die Straße ist zu.", topics=[1]))

    def correct(self, announcement_id: int) -> int:
        """Publish a correction."""
        draft = Draft("Sperrung", "Die Straße ist offen.", topics=[1],
                      kind=AnnouncementKind.CORRECTION, change="Die Straße ist wieder offen.")
        return self._send_out(draft, db.session.get_one(Announcement, announcement_id))

    def _send_out(self, draft: Draft, follows: Announcement | None = None) -> int:
        session, now = db.session(), utcnow()
        announcement = publishing.save(session, draft, now, follows=follows)
        announcement_id = announcement.id
        assert publishing.publish(session, announcement, now)
        db.session.remove()  # an open transaction of ours would lock the workers out
        return announcement_id

    def handed_over(self) -> int:
        """How many messages the sinks took."""
        return self.push.taken() + self.mail.taken()

    def wait_for(self, handed_over: int, seconds: float = 60) -> None:
        """Wait until the sinks took so many."""
        ends = time.monotonic() + seconds
        while self.handed_over() < handed_over:
            assert time.monotonic() < ends, f"{self.handed_over()} of {handed_over} arrived"
            time.sleep(0.1)

    def wait_until_final(self, announcement_id: int, seconds: float = 120) -> Counter[str]:
        """Wait until every delivery is in a final state; return how many are in which."""
        ends = time.monotonic() + seconds
        while True:
            states = self._states(announcement_id)
            if sum(states.values()) == COUNT and set(states) <= FINAL:
                return states
            assert time.monotonic() < ends, f"not final: {states}"
            time.sleep(0.3)

    def _states(self, announcement_id: int) -> Counter[str]:
        try:
            states = Counter(state for state, in db.session.query(Delivery.state).filter_by(
                announcement_id=announcement_id))
        except OperationalError:  # the database is being restarted
            states = Counter({"?": 1})
        db.session.remove()
        return states


@pytest.fixture
def make_town(make_app: Callable[..., Flask], database_url: str, tmp_path: Path,
              make_queue: Valkey) -> Iterator[Callable[..., Town]]:
    """Build a town of COUNT residents with two workers and a clock."""
    towns: list[Town] = []

    def make(**smtp: Any) -> Town:
        certificates = make_certificates(tmp_path)
        push, mail = SinkProcess(certificates), SmtpSinkProcess(**smtp)
        settings = {
            **SECRETS, "database_url": database_url, "redis_url": make_queue.url,
            "vapid_private_key": new_private_key(), "public_url": "https://push.stadt.example",
            "email_url": f"mailto://127.0.0.1:{mail.port}?from=push@stadt.example",
            "lease_seconds": LEASE}
        app = make_app(**settings, push_services=(push.origin,))
        environment = {
            **os.environ, "SSL_CERT_FILE": str(certificates.authority),
            **{PREFIX + name.upper(): str(value) for name, value in settings.items()},
            f"{PREFIX}PUSH_SERVICES": push.origin}
        with app.app_context():
            settle(app, push.origin)
            town = Town(app, environment, push, mail, [])
            towns.append(town)
            town.start("clock")
            town.start()
            town.start()
        return town

    yield make
    for town in towns:
        for process in town.workers:
            process.kill()
            process.wait()
        town.push.close()
        town.mail.close()


def settle(app: Flask, origin: str) -> None:
    """Let everybody move in."""
    topics, places = found_town(db.session())
    residents.settle(db.session(), app.extensions["seals"], origin, COUNT, topics, places,
                     utcnow())
    db.session.remove()


@pytest.fixture
def make_queue() -> Iterator[Valkey]:
    """A queue of this test's own."""
    server = Valkey()
    yield server
    server.close()


def check_ledger_against_sinks(town: Town, states: Counter[str], in_flight: int, what: str,
                               each: int = 1) -> None:
    """Nothing lost of what `each` inbox was to get; no more repeats than what was in flight
    when it happened."""
    assert states == {State.SENT: COUNT}
    contacts = Counter(c for c, in db.session.query(Contact.channel))
    push, mail = town.push.counts(), town.mail.counts()
    # pushes are counted by inbox, mails by their Message-ID
    assert (len(push), len(mail)) == (contacts["push"], each * contacts["email"]), "lost"
    assert min(push.values()) >= each, "something was lost"
    repeats = sum(push.values()) + sum(mail.values()) - each * COUNT
    print(f"\n{what}: {COUNT} delivered, 0 lost, {repeats} repeated "
          f"(at most {in_flight} were in flight)")
    assert repeats <= in_flight


def test_killed_workers_lose_nothing(make_town: Callable[..., Town]) -> None:
    town = make_town()
    kills = 6
    with town.app.app_context():
        number = town.publish()
        for kill in range(1, kills + 1):
            town.wait_for(COUNT * kill // (kills + 3))
            town.kill_and_replace()
        states = town.wait_until_final(number)
        check_ledger_against_sinks(town, states, kills * BATCH, f"{kills} SIGKILLs")


def test_workers_killed_in_a_correction_lose_nothing_of_it(make_town: Callable[..., Town]) -> None:
    town = make_town()
    kills = 3
    with town.app.app_context():
        original = town.publish()
        town.wait_until_final(original)
        number = town.correct(original)
        for kill in range(1, kills + 1):
            town.wait_for(COUNT + COUNT * kill // (kills + 3))
            town.kill_and_replace()
        states = town.wait_until_final(number)
        check_ledger_against_sinks(town, states, kills * BATCH,
                                   f"a correction, {kills} SIGKILLs", each=2)


def test_a_flushed_queue_in_the_middle_of_a_run_loses_nothing(
        make_town: Callable[..., Town], make_queue: Valkey) -> None:
    town = make_town()
    with town.app.app_context():
        number = town.publish()
        for share in (1, 2, 3):
            town.wait_for(COUNT * share // 5)
            redis.Redis.from_url(make_queue.url).flushall()
        states = town.wait_until_final(number)
        check_ledger_against_sinks(town, states, 0, "3 flushes of the queue")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_crashed_database_loses_nothing(
        make_town: Callable[..., Town], postgres: Postgres) -> None:
    town = make_town()
    with town.app.app_context():
        number = town.publish()
        for share in (1, 3):
            town.wait_for(COUNT * share // 6)
            db.session.remove()
            postgres.stop("immediate")
            postgres.start()
        states = town.wait_until_final(number)
        check_ledger_against_sinks(town, states, 2 * 2 * BATCH, "2 crashes of PostgreSQL")


def test_a_mail_server_that_cuts_connections_loses_nothing(
        make_town: Callable[..., Town], monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town(drop_every=400)
    with town.app.app_context():
        number = town.publish()
        ends = time.monotonic() + 60
        while time.monotonic() < ends and not _only_retries_left(town):
            time.sleep(0.3)
        dropped = town.mail.dropped()
        assert dropped > 0
        _hurry(town)
        states = town.wait_until_final(number)
        # a cut after the final dot leaves one mail per cut in doubt, and it is sent again
        check_ledger_against_sinks(town, states, town.mail.dropped(),
                                   f"{town.mail.dropped()} cut connections")


def _only_retries_left(town: Town) -> bool:
    left = db.session.query(Delivery).filter(Delivery.state.not_in(FINAL)).all()
    total = db.session.query(Delivery).count()
    soon = [d for d in left if d.attempts == 0 or d.leased_until]
    db.session.remove()
    return total == COUNT and not soon


def _hurry(town: Town) -> None:
    """Let the retries be due again and again, instead of in a minute."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        waiting = db.session.query(Delivery).filter_by(state=State.WAITING)
        if not waiting.count():
            db.session.remove()
            return
        waiting.update({"due_at": utcnow()})
        db.session.commit()
        time.sleep(0.5)
