"""Corrections, withdrawals and all-clears reach exactly those who got the original, on both
databases, with a real Valkey as doorbell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from channels.base import Envelope, Kind, Outcome, Urgency
from civic_push import tasks
from civic_push.announcements import following, publishing
from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.config import OutletSetting
from civic_push.db import db
from civic_push.delivery import claiming, cutting_off, ledger
from civic_push.delivery import fan_out as fan_out_module
from civic_push.delivery import follow_ups as follow_ups_module
from civic_push.delivery.audiences import reach
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.follow_ups import follow_up
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.sweep import sweep
from subscriptions.models import Contact, Frequency, Neighbourhood, Subscription, Topic
from tests.civic_push.following.conftest import Publish
from tests.stand_ins.outbox import Outbox

RunJobs = Callable[[], list[str]]
MakeContact = Callable[..., Contact]
CORRECTION, WITHDRAWAL, ALL_CLEAR = (
    AnnouncementKind.CORRECTION, AnnouncementKind.WITHDRAWAL, AnnouncementKind.ALL_CLEAR)

# for what is decided before the database is asked, or is said rather than stored
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(outbox: Outbox) -> list[tuple[str, str]]:
    """Who was told what, by name; what was told before is forgotten."""
    sent = sorted((e.address.partition("@")[0], e.message.title) for e in outbox.sent)
    outbox.sent.clear()
    return sent


def rows(session: Session, announcement: Announcement) -> dict[int | None, Delivery]:
    """The deliveries of one announcement by contact."""
    session.expire_all()
    return {d.contact_id: d for d in session.scalars(
        select(Delivery).where(Delivery.announcement_id == announcement.id))}


def test_a_correction_reaches_those_who_got_the_original_whatever_they_subscribed_since(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    stayed, changed, left = make_contact(), make_contact(), make_contact()
    original = publish()
    run_jobs()
    assert len(told(outbox)) == 3
    session.query(Subscription).filter_by(subscriber_id=changed.subscriber_id).delete()
    session.delete(left.subscriber)
    newcomer = make_contact()
    correction = publish(original)
    run_jobs()
    assert told(outbox) == [("resident1", "Korrektur: Sperrung"),
                            ("resident2", "Korrektur: Sperrung")]
    deliveries = rows(session, correction)
    assert set(deliveries) == {stayed.id, changed.id}
    assert newcomer.id not in deliveries
    first = rows(session, original)
    assert {c: d.follows_id for c, d in deliveries.items()} == {
        c: first[c].id for c in (stayed.id, changed.id)}


@on_sqlite
def test_a_follow_up_says_what_changed_and_why_it_came(
        outbox: Outbox, publish: Publish, run_jobs: RunJobs, make_contact: MakeContact,
        at: object) -> None:
    make_contact()
    make_contact(subscriber={"language": "en"})
    original = publish(moment=datetime(2026, 11, 17, 9, 30, tzinfo=UTC))
    run_jobs()
    publish(original, change="Nur bis <Samstag> & nicht länger.")
    run_jobs()
    first = outbox.sent[0]
    corrected, english = sorted(outbox.sent[2:], key=lambda e: e.address)
    message = corrected.message
    assert message.text.startswith("Wir haben unsere Meldung vom 17. November 2026 korrigiert. "
                                   "Das ist jetzt anders: Nur bis <Samstag> & nicht länger.\n\n")
    assert message.text.endswith("Die Straße ist zu.")
    assert "Nur bis &lt;Samstag&gt; &amp; nicht länger." in message.html
    assert message.short == "Nur bis <Samstag> & nicht länger."
    assert message.why.endswith("weil Sie unsere frühere Meldung dazu bekommen haben.")
    assert message.key == first.message.key, "tag and Topic replace what is still shown"
    assert message.url.endswith("/meldungen/2")
    assert english.message.text.startswith("Wir haben"), "as German as the text it stands in"


def test_what_still_waits_is_replaced_and_comes_once_in_the_digest_it_waited_for(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    waits = make_contact(frequency=Frequency.DAILY)
    make_contact()
    original = publish()
    run_jobs()
    assert told(outbox) == [("resident2", "Sperrung")]
    correction = publish(original, title="Sperrung bis Samstag", moment=now)
    assert rows(session, original)[waits.id].state == State.CANCELLED, "in the same transaction"
    assert rows(session, original)[waits.id].error == cutting_off.REPLACED
    run_jobs()
    assert told(outbox) == [("resident2", "Korrektur: Sperrung bis Samstag")], "at once"
    first = rows(session, correction)[waits.id]
    assert (first.lane, first.follows_id) == (Lane.DIGEST, None)
    evening = now.replace(hour=17, second=1, minute=0)
    at(evening)
    sweep(evening)
    run_jobs()
    assert told(outbox) == [("resident1", "Sperrung bis Samstag")]


@on_sqlite
def test_quiet_hours_hold_a_correction_of_an_information_but_no_danger(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: object) -> None:
    quiet = make_contact(subscriber={"quiet_from": 22, "quiet_to": 7}, frequency=Frequency.DAILY)
    morning = datetime(2026, 11, 19, 6, tzinfo=UTC)
    night = now.replace(hour=22)
    for urgency, lane, due in ((Urgency.IMPORTANT, Lane.URGENT, morning),
                               (Urgency.DANGER, Lane.URGENT, night)):
        original = publish(urgency=urgency)
        run_jobs()
        found = rows(session, publish(original, moment=night, urgency=Urgency.INFO))
        assert found == {}
        run_jobs()
        follow = session.scalars(select(Announcement).order_by(Announcement.id.desc())).first()
        assert follow is not None
        assert follow.urgency == urgency, "never less pressing than what it follows"
        delivery = rows(session, follow)[quiet.id]
        assert (delivery.lane, delivery.due_at) == (lane, due)


def test_an_information_is_corrected_at_once_even_for_readers_of_digests(
        session: Session, publish: Publish, run_jobs: RunJobs, outbox: Outbox,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    reader = make_contact(frequency=Frequency.WEEKLY, digest_weekday=2, digest_hour=18)
    original = publish()
    evening = now.replace(hour=17, minute=0, second=1)
    run_jobs()
    at(evening)
    sweep(evening)
    run_jobs()
    assert told(outbox) == [("resident1", "Sperrung")]
    correction = publish(original, moment=evening)
    run_jobs()
    delivery = rows(session, correction)[reader.id]
    assert (delivery.lane, delivery.state) == (Lane.NORMAL, State.SENT)
    assert outbox.sent[-1].receipt == "", "a digest is not to be changed in place"


def test_in_a_digest_too_what_follows_something_says_so(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    make_contact()
    outbox.answer = lambda e: Outcome(Kind.SENT, receipt="77")
    original = publish()
    run_jobs()
    told(outbox)
    follow_up(publish(original, kind=WITHDRAWAL, change="Es war ein Irrtum.", body="").id)
    fan_out(publish(title="Freibad").id)
    session.execute(update(Delivery).where(Delivery.state == State.WAITING)
                    .values(lane=Lane.DIGEST))
    session.commit()
    drain("email", Lane.DIGEST)
    digest, = outbox.sent
    assert "Zurückgezogen: Sperrung" in digest.message.html
    assert "Es war ein Irrtum." in digest.message.html
    assert (digest.follows, digest.receipt) == (0, ""), "it must not take the original's place"


def test_a_withdrawal_goes_to_nobody_who_has_heard_nothing(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    got, _waits = make_contact(), make_contact(frequency=Frequency.DAILY)
    original = publish()
    run_jobs()
    told(outbox)
    withdrawal = publish(original, kind=WITHDRAWAL, change="Es war ein Irrtum.", body="")
    run_jobs()
    assert set(rows(session, withdrawal)) == {got.id}
    assert outbox.sent[0].message.text == (
        "Unsere Meldung vom 18. November 2026 gilt nicht mehr. Der Grund: Es war ein Irrtum.")
    assert told(outbox) == [("resident1", "Zurückgezogen: Sperrung")]


def test_who_may_have_got_it_is_told_and_who_surely_did_not_is_not(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    states = (State.SENT, State.UNKNOWN, State.REFUSED, State.EXPIRED)
    contacts = {state: make_contact().id for state in states}
    original = publish()
    run_jobs()
    for state, contact in contacts.items():
        session.query(Delivery).filter_by(contact_id=contact).update({"state": state})
    session.commit()
    correction = publish(original)
    run_jobs()
    assert set(rows(session, correction)) == {contacts[State.SENT], contacts[State.UNKNOWN]}


def test_a_wider_correction_also_reaches_whom_it_newly_concerns(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, make_neighbourhood: Callable[..., Neighbourhood],
        make_topic: Callable[..., Topic], at: object) -> None:
    topic = make_topic("wetter")
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    make_contact(pairs=((topic, here),))
    make_contact(pairs=((topic, there),))
    original = publish(topics=[topic.id], neighbourhoods=[here.id])
    run_jobs()
    make_contact(pairs=((topic, here),))  # came later: the original was never meant for her
    told(outbox)
    wider = publish(original, topics=[topic.id], neighbourhoods=[here.id, there.id])
    run_jobs()
    assert sorted(told(outbox)) == [("resident1", "Korrektur: Sperrung"),
                                    ("resident2", "Sperrung")]
    narrower = publish(wider, topics=[topic.id], neighbourhoods=[there.id])
    run_jobs()
    assert len(told(outbox)) == 2, "whoever got it before must know that it changed"
    assert len(rows(session, narrower)) == 2


@on_sqlite
def test_a_narrower_correction_is_no_news_for_whom_it_no_longer_concerns(
        outbox: Outbox, publish: Publish, run_jobs: RunJobs, make_contact: MakeContact,
        make_neighbourhood: Callable[..., Neighbourhood], make_topic: Callable[..., Topic],
        at: object) -> None:
    topic = make_topic("wetter")
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    make_contact(pairs=((topic, here),), frequency=Frequency.DAILY)
    original = publish(topics=[topic.id], neighbourhoods=[here.id])
    run_jobs()
    correction = publish(original, topics=[topic.id], neighbourhoods=[there.id])
    run_jobs()
    assert reach(db.session(), correction) == {}
    assert outbox.sent == []


def test_a_chain_of_three_reaches_everybody_once_and_follows_the_newest(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    got, waits = make_contact(), make_contact(frequency=Frequency.DAILY)
    original = publish(urgency=Urgency.INFO)
    run_jobs()
    first = publish(original, title="Eins")
    run_jobs()
    second = publish(original, title="Zwei")  # somebody still had the original's page open
    run_jobs()
    assert second.replaces_id == first.id, "a chain has no branches"
    assert (first.root_id, second.root_id) == (original.id, original.id)
    assert told(outbox) == [("resident1", "Korrektur: Eins"), ("resident1", "Korrektur: Zwei"),
                            ("resident1", "Sperrung")]
    assert rows(session, second)[got.id].follows_id == rows(session, first)[got.id].id
    assert rows(session, second)[waits.id].state == State.WAITING
    assert rows(session, first)[waits.id].state == State.CANCELLED
    last = publish(second, kind=WITHDRAWAL, change="Doch nicht.", title="Drei")
    run_jobs()
    assert told(outbox) == [("resident1", "Zurückgezogen: Drei")]
    assert following.current(session, original).id == last.id
    assert [a.id for a in following.chain(session, first)] == [
        original.id, first.id, second.id, last.id]
    listed = session.scalars(select(Announcement.id).where(following.newest())).all()
    assert listed == [last.id]


@on_sqlite
def test_what_was_withdrawn_is_not_followed_and_says_so(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: object) -> None:
    make_contact()
    original = publish()
    run_jobs()
    again = publishing.save(session, Draft("S", "", kind=WITHDRAWAL, change="Nein."), now,
                            follows=original)
    session.commit()
    withdrawal = publish(original, kind=WITHDRAWAL)
    with pytest.raises(CannotFollow) as refused:
        publishing.publish(session, again, now)
    assert (refused.value.objection, refused.value.last.id) == (
        Objection.WITHDRAWN, withdrawal.id)
    session.rollback()
    run_jobs()
    assert len(told(outbox)) == 2


@on_sqlite
def test_an_all_clear_is_for_dangers_once(
        session: Session, outbox: Outbox, publish: Publish, make_contact: MakeContact,
        run_jobs: RunJobs, at: object) -> None:
    make_contact()
    info = publish()
    with pytest.raises(CannotFollow, match="no_danger"):
        following.check(ALL_CLEAR, info)
    danger = publish(urgency=Urgency.DANGER)
    run_jobs()
    told(outbox)
    cleared = publish(danger, kind=ALL_CLEAR, change="Das Wasser ist wieder gut.")
    run_jobs()
    assert outbox.sent[0].message.urgency == Urgency.DANGER
    assert told(outbox) == [("resident1", "Entwarnung: Sperrung")]
    with pytest.raises(CannotFollow, match="cleared"):
        following.check(ALL_CLEAR, cleared)
    following.check(CORRECTION, cleared)


@on_sqlite
def test_an_expired_original_can_be_corrected_for_as_long_as_the_editor_says(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    make_contact()
    original = publish(expires_at=now + timedelta(hours=1))
    run_jobs()
    later = now + timedelta(days=3)
    at(later)
    publish(original, moment=later, expires_at=later + timedelta(hours=2))
    run_jobs()
    assert told(outbox) == [("resident1", "Korrektur: Sperrung"), ("resident1", "Sperrung")]


@on_sqlite
@pytest.mark.parametrize(("urgency", "sent"), [(Urgency.INFO, 0), (Urgency.IMPORTANT, 1)])
def test_an_sms_follows_only_what_presses(
        app: Flask, session: Session, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object, urgency: Urgency, sent: int) -> None:
    box = Outbox("sms")
    app.extensions["channels"] = {"sms": box}
    make_contact("sms", address="+4915112345678")
    original = publish(urgency=urgency)
    run_jobs()
    correction = publish(original, urgency=urgency)
    assert sum(r.following for r in reach(session, correction).values()) == sent
    run_jobs()
    assert len(rows(session, correction)) == sent
    assert len(box.sent) == 1 + sent


@on_sqlite
def test_an_sms_that_waits_is_replaced_even_by_an_information(
        app: Flask, session: Session, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: object) -> None:
    app.extensions["channels"] = {"sms": Outbox("sms")}
    contact = make_contact("sms", address="+4915112345678", frequency=Frequency.DAILY)
    original = publish()
    run_jobs()
    correction = publish(original)
    run_jobs()
    assert rows(session, correction)[contact.id].state == State.WAITING


@on_sqlite
def test_outlets_that_showed_the_original_show_what_follows(
        make_app: Callable[..., Flask], now: datetime) -> None:
    outlets = tuple(OutletSetting(name, "json://localhost", topics=topics) for name, topics in (
        ("all", ()), ("busy", ()), ("news", ("wetter",))))
    app = make_app(outlets=outlets)
    box = Outbox("outlet", batch_size=1, answer=lambda e: Outcome(
        Kind.LATER if e.address == "busy" else Kind.SENT))
    app.extensions["channels"] = {"outlet": box}
    with app.app_context():
        session = db.session()
        old, new = Topic(slug="bau", name="Bau"), Topic(slug="wetter", name="Wetter")
        session.add_all([old, new])
        session.flush()
        original = publishing.save(session, Draft("T", "t", topics=[old.id]), now)
        publishing.publish(session, original, now)
        fan_out(original.id)
        follow = publishing.save(session, Draft(
            "T", "t", topics=[old.id, new.id], kind=CORRECTION, change="Neu"), now,
            follows=original)
        session.query(Delivery).filter_by(outlet="all").update({"state": State.SENT})
        publishing.publish(session, follow, now)
        follow_up(follow.id)
        found = {d.outlet: d.follows_id is not None for d in session.scalars(
            select(Delivery).where(Delivery.announcement_id == follow.id))}
    assert found == {"all": True, "busy": False, "news": False}


def test_what_a_worker_holds_is_waited_for_and_then_followed(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    contacts = [make_contact() for _ in range(3)]
    original = publish()
    fan_out(original.id)
    held = sorted(d.id for d in claiming.claim(
        session, "email", Lane.NORMAL, 2, now, timedelta(seconds=60)))
    correction = publish(original)
    run_jobs()
    assert set(rows(session, correction)) == {contacts[2].id}, "cut off, so told at once"
    session.refresh(correction)
    assert correction.fan_out_done_at is None
    session.commit()
    ledger.record(session, [ledger.Record(held[0], State.SENT),
                            ledger.Record(held[1], State.WAITING, due_at=now)], now)
    session.commit()
    later = now + timedelta(seconds=11)
    at(later)
    sweep(later)
    run_jobs()
    found = rows(session, correction)
    assert {c.id: found[c.id].follows_id for c in contacts} == {
        contacts[0].id: held[0], contacts[1].id: None, contacts[2].id: None}
    session.refresh(correction)
    assert correction.fan_out_done_at == later
    titles = Counter(told(outbox))
    assert set(titles.values()) == {1}
    assert titles["resident1", "Korrektur: Sperrung"] == 1
    assert titles["resident2", "Sperrung"] == 1


def test_what_died_with_its_worker_is_unknown_and_followed(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    contact = make_contact()
    original = publish()
    fan_out(original.id)
    assert claiming.claim(session, "email", Lane.NORMAL, 9, now, timedelta(seconds=60))
    session.commit()
    correction = publish(original)
    run_jobs()
    assert rows(session, correction) == {}
    later = now + timedelta(seconds=61)
    at(later)
    follow_up(correction.id)
    assert rows(session, original)[contact.id].state == State.UNKNOWN
    assert rows(session, correction)[contact.id].follows_id == rows(session, original)[
        contact.id].id


def test_what_was_handed_over_without_an_answer_is_followed_although_it_would_be_repeated(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    contact = make_contact()
    outbox.answer = lambda _: Outcome(Kind.UNKNOWN, "no answer")
    original = publish()
    run_jobs()
    assert rows(session, original)[contact.id].state == State.WAITING
    outbox.answer = lambda _: Outcome(Kind.SENT)
    correction = publish(original)
    run_jobs()
    earlier = rows(session, original)[contact.id]
    assert (earlier.state, earlier.error) == (State.UNKNOWN, f"{ledger.PERHAPS}no answer")
    assert rows(session, correction)[contact.id].follows_id == earlier.id


def test_a_worker_that_comes_back_does_not_send_what_was_replaced(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    contact = make_contact()
    original = publish()
    fan_out(original.id)
    held = claiming.claim(session, "email", Lane.NORMAL, 9, now, timedelta(seconds=60))
    publish(original)
    ledger.record(session, [ledger.Record(held[0].id, State.WAITING, due_at=now)], now)
    session.commit()
    drain("email", Lane.NORMAL)
    assert outbox.sent == []
    assert rows(session, original)[contact.id].error == cutting_off.REPLACED
    run_jobs()
    assert told(outbox) == [("resident1", "Sperrung")]


def test_a_correction_in_the_middle_of_the_original_s_fan_out_reaches_the_rest_as_news(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, monkeypatch: pytest.MonkeyPatch, at: object) -> None:
    for _ in range(6):
        make_contact()
    monkeypatch.setattr(fan_out_module, "FIRST_CHUNK", 2)
    monkeypatch.setattr(fan_out_module, "CHUNK", 2)
    original = publish()
    with dying(inserts=2):
        fan_out(original.id)
    assert len(rows(session, original)) == 2
    publish(original, title="Neu")
    run_jobs()
    assert sorted(told(outbox)) == [(f"resident{n}", "Neu") for n in range(1, 7)]


class Died(Exception):
    """A worker's end."""


