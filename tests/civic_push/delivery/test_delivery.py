"""The engine: who gets what, when, and what becomes of it. On both databases, with a real
Valkey as doorbell."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from channels.base import Kind, Outcome, Urgency
from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.announcements.publishing import Draft
from civic_push.clock import tick
from civic_push.db import db
from civic_push.delivery import claiming, transactional
from civic_push.delivery import drain as drain_module
from civic_push.delivery import fan_out as fan_out_module
from civic_push.delivery.drain import BACKOFF, drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import ChannelPause, Delivery, Lane, Purpose, State
from civic_push.delivery.sweep import sweep
from subscriptions.models import Consent, Contact, Frequency
from tests.stand_ins.outbox import Outbox


@pytest.fixture
def at(monkeypatch, now):
    """Set the clock that jobs read."""
    def set_clock(moment: datetime) -> None:
        for module in (drain_module, fan_out_module):
            monkeypatch.setattr(module, "utcnow", lambda: moment)
    set_clock(now)
    return set_clock


@pytest.fixture
def outbox(app):
    """Make the app send e-mail into a list."""
    box = Outbox()
    app.extensions["channels"] = {"email": box}
    return box


@pytest.fixture
def announce(session, now, make_topic):
    """Publish an announcement about a topic."""
    def make(topic=None, **overrides):
        topic = topic or make_topic()
        draft = Draft(**{"title": "Sperrung", "body": "Die **Bielefelder Straße** ist zu.",
                         "topics": [topic.id], **overrides})
        announcement = publishing.save(session, draft, now)
        assert publishing.publish(session, announcement, now)
        return announcement
    return make


def states(session) -> Counter:
    session.expire_all()
    return Counter(d.state for d in session.query(Delivery))


def run_jobs(app) -> list[str]:
    """Do what workers would do, until nothing rings; return the jobs' names."""
    done = []
    db.session.rollback()
    while True:
        queue = next((q for q in tasks.queues(tasks.connection()) if q.count), None)
        if queue is None:
            return done
        job = Job.fetch(queue.pop_job_id(), connection=queue.connection,
                        serializer=JSONSerializer)
        with app.app_context():  # a session of its own, as in a worker
            job.func(*job.args)
        done.append(f"{queue.name}:{job.func_name.rsplit('.', 1)[-1]}")


def test_publishing_reaches_every_matching_contact_once(
        app, session, outbox, announce, make_contact, make_topic, make_neighbourhood, at):
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    topic, other = make_topic("baustellen"), make_topic("kultur")
    both = make_contact(pairs=((topic, here), (topic, None), (None, None)))
    make_contact(pairs=((other, here),))
    make_contact(pairs=((topic, there),))
    make_contact(pairs=((topic, here),), state="pending")
    everything = make_contact()
    announce(topic, neighbourhoods=[here.id])
    run_jobs(app)
    assert sorted(d.contact_id for d in session.query(Delivery)) == [both.id, everything.id]
    assert sorted(e.address for e in outbox.sent) == [
        "resident1@example.org", "resident5@example.org"]
    assert states(session) == {State.SENT: 2}


def test_an_announcement_for_the_whole_town_reaches_every_ortsteil(
        app, outbox, announce, make_contact, make_topic, make_neighbourhood, at):
    topic = make_topic()
    make_contact(pairs=((topic, make_neighbourhood("hiddesen")),))
    announce(topic)
    run_jobs(app)
    assert len(outbox.sent) == 1


def test_publishing_twice_is_harmless(app, session, outbox, announce, make_contact, now, at):
    make_contact()
    announcement = announce()
    assert not publishing.publish(session, announcement, now)
    fan_out(announcement.id)
    run_jobs(app)
    assert len(outbox.sent) == 1


def test_the_message_says_why_it_came_and_how_to_leave(
        app, outbox, announce, make_contact, make_topic, make_neighbourhood, at):
    topic, here = make_topic(name="Baustellen"), make_neighbourhood(name="Hiddesen")
    contact = make_contact(pairs=((topic, here),))
    announce(topic, neighbourhoods=[here.id])
    run_jobs(app)
    envelope, = outbox.sent
    assert "„Baustellen“ für Hiddesen" in envelope.message.why
    assert "<strong>Bielefelder Straße</strong>" in envelope.message.html
    assert envelope.leave_url.startswith("http://localhost/abmelden/")
    token = envelope.leave_url.rsplit("/", 1)[1]
    assert app.extensions["tokens"].contact_id(token) == contact.id


