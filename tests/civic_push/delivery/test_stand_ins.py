"""What becomes of a resident whose browser is gone: the contact that stands in takes over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.base import Kind, Outcome
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.announcements.publishing import Draft
from civic_push.db import db, utcnow
from civic_push.delivery import fan_out as fan_out_module
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.follow_ups import follow_up
from civic_push.delivery.models import Delivery, Purpose, State
from subscriptions.models import Consent, Contact, ContactState, Frequency, Topic
from tests.stand_ins.outbox import Outbox


@pytest.fixture
def boxes(app):
    """A browser that is gone, and a mailbox."""
    app.extensions["channels"] = {
        "push": Outbox("push", answer=lambda _: Outcome(Kind.GONE, "HTTP 410")),
        "email": Outbox("email")}
    return app.extensions["channels"]


@pytest.fixture
def household(app, session, make_contact):
    """A resident with a browser and, to stand in for it, e-mail."""
    seals = app.extensions["seals"]

    def make(state: ContactState = ContactState.ACTIVE, **browser) -> tuple[int, int]:
        push = make_contact("push", "browser", **browser)
        mail = Contact(
            subscriber=push.subscriber, channel="email", created_at=push.created_at,
            state=state, stands_in=True, address=seals.seal("email", "anna@example.org"),
            fingerprint=seals.fingerprint("email", "anna@example.org"))
        session.add(mail)
        session.commit()
        return push.id, mail.id
    return make


@pytest.fixture
def announce(session, make_topic):
    """Publish an announcement now; return its number."""
    def make(title: str = "Sperrung", **overrides) -> int:
        topic = session.scalars(select(Topic)).first() or make_topic()
        announcement = publishing.save(session, Draft(
            title=title, body="Die Straße ist zu.", topics=[topic.id], **overrides), utcnow())
        assert publishing.publish(session, announcement, utcnow())
        return announcement.id
    return make


def deliveries(session, contact: int) -> list[tuple[Purpose, State]]:
    session.rollback()
    return [(d.purpose, d.state) for d in session.scalars(
        select(Delivery).filter_by(contact_id=contact).order_by(Delivery.id))]


def work(lane: str) -> None:
    """Do what a worker does."""
    for channel in ("push", "email"):
        drain(channel, lane)
    db.session.remove()


def test_a_stand_in_is_silent_while_the_browser_lives(session, boxes, household, announce):
    boxes["push"].answer = lambda _: Outcome(Kind.SENT)
    push, mail = household()
    fan_out(announce())
    work("normal")
    assert deliveries(session, push) == [(Purpose.ANNOUNCEMENT, State.SENT)]
    assert deliveries(session, mail) == []


def test_when_the_browser_is_gone_the_stand_in_is_told_once_and_gets_what_was_missed(
        session, boxes, household, announce):
    push, mail = household()
    for title in ("Sperrung", "Freibad"):
        fan_out(announce(title))
    work("normal")
    assert deliveries(session, mail) == [
        (Purpose.STAND_IN, State.WAITING), (Purpose.ANNOUNCEMENT, State.SENT),
        (Purpose.ANNOUNCEMENT, State.SENT)]
    work("transactional")
    titles = [e.message.title for e in boxes["email"].sent]
    assert sorted(titles) == ["Freibad", "Ihre Meldungen kommen jetzt hierher", "Sperrung"]
    notice = next(e.message for e in boxes["email"].sent if "jetzt hierher" in e.message.title)
    assert "/einstellungen/" in notice.url
    assert session.get(Contact, push) is None
    assert session.get(Contact, mail).stands_in is False

    fan_out(announce("Und weiter"))  # from now on it is a contact like any other
    work("normal")
    assert boxes["email"].sent[-1].message.title == "Und weiter"


def test_what_waited_for_a_digest_goes_to_the_stand_in_at_the_same_time(
        session, boxes, household, announce):
    push, mail = household(frequency=Frequency.DAILY)
    fan_out(announce())
    due = session.scalars(select(Delivery.due_at)).one()
    assert due > utcnow()
    gone = announce("Eilig")
    session.add(Delivery(announcement_id=gone, contact_id=push, channel="push", lane="normal",
                         due_at=utcnow(), expires_at=utcnow() + timedelta(days=1),
                         created_at=utcnow()))
    session.commit()
    work("normal")
    inherited = session.scalars(select(Delivery).where(
        Delivery.contact_id == mail, Delivery.lane == "digest")).one()
    assert (inherited.due_at, inherited.state) == (due, State.WAITING)


def test_a_browser_that_dies_during_the_fan_out_does_not_stop_it(
        app, session, boxes, household, announce, make_contact, monkeypatch):
    push, mail = household()
    last = make_contact().id
    monkeypatch.setattr(fan_out_module, "FIRST_CHUNK", 1)
    number = announce()

    def work_at_once(lane: str) -> None:
        """A worker is quicker than the fan-out: its stand-in lies beyond the cursor."""
        with app.app_context():  # a session of its own
            work(lane)
    monkeypatch.setattr(fan_out_module, "ring", work_at_once)
    fan_out(number)
    assert session.get(Announcement, number).fan_out_done_at is not None
    assert session.get(Contact, push) is None
    assert deliveries(session, mail) == [
        (Purpose.STAND_IN, State.WAITING), (Purpose.ANNOUNCEMENT, State.SENT)]
    assert deliveries(session, last) == [(Purpose.ANNOUNCEMENT, State.SENT)]


@pytest.mark.parametrize(("kind", "title"), [
    ("all_clear", "Entwarnung: Bombenfund"), ("withdrawal", "Zurückgezogen: Bombenfund")])
def test_what_tells_of_something_the_browser_had_got_says_so_to_the_stand_in(
        session, boxes, household, announce, kind, title):
    boxes["push"].answer = lambda _: Outcome(Kind.SENT, receipt="77")
    household()
    first = session.get(Announcement, announce("Bombenfund", urgency="danger"))
    fan_out(first.id)
    work("urgent")
    boxes["push"].answer = lambda _: Outcome(Kind.GONE, "HTTP 410")
    end = publishing.save(session, Draft(
        title="Bombenfund", body="", topics=[t.id for t in first.topics], kind=kind,
        urgency="danger", change="Es ist vorbei."), utcnow(), follows=first)
    assert publishing.publish(session, end, utcnow())
    follow_up(end.id)
    work("urgent")
    told, = boxes["email"].sent
    assert told.message.title == title
    assert "Es ist vorbei." in told.message.text
    assert (told.follows, told.receipt) == (0, ""), "this inbox has nothing to answer or change"


def test_what_corrects_what_the_lost_browser_had_got_comes_to_the_stand_in(
        session, boxes, household, announce):
    boxes["push"].answer = lambda _: Outcome(Kind.SENT, receipt="77")
    _push, mail = household()
    first = session.get(Announcement, announce("Trinkwasser abkochen", urgency="danger"))
    fan_out(first.id)
    work("urgent")
    boxes["push"].answer = lambda _: Outcome(Kind.GONE, "HTTP 410")
    fan_out(announce("Markt verlegt"))  # … and that is how the browser turns out to be lost
    work("normal")
    clear = publishing.save(session, Draft(
        title="Trinkwasser abkochen", body="", topics=[t.id for t in first.topics],
        kind="all_clear", urgency="danger", change="Das Wasser ist sauber."), utcnow(),
        follows=first)
    assert publishing.publish(session, clear, utcnow())
    follow_up(clear.id)
    work("normal")
    work("urgent")
    told = boxes["email"].sent[-1]
    assert told.message.title == "Entwarnung: Trinkwasser abkochen"
    assert (told.follows, told.receipt) == (0, "")
    assert (Purpose.ANNOUNCEMENT, State.SENT) in deliveries(session, mail)


def test_one_that_has_not_confirmed_takes_nothing_over(session, boxes, household, announce):
    push, mail = household(ContactState.PENDING)
    fan_out(announce())
    work("normal")
    assert session.get(Contact, push) is None
    assert deliveries(session, mail) == []


def test_a_gone_mailbox_is_no_gone_browser(session, boxes, make_contact, announce):
    boxes["email"].answer = lambda _: Outcome(Kind.GONE, "550 5.1.1")
    contact = make_contact()
    session.add(Contact(subscriber=contact.subscriber, channel="sms", stands_in=True,
                        created_at=contact.created_at, state=ContactState.ACTIVE))
    session.commit()
    fan_out(announce())
    work("normal")
    assert session.scalars(select(Delivery.purpose)).all() == [Purpose.ANNOUNCEMENT]
    assert session.scalars(select(Contact)).all() == []  # it had nothing left to stand in for


def test_the_consent_of_a_gone_browser_says_so(session, boxes, household, announce):
    push, _mail = household()
    session.add(Consent(contact_id=push, channel="push", wording_version="1", wording="Ja.",
                        asked_at=utcnow(), confirmed_at=utcnow()))
    session.commit()
    fan_out(announce())
    work("normal")
    assert session.scalars(select(Consent.ended_reason)).all() == ["gone"]