class dying:  # noqa: N801 - reads as a sentence
    """A power cut at the n-th INSERT into the ledger: what was not committed is gone."""

    def __init__(self, inserts: int) -> None:
        self.left = inserts

    def __enter__(self) -> None:
        event.listen(db.engine, "before_cursor_execute", self._count)

    def _count(self, _connection: object, _cursor: object, statement: str, *_rest: object
               ) -> None:
        if "INSERT INTO delivery " in statement:
            self.left -= 1
            if self.left <= 0:
                raise Died

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> bool:
        event.remove(db.engine, "before_cursor_execute", self._count)
        db.session.rollback()
        return kind is Died


@pytest.mark.parametrize("inserts", [2, 3])
def test_a_follow_up_killed_anywhere_goes_on_and_tells_everybody_once(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, monkeypatch: pytest.MonkeyPatch, at: object, inserts: int
        ) -> None:
    for number in range(6):
        make_contact(frequency=Frequency.DAILY if number % 2 else Frequency.NOW)
    original = publish()
    run_jobs()
    assert len(told(outbox)) == 3
    correction = publish(original)
    for name in ("FIRST_CHUNK", "CHUNK"):
        monkeypatch.setattr(follow_ups_module, name, 2)
    tasks.connection().flushall()
    with dying(inserts):
        follow_up(correction.id)
    # two INSERTs a chunk of two: who follows, who hears of it first; both or neither stay
    assert len(rows(session, correction)) == (inserts - 1) // 2 * 2
    follow_up(correction.id)
    run_jobs()
    found = rows(session, correction)
    assert len(found) == 6
    assert Counter(d.follows_id is None for d in found.values()) == {True: 3, False: 3}
    assert told(outbox) == [(f"resident{n}", "Korrektur: Sperrung") for n in (1, 3, 5)]
    session.refresh(correction)
    assert correction.fan_out_done_at is not None
    follow_up(correction.id)
    assert len(rows(session, correction)) == 6