def test_readers_of_plain_language_get_the_plain_text(app, outbox, announce, make_contact, at):
    make_contact(subscriber={"register": "plain"})
    make_contact()
    announce(plain_title="Die Straße ist zu", plain_body="Sie können dort nicht fahren.")
    run_jobs(app)
    assert [e.message.title for e in outbox.sent] == ["Die Straße ist zu", "Sperrung"]


def test_fan_out_goes_on_where_it_was_killed(
        app, session, outbox, announce, make_contact, monkeypatch, at):
    for _ in range(7):
        make_contact()
    monkeypatch.setattr(fan_out_module, "FIRST_CHUNK", 3)
    monkeypatch.setattr(fan_out_module, "CHUNK", 3)
    announcement = announce()
    real, calls = fan_out_module._write_chunk, []

    def dies(*args):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(real(*args))

    monkeypatch.setattr(fan_out_module, "_write_chunk", dies)
    with pytest.raises(KeyboardInterrupt):
        fan_out(announcement.id)
    session.rollback()
    assert session.query(Delivery).count() == 3
    monkeypatch.setattr(fan_out_module, "_write_chunk", real)
    fan_out(announcement.id)
    assert session.query(Delivery).count() == 7
    assert announcement.fan_out_done_at is not None


def test_a_chunk_in_which_nobody_confirmed_is_passed_over(
        app, session, outbox, announce, make_contact, monkeypatch, at):
    for state in ("pending", "pending", "active"):
        make_contact(state=state)
    monkeypatch.setattr(fan_out_module, "FIRST_CHUNK", 1)
    monkeypatch.setattr(fan_out_module, "CHUNK", 1)
    announcement = announce()
    run_jobs(app)
    session.refresh(announcement)
    assert announcement.fan_out_done_at is not None
    assert len(outbox.sent) == 1


def test_info_waits_for_digest_and_quiet_hours_danger_for_nothing(
        app, session, outbox, announce, make_contact, make_topic, now, at):
    topic = make_topic()
    daily = make_contact(frequency=Frequency.DAILY, digest_hour=18)
    quiet = make_contact(subscriber={"quiet_from": 9, "quiet_to": 12})
    info = announce(topic)
    run_jobs(app)
    due = {(d.announcement_id, d.contact_id): (d.due_at, d.lane) for d in session.query(Delivery)}
    assert due[info.id, daily.id] == (now.replace(hour=17, minute=0), Lane.DIGEST)
    assert due[info.id, quiet.id] == (now.replace(hour=11, minute=0), Lane.NORMAL)
    assert outbox.sent == []
    announce(topic, urgency=Urgency.DANGER)
    run_jobs(app)
    assert len(outbox.sent) == 2


def test_important_news_skip_the_digest_but_not_the_quiet_hours(
        app, session, outbox, announce, make_contact, now, at):
    make_contact(frequency=Frequency.WEEKLY, subscriber={"quiet_from": 9, "quiet_to": 12})
    announce(urgency=Urgency.IMPORTANT)
    run_jobs(app)
    assert session.query(Delivery).one().due_at == now.replace(hour=11, minute=0)


def test_a_digest_is_one_message_with_all_that_is_due(
        app, session, outbox, announce, make_contact, make_topic, now, at):
    topic = make_topic()
    make_contact(frequency=Frequency.DAILY)
    make_contact(frequency=Frequency.DAILY, subscriber={"language": "en"})
    for title in ("Eins", "Zwei", "Drei"):
        announce(topic, title=title)
    run_jobs(app)
    evening = now.replace(hour=17, minute=0, second=1)
    at(evening)
    sweep(evening)
    run_jobs(app)
    assert [e.message.language for e in outbox.sent] == ["de", "en"]
    assert outbox.sent[0].message.title == "3 Meldungen: Eins u. a."
    assert all(f"/meldungen/{n}" in outbox.sent[0].message.html for n in (1, 2, 3))
    assert states(session) == {State.SENT: 6}
    sweep(evening + timedelta(days=1))
    run_jobs(app)
    assert len(outbox.sent) == 2, "nothing due, so no empty digest"


