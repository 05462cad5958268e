"""Channels that may not send as fast as they could: rates, a provider's "wait", the budget.
What has to wait keeps nobody else waiting."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import update
from sqlalchemy.orm import Session

from channels.base import Envelope, Kind, Outcome
from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.clock import tick
from civic_push.db import db, is_sqlite, utcnow
from civic_push.delivery import rate
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import ChannelPause, Delivery, Lane, Purpose, State
from civic_push.delivery.sweep import sweep
from subscriptions.models import Contact
from tests.stand_ins.outbox import Outbox


@pytest.fixture
def now() -> datetime:
    return utcnow()


@pytest.fixture
def sms(app: Flask) -> Outbox:
    """An SMS gateway, and a mail relay beside it."""
    box = Outbox("sms", batch_size=1, repeatable=False)
    app.extensions["channels"] = {"sms": box, "email": Outbox()}
    return box


@pytest.fixture
def owe(session: Session, make_contact: Callable[..., Contact], now: datetime
        ) -> Callable[..., None]:
    """Write deliveries that are due."""
    def write(channel: str, lane: Lane, number: int) -> None:
        for _ in range(number):
            session.add(Delivery(
                contact_id=make_contact(channel).id, purpose=Purpose.WELCOME, channel=channel,
                lane=lane, due_at=now, expires_at=now + timedelta(days=1), created_at=now))
        session.commit()
    return write


def work(app: Flask) -> str | None:
    """Do one job, as a worker does; its lane and channel."""
    queue = next((q for q in tasks.queues(tasks.connection()) if q.count), None)
    if queue is None:
        return None
    job = Job.fetch(queue.pop_job_id(), connection=queue.connection, serializer=JSONSerializer)
    db.session.rollback()
    with app.app_context():
        job.func(*job.args)
    return f"{queue.name}:{job.args[0]}"


def test_a_worker_does_not_sleep_on_a_rate_while_others_wait(
        app: Flask, sms: Outbox, owe: Callable[..., None], monkeypatch: pytest.MonkeyPatch
        ) -> None:
    monkeypatch.setattr(rate, "wait", lambda *_: pytest.fail("it slept"))
    monkeypatch.setattr(tasks, "worker_count", lambda: 4)
    sms.per_second = 0.01
    owe("sms", Lane.URGENT, 3)
    owe("email", Lane.NORMAL, 1)
    sweep(utcnow())
    done = []
    while (job := work(app)) != "normal:email":
        done.append(job)
    assert set(done) == {"urgent:sms"}
    assert len(done) <= 4
    assert len(app.extensions["channels"]["email"].sent) == 1
    assert len(sms.sent) == 1


def test_a_worker_with_nothing_else_to_do_waits_for_the_rate(
        app: Flask, sms: Outbox, owe: Callable[..., None], monkeypatch: pytest.MonkeyPatch
        ) -> None:
    slept: list[float] = []
    monkeypatch.setattr(rate, "wait", lambda *_: bool(slept.append(time.time())))
    monkeypatch.setattr(tasks, "worker_count", lambda: 3)
    sms.per_second = 0.01
    owe("sms", Lane.URGENT, 3)
    sweep(utcnow())
    while work(app):
        pass
    assert slept  # rings for the same channel are no other work
    assert len(sms.sent) == 1


def test_a_rate_below_one_in_a_few_seconds_rings_for_nobody(
        app: Flask, sms: Outbox, owe: Callable[..., None]) -> None:
    sms.per_second = 0.01
    owe("sms", Lane.NORMAL, 3)
    sweep(utcnow())
    assert work(app) == "normal:sms"
    assert work(app) is None, "the clock rings again, not the job itself"


def test_anothers_success_does_not_undo_what_the_provider_asked_for(
        app: Flask, session: Session, sms: Outbox, owe: Callable[..., None]) -> None:
    calls = Counter[str]()

    def answer(_envelope: Envelope) -> Outcome:
        calls["all"] += 1
        if calls["all"] == 1:  # this batch is under way when another worker's begins …
            with app.app_context():
                drain("sms", Lane.NORMAL)
                db.session.remove()
            return Outcome(Kind.SENT)
        return Outcome(Kind.LATER, "429", after=300, whole=True)  # … and is told to wait

    sms.answer = answer
    owe("sms", Lane.NORMAL, 5)
    with app.app_context():
        drain("sms", Lane.NORMAL)
        db.session.remove()
    assert calls["all"] == 2
    session.rollback()
    pause = session.get_one(ChannelPause, "sms")
    assert pause.until > utcnow() + timedelta(seconds=200)


def test_a_raised_budget_counts_at_once(
        app: Flask, session: Session, sms: Outbox, owe: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch) -> None:
    sms.answer = lambda _: Outcome(Kind.SENT, parts=1)
    owe("sms", Lane.NORMAL, 3)
    rules = app.extensions["civic_push_settings"]
    monkeypatch.setitem(app.extensions, "civic_push_settings", replace(rules, sms_monthly_cap=1))
    drain("sms", Lane.NORMAL)
    assert len(sms.sent) == 1
    tick(utcnow())
    session.rollback()
    assert session.get(ChannelPause, "sms"), "it rests until the next month"
    monkeypatch.setitem(app.extensions, "civic_push_settings", replace(rules, sms_monthly_cap=9))
    tasks.connection().delete("civic-push:bell:minute")
    tick(utcnow())
    drain("sms", Lane.NORMAL)
    assert len(sms.sent) == 3


def test_two_workers_split_no_digest(
        app: Flask, session: Session, make_announcement: Callable[..., Announcement],
        make_contact: Callable[..., Contact], now: datetime) -> None:
    if is_sqlite(session.connection()):
        pytest.skip("SQLite has one writer")
    box = Outbox(batch_size=1000)
    app.extensions["channels"] = {"email": box}
    inboxes = [make_contact(frequency="daily") for _ in range(150)]
    for _ in range(5):
        announcement = make_announcement()
        assert publishing.publish(session, announcement, now)
        fan_out(announcement.id)
    for _ in range(4):
        session.execute(update(Delivery).values(
            state=State.WAITING, leased_until=None, due_at=now))
        session.commit()
        box.sent.clear()
        begin = threading.Barrier(2)

        def look(begin: threading.Barrier = begin) -> None:
            with app.app_context():
                begin.wait(10)
                drain("email", Lane.DIGEST)
                db.session.remove()

        workers = [threading.Thread(target=look) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        sent = Counter(envelope.address for envelope in box.sent)
        assert max(sent.values()) == 1
        assert len(sent) == len(inboxes)
