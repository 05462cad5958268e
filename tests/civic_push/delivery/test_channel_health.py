"""Channels that are paused by hand, what left in each hour, and what monitoring is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome
from civic_push import tasks
from civic_push.cli import main
from civic_push.clock import tick
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import drain as drain_module
from civic_push.delivery import health, ledger, pauses, tallies
from civic_push.delivery.drain import drain
from civic_push.delivery.models import ChannelPause, Delivery, Lane, Purpose, State
from civic_push.delivery.pause_models import HELD
from civic_push.delivery.sweep import end_stale, sweep
from subscriptions.models import Contact
from tests.conftest import SECRETS
from tests.parts import Valkey
from tests.stand_ins.outbox import Outbox


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Make the app send e-mail into a list."""
    box = Outbox()
    app.extensions["channels"] = {"email": box}
    return box


def wait(session: Session, due: datetime, count: int = 1, **overrides: object) -> None:
    """Write deliveries that wait."""
    session.execute(insert(Delivery), [{
        "channel": "email", "lane": Lane.TRANSACTIONAL, "state": State.WAITING, "due_at": due,
        "purpose": Purpose.CONFIRM, "created_at": due, "expires_at": due + timedelta(days=2),
        **overrides} for _ in range(count)])
    session.commit()


@pytest.fixture
def letter(session: Session, outbox: Outbox, make_contact: Callable[..., Contact]
           ) -> Callable[[Outcome], None]:
    """Let a worker send one confirmation and have it answered so."""
    def send(outcome: Outcome) -> None:
        contact = make_contact()
        wait(session, utcnow(), contact_id=contact.id)
        outbox.answer = lambda _: outcome
        drain("email", Lane.TRANSACTIONAL)
    return send