def test_try_later_backs_off_and_ends_with_the_announcement(
        app, session, outbox, announce, make_contact, now, at):
    make_contact()
    outbox.answer = lambda _: Outcome(Kind.LATER, "451 busy")
    announce(expires_at=now + timedelta(hours=9))
    run_jobs(app)
    moment, waits = now, []
    while (delivery := session.query(Delivery).one()).state == State.WAITING:
        waits.append((delivery.due_at - moment).total_seconds())
        moment = delivery.due_at
        at(moment)
        sweep(moment)
        run_jobs(app)
        session.expire_all()
    assert waits == list(BACKOFF)
    assert (delivery.state, delivery.error, delivery.attempts) == (State.EXPIRED, "451 busy", 6)


def test_a_providers_own_retry_after_is_honoured(
        app, session, outbox, announce, make_contact, now, at):
    make_contact()
    outbox.answer = lambda _: Outcome(Kind.LATER, "429", after=600)
    announce()
    run_jobs(app)
    assert session.query(Delivery).one().due_at == now + timedelta(seconds=600)


def test_a_dead_address_ends_the_contact_and_keeps_the_proof(
        app, session, outbox, announce, make_contact, now, at):
    contact = make_contact()
    session.add(Consent(contact_id=contact.id, channel="email", wording_version="1", wording="Ja",
                        asked_at=now, confirmed_at=now))
    session.commit()
    outbox.answer = lambda _: Outcome(Kind.GONE, "550 5.1.1")
    announce()
    run_jobs(app)
    assert states(session) == {State.GONE: 1}
    assert session.query(Contact).count() == 0
    assert session.query(Consent).one().ended_reason == "gone"


def test_a_provider_that_fails_wholesale_pauses_its_channel(
        app, session, outbox, announce, make_contact, now, at):
    make_contact()
    make_contact()
    outbox.answer = lambda _: Outcome(Kind.LATER, "connection refused", whole=True)
    announce()
    run_jobs(app)
    pause = session.query(ChannelPause).one()
    assert (pause.reason, pause.until) == ("connection refused", now + timedelta(seconds=30))
    assert states(session) == {State.WAITING: 2}
    assert {d.attempts for d in session.query(Delivery)} == {0}
    sweep(now + timedelta(seconds=5))
    assert run_jobs(app) == []
    outbox.answer = lambda _: Outcome(Kind.SENT)
    at(now + timedelta(seconds=31))
    sweep(now + timedelta(seconds=31))
    run_jobs(app)
    assert states(session) == {State.SENT: 2}
    assert session.query(ChannelPause).count() == 0


@pytest.mark.parametrize(("repeatable", "state"), [(True, State.WAITING), (False, State.UNKNOWN)])
def test_an_unknown_outcome_is_repeated_only_where_that_is_harmless(
        app, session, announce, make_contact, at, repeatable, state):
    app.extensions["channels"] = {"email": Outbox(
        repeatable=repeatable, answer=lambda _: Outcome(Kind.UNKNOWN, "no answer"))}
    make_contact()
    announce()
    run_jobs(app)
    assert states(session) == {state: 1}


@pytest.mark.parametrize(("repeatable", "state"), [(True, State.SENT), (False, State.UNKNOWN)])
def test_a_lease_that_ran_out_is_freed(
        app, session, announce, make_contact, now, at, repeatable, state):
    make_contact()
    app.extensions["channels"] = {"email": Outbox(repeatable=repeatable)}
    announcement = announce()
    fan_out(announcement.id)
    assert len(claiming.claim(session, "email", Lane.NORMAL, 10, now, timedelta(seconds=60))) == 1
    session.commit()  # … and the worker is killed here
    at(now + timedelta(seconds=30))
    sweep(now + timedelta(seconds=30))
    run_jobs(app)
    assert states(session) == {State.WAITING: 1}
    later = now + timedelta(seconds=61)
    at(later)
    sweep(later)
    run_jobs(app)
    assert states(session) == {state: 1}