def test_stopping_ends_what_waits_and_a_correction_then_reaches_those_as_news(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: Callable[[datetime], None]) -> None:
    got, waits = make_contact(), make_contact(frequency=Frequency.DAILY)
    original = publish()
    run_jobs()
    assert following.stop(session, original, now) == 1
    assert following.stop(session, original, now) is None
    assert rows(session, original)[waits.id].error == cutting_off.STOPPED
    evening = now.replace(hour=17, minute=0, second=1)
    at(evening)
    sweep(evening)
    run_jobs()
    assert told(outbox) == [("resident1", "Sperrung")]
    correction = publish(original, moment=evening)
    found = reach(session, correction)
    assert (found["email"].following, found["email"].first) == (1, 1)
    run_jobs()
    assert {c: d.follows_id is None for c, d in rows(session, correction).items()} == {
        got.id: False, waits.id: True}


@on_sqlite
def test_stopping_ends_a_fan_out_under_way(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, now: datetime, at: object) -> None:
    make_contact()
    original = publish()
    assert following.stop(session, original, now) == 0
    sweep(now + timedelta(minutes=1))
    run_jobs()
    assert rows(session, original) == {}


@on_sqlite
def test_a_receipt_and_the_envelope_before_travel_with_a_follow_up(
        session: Session, outbox: Outbox, publish: Publish, run_jobs: RunJobs,
        make_contact: MakeContact, at: object) -> None:
    make_contact()
    outbox.answer = lambda e: Outcome(Kind.SENT, receipt=f"r{e.id}")
    first = publish()
    run_jobs()
    publish(first)
    run_jobs()
    original, correction = outbox.sent
    assert isinstance(correction, Envelope)
    assert (correction.follows, correction.receipt) == (original.id, f"r{original.id}")
    assert (original.follows, original.receipt) == (0, "")