def test_what_a_worker_hands_over_is_counted_by_hour_and_outcome(
        session: Session, letter: Callable[[Outcome], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = utcnow().replace(minute=59)
    monkeypatch.setattr(drain_module, "utcnow", lambda: at)
    for outcome in (Outcome(Kind.SENT), Outcome(Kind.SENT), Outcome(Kind.REFUSED, "550 no")):
        letter(outcome)
    at += timedelta(hours=1)
    letter(Outcome(Kind.SENT))
    rows = [(r.hour, r.outcome, r.count, r.detail) for r in tallies.since(session, at)]
    assert rows == [(at.replace(minute=0, second=0, microsecond=0), "sent", 1, "")]
    assert tallies.totals(session) == {("email", "sent"): 3, ("email", "refused"): 1}
    [email] = [c for c in health.channels(session, settings(), at) if c.name == "email"]
    assert email.sent_today == 3
    assert [(t.kind, t.count, t.detail) for t in email.troubles] == [(Kind.REFUSED, 1, "550 no")]


def test_a_channel_paused_by_hand_sends_nothing_until_it_is_resumed(
        session: Session, outbox: Outbox, letter: Callable[[Outcome], None]) -> None:
    pauses.hold(session, "email", "Umzug", pauses.OPEN_END, utcnow())
    session.commit()
    letter(Outcome(Kind.SENT))
    assert outbox.sent == []
    assert pauses.release(session, "email")
    assert not pauses.release(session, "email")
    session.commit()
    drain("email", Lane.TRANSACTIONAL)
    assert len(outbox.sent) == 1


def test_what_workers_learn_does_not_end_a_pause_made_by_hand(
        session: Session, now: datetime) -> None:
    pauses.pause(session, "email", "503", now)
    pauses.hold(session, "email", "Umzug", now + timedelta(hours=1), now)
    pauses.resume(session, "email", now)  # a batch that was under way went well …
    pauses.pause(session, "email", "503", now)  # … or not
    pauses.try_now(session, "email", now)
    session.commit()
    pause = session.get_one(ChannelPause, "email", populate_existing=True)
    assert (pause.reason, pause.until) == ("Umzug", now + timedelta(hours=1))
    pauses.end_held(session, now + timedelta(hours=1))
    session.commit()
    assert session.get(ChannelPause, "email") is None
    pauses.pause(session, "email", "503", now)
    assert session.get_one(ChannelPause, "email").held_at is None


def test_what_is_overdue_depends_on_its_lane(session: Session, outbox: Outbox, now: datetime
                                             ) -> None:
    wait(session, now - timedelta(minutes=3))
    wait(session, now - timedelta(minutes=3), count=2, lane=Lane.NORMAL)
    wait(session, now + timedelta(hours=1), lane=Lane.DIGEST)
    wait(session, now - timedelta(hours=9), lane=HELD + Lane.NORMAL)  # an editor's own wish
    found = {w.lane: (w.waiting, w.due, w.overdue) for w in health.waiting(session, now)}
    assert found == {Lane.TRANSACTIONAL: (1, 1, 1), Lane.NORMAL: (2, 2, 0), Lane.DIGEST: (1, 0, 0)}


def test_what_did_not_leave_in_time_is_counted_by_channel(
        session: Session, outbox: Outbox) -> None:
    now = utcnow()
    stale = {"expires_at": now - timedelta(minutes=1), "lane": Lane.NORMAL}
    wait(session, now - timedelta(hours=2), count=7, **stale)
    wait(session, now - timedelta(hours=2), count=2, **{**stale, "channel": "sms"})
    wait(session, now - timedelta(hours=2), count=5, **{**stale, "lane": HELD + Lane.NORMAL})
    wait(session, now - timedelta(hours=2), **stale, leased_until=now)  # a worker has it
    end_stale(now)
    end_stale(now)
    assert tallies.totals(session) == {("email", "expired"): 7, ("sms", "expired"): 2}
    assert Counter(session.scalars(select(Delivery.state))) == {"expired": 14, "waiting": 1}
    [email] = [c for c in health.channels(session, settings(), now) if c.name == "email"]
    assert [(t.kind, t.count) for t in email.troubles] == [("expired", 7)]


def test_what_a_worker_finds_stale_or_cannot_try_in_time_is_counted_too(
        session: Session, outbox: Outbox, make_contact: Callable[..., Contact]) -> None:
    now = utcnow()
    wait(session, now - timedelta(hours=2), contact_id=make_contact().id, expires_at=now)
    outbox.answer = lambda _: Outcome(Kind.LATER, "451 try again")
    wait(session, now, contact_id=make_contact().id, expires_at=now + timedelta(seconds=30))
    wait(session, now, contact_id=make_contact().id)  # has two days
    drain("email", Lane.TRANSACTIONAL)
    assert tallies.totals(session) == {("email", "expired"): 2, ("email", "later"): 2}
    [late] = [h for h in tallies.since(session, now) if h.outcome == tallies.EXPIRED]
    assert late.detail == "451 try again"


def test_what_a_dead_worker_held_is_counted_as_unknown(
        session: Session, app: Flask, outbox: Outbox) -> None:
    now = utcnow()
    app.extensions["channels"]["sms"] = Outbox("sms", repeatable=False)
    for channel in ("sms", "email"):
        wait(session, now - timedelta(hours=2), count=3, channel=channel,
             leased_until=now - timedelta(minutes=1))
    sweep(now)
    sweep(now)
    assert tallies.totals(session) == {("sms", "unknown"): 3}
    [row] = tallies.since(session, now)
    assert row.detail == ledger.WORKER_ENDED
    assert Counter(map(tuple, session.execute(select(Delivery.channel, Delivery.state)))) == {
        ("sms", "unknown"): 3, ("email", "waiting"): 3}


def test_alive_asks_nothing_of_the_database(client: FlaskClient, make_app: Callable[..., Flask]
                                            ) -> None:
    nowhere = make_app(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",
                       redis_url="unix:///nowhere/valkey.sock").test_client()
    for one in (client, nowhere):
        answer = one.get("/healthz", base_url="http://10.0.0.7")
        assert (answer.status_code, answer.text) == (200, "ok\n")
    broken = nowhere.get("/readyz")
    assert broken.status_code == 503
    assert set(broken.get_json().values()) == {False}


def test_ready_means_that_the_clock_ticks_and_confirmations_leave(
        client: FlaskClient, session: Session, outbox: Outbox) -> None:
    assert client.get("/readyz").get_json()["clock"] is False
    tick(utcnow())
    assert client.get("/readyz").status_code == 200
    health.note_tick(utcnow() - health.CLOCK_PATIENCE)
    assert client.get("/readyz").status_code == 503
    health.note_tick(utcnow())
    wait(session, utcnow() - timedelta(minutes=3))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["transactional"]) == (503, False)
    pauses.hold(session, "email", "Umzug", pauses.OPEN_END, utcnow())
    session.commit()
    assert client.get("/readyz").status_code == 200  # it waits on purpose


def test_numbers_are_well_formed_and_say_what_waits(
        client: FlaskClient, session: Session, letter: Callable[[Outcome], None]) -> None:
    letter(Outcome(Kind.SENT))
    wait(session, utcnow() - timedelta(minutes=3), count=2)
    tick(utcnow())
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    sample = re.compile(r'civic_push_[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? \S+')
    assert [one for one in lines if not one.startswith("# ") and not sample.fullmatch(one)] == []
    assert 'civic_push_messages_total{channel="email",outcome="sent"} 1' in lines
    assert 'civic_push_deliveries_overdue{channel="email",lane="transactional"} 2' in lines
    assert "civic_push_database_up 1" in lines
    assert "civic_push_queue_up 1" in lines
    assert "resident" not in answer.text
    names = [one.split()[2] for one in lines if one.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_numbers_are_for_this_machine_or_who_has_the_token(make_app: Callable[..., Flask]
                                                           ) -> None:
    client = make_app().test_client()
    assert client.get("/metrics").status_code == 200
    from_afar = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    assert client.get("/metrics", **from_afar).status_code == 403
    passed_on = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert passed_on.status_code == 403
    guarded = make_app(metrics_token="geheim-und-lang").test_client()
    assert guarded.get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer geheim-und-lang"}
    assert guarded.get("/metrics", headers=bearer, **from_afar).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_numbers_say_when_database_or_queue_do_not_answer(
        app: Flask, make_app: Callable[..., Flask]) -> None:
    client = make_app(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",
                      redis_url="unix:///nowhere/valkey.sock").test_client()
    text = client.get("/metrics").text
    assert "civic_push_database_up 0" in text
    assert "civic_push_queue_up 0" in text


def test_status_says_how_things_stand(
        app: Flask, session: Session, database_url: str, valkey: Valkey, outbox: Outbox,
        monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "redis_url": valkey.url, "database_url": database_url}.items():
        monkeypatch.setenv(f"CIVIC_PUSH_{name.upper()}", value)
    monkeypatch.setattr("civic_push.cli.create_app", lambda: app)
    pauses.hold(session, "email", "Umzug", utcnow() + timedelta(hours=1), utcnow())
    wait(session, utcnow() - timedelta(hours=1), count=7)
    db.session.remove()
    stands = CliRunner().invoke(main, ["status"])
    assert stands.exit_code == 1
    assert "HAS NOT TICKED" in stands.output
    health.note_tick(utcnow())
    tasks.enqueue(Lane.NORMAL, drain, "email", Lane.NORMAL)
    runs = CliRunner().invoke(main, ["status"])
    assert runs.exit_code == 0, runs.output
    assert re.search(r"^email +held to .* 7 +7 +0$", runs.output, re.M)
    assert "because: Umzug" in runs.output
    assert "normal 1" in runs.output