def test_what_is_stale_is_not_sent(app, session, outbox, announce, make_contact, now, at):
    make_contact(frequency=Frequency.DAILY)
    announce(expires_at=now + timedelta(hours=1))
    run_jobs(app)
    at(now + timedelta(hours=8))
    sweep(now + timedelta(hours=8))
    run_jobs(app)
    assert outbox.sent == []
    assert states(session) == {State.EXPIRED: 1}


def test_who_left_before_his_turn_is_not_written_to(
        app, session, outbox, announce, make_contact, now, at):
    contact = make_contact(frequency=Frequency.DAILY)
    announce()
    run_jobs(app)
    session.delete(contact.subscriber)
    session.commit()
    at(now + timedelta(hours=8))
    sweep(now + timedelta(hours=8))
    run_jobs(app)
    assert outbox.sent == []
    assert states(session) == {State.CANCELLED: 1}


def test_a_flushed_queue_loses_nothing(app, session, outbox, announce, make_contact, now, at):
    make_contact()
    announce()
    tasks.connection().flushall()
    assert run_jobs(app) == []
    sweep(now + timedelta(seconds=11))
    run_jobs(app)
    assert states(session) == {State.SENT: 1}


def test_publishing_while_the_queue_is_down_is_no_error(
        app, session, outbox, announce, make_contact, now, at, tmp_path):
    make_contact()
    up = app.extensions["redis"]
    app.extensions["redis"] = redis.Redis(unix_socket_path=str(tmp_path / "nobody"))
    announce()
    app.extensions["redis"] = up
    sweep(now + timedelta(seconds=11))
    run_jobs(app)
    assert states(session) == {State.SENT: 1}


def test_a_rate_limit_is_shared_and_kept(app, session, announce, make_contact, at, monkeypatch):
    box = Outbox(per_second=3)
    app.extensions["channels"] = {"email": box}
    for _ in range(7):
        make_contact()
    announce()
    clock = [1000.0]
    monkeypatch.setattr(drain_module.time, "time", lambda: clock[0])
    seen = []

    def next_second(_rate, _ends):
        seen.append(len(box.sent))
        clock[0] += 1
        return True

    monkeypatch.setattr(drain_module.rate, "wait", next_second)
    run_jobs(app)
    assert len(box.sent) == 7
    assert seen[:2] == [3, 6]


def test_confirmations_go_through_the_ledger_and_first(
        app, session, outbox, announce, make_contact, now, at):
    make_contact()
    announce()
    newcomer = make_contact(state="pending", challenge=77)
    assert transactional.write(session, newcomer, Purpose.CONFIRM, now)
    session.commit()
    transactional.ring("email")
    jobs = run_jobs(app)
    assert jobs[0] == "transactional:drain"
    message = outbox.sent[0].message
    assert message.title == "Bitte bestätigen Sie Ihre Anmeldung"
    assert message.url.startswith("http://localhost/bestaetigen/")
    assert outbox.sent[0].leave_url == ""
    tokens = app.extensions["tokens"]
    assert tokens.check(1, message.url.rsplit("/", 1)[1], now=now, challenge=77) == newcomer.id


def test_nobodys_inbox_is_flooded_with_confirmations(app, session, make_contact, now):
    contact = make_contact(state="pending")
    written = []
    for _ in range(5):
        written.append(transactional.write(session, contact, Purpose.CONFIRM, now))
        session.commit()
    assert written == [True, True, True, False, False]


def test_the_audience_is_counted_by_channel(session, app, make_contact, make_topic):
    topic = make_topic()
    make_contact(pairs=((topic, None), (None, None)))
    make_contact("push", address="a b https://push.example/x")
    assert publishing.audience(session, [topic.id], []) == {"email": 1, "push": 1}


def test_drain_of_a_channel_that_is_not_set_up_does_nothing(app, session, outbox):
    drain("sms", Lane.NORMAL)
    assert outbox.sent == []


def test_what_is_stale_on_a_paused_channel_ends_all_the_same(
        app, session, outbox, announce, make_contact, now, at):
    make_contact()
    announce(expires_at=now + timedelta(hours=1))
    outbox.answer = lambda _: Outcome(Kind.LATER, "away", after=86_400, whole=True)
    run_jobs(app)
    session.query(Delivery).update({"due_at": now, "state": State.WAITING})
    session.commit()
    tick(now + timedelta(hours=2))
    assert states(session) == {State.EXPIRED: 1}
