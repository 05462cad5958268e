"""STOP by SMS: as gateways bring it, once and again, from who is signed up and who is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete, select

from civic_push.clock import tick
from civic_push.db import db, utcnow
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Delivery, Purpose, State
from civic_push.web.sms_inbound import means_stop, twilio_signature
from subscriptions.models import Consent, Contact, ContactState
from tests.stand_ins.outbox import Outbox

SECRET = "a1b2c3d4e5f6a1b2c3d4e5f6"
NUMBER = "+4915123456789"
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def app(make_app) -> Iterator[Flask]:
    """An app with Twilio for a gateway, which nothing here reaches."""
    app = make_app(sms_url=f"twilio://AC{'0' * 32}:{TOKEN}@4915700000000/{{to}}",
                   sms_inbound_secret=SECRET, public_url="https://push.stadt.example")
    with app.app_context():
        yield app


@pytest.fixture
def gateway(app):
    """Bring an SMS as a gateway does."""
    def bring(kind: str = "smseagle", text: str = "STOP", number: str = NUMBER,
              secret: str = SECRET, **more):
        db.session.remove()
        with app.app_context():
            return app.test_client().post(f"/sms/{kind}/{secret}", **(more or {"data": {
                "sender": number, "timestamp": "20261118093000", "text": text, "msgid": "431",
                "modemno": "1"}}))
    return bring


@pytest.fixture
def resident(session, make_contact):
    """Somebody with SMS, and the consent that proves it."""
    contact = make_contact("sms", NUMBER)
    session.add(Consent(contact_id=contact.id, channel="sms", fingerprint=contact.fingerprint,
                        wording_version="1", wording="Ja.", asked_at=contact.created_at,
                        confirmed_at=contact.verified_at))
    session.commit()
    return contact.id


def goodbyes(session) -> list[State]:
    session.rollback()
    return list(session.scalars(
        select(Delivery.state).where(Delivery.purpose == Purpose.GOODBYE)))


@pytest.mark.parametrize(("text", "stops"), [
    ("STOP", True), ("stopp", True), ("Ende", True), ("ABMELDEN!", True), (" Stop. ", True),
    ("STOP bitte keine SMS mehr an diese Nummer", True), ("Bitte abmelden, danke", True),
    ("„STOP“", True), ("unsubscribe", True), ("", False), ("Wann ist das Ende der Baustelle "
    "in der Bielefelder Straße?", False), ("Danke", False), ("stoppel", False), ("...", False)])
def test_what_means_stop(text, stops):
    assert means_stop(text) is stops


def test_stop_ends_the_consent_at_once_answers_once_and_then_forgets_the_number(
        app, session, resident, gateway, now):
    session.add(Delivery(announcement_id=7, contact_id=resident, channel="sms", lane="normal",
                         due_at=now, expires_at=utcnow().replace(year=2099), created_at=now))
    session.commit()
    for _retry in range(3):  # SMSEagle goes on until it gets a 200
        assert gateway().status_code == 200
    assert goodbyes(session) == [State.WAITING]
    consent = session.scalars(select(Consent)).one()
    assert (consent.ended_reason, consent.ended_at is not None) == ("stop", True)
    contact = session.get(Contact, resident)
    assert contact.state == ContactState.LEAVING
    assert session.scalars(select(Delivery.state).filter_by(announcement_id=7)).one() == \
        State.CANCELLED

    box = Outbox("sms", repeatable=False)
    app.extensions["channels"]["sms"] = box
    drain("sms", "transactional")
    envelope, = box.sent
    assert envelope.address == NUMBER
    assert envelope.message.short == ("Sie bekommen keine SMS von Stadt Detmold mehr. Ihre "
                                      "Nummer wird gelöscht.")
    db.session.remove()
    app.extensions["redis"].delete("civic-push:bell:minute")
    tick(utcnow())
    session.rollback()
    assert session.get(Contact, resident) is None
    assert gateway().status_code == 200
    assert goodbyes(session) == [State.SENT]


def test_the_number_stays_until_the_answer_is_out_and_no_longer_than_it_holds(
        app, session, resident, gateway):
    gateway()
    tick(utcnow())
    session.rollback()
    assert session.get(Contact, resident) is not None
    session.execute(Delivery.__table__.update().values(expires_at=utcnow()))
    session.commit()
    db.session.remove()
    app.extensions["redis"].flushall()  # the minute's bell may ring again
    tick(utcnow())
    session.rollback()
    assert session.get(Contact, resident) is None


def test_gateways_spell_numbers_as_they_like(session, make_contact, gateway):
    for count, spelling in enumerate((
            "+4915123456789", "4915123456789", "015123456789", "004915123456789",
            "+49 151 23456789"), start=1):
        make_contact("sms", NUMBER)
        assert gateway(number=spelling).status_code == 200
        assert goodbyes(session) == [State.WAITING] * count, spelling
        session.execute(delete(Contact))
        session.commit()


def test_who_is_not_signed_up_gets_no_answer(session, resident, gateway):
    for number in ("+4917699999999", "80001", "Detmold", "+4952311234", "", "+", "9" * 5000):
        assert gateway(number=number).status_code == 200
    assert goodbyes(session) == []
    assert session.get(Contact, resident).state == ContactState.ACTIVE


def test_what_is_no_stop_changes_nothing(session, resident, gateway):
    assert gateway(text="Danke für die Nachricht").status_code == 200
    assert session.get(Contact, resident).state == ContactState.ACTIVE


def test_a_number_that_never_confirmed_is_forgotten_without_an_answer(
        session, make_contact, gateway):
    contact = make_contact("sms", NUMBER, state=ContactState.PENDING).id
    gateway()
    assert goodbyes(session) == []
    assert session.get(Contact, contact) is None


def test_without_the_secret_there_is_no_such_page(session, resident, gateway):
    for kind, secret in (("smseagle", "wrong"), ("smseagle", SECRET[:-1]), ("unknown", SECRET),
                         ("smseagle", "ü")):
        assert gateway(kind, secret=secret).status_code == 404
    assert goodbyes(session) == []


def test_where_answers_are_not_set_up_no_secret_fits(make_app, gateway):
    app = make_app(sms_url="smseagle://token@127.0.0.1/{to}")
    for secret in ("x", "None", "False"):
        assert app.test_client().post(f"/sms/smseagle/{secret}").status_code == 404


def test_a_get_changes_nothing(app, session, resident):
    assert app.test_client().get(
        f"/sms/smseagle/{SECRET}?sender={NUMBER}&text=STOP").status_code == 405
    assert session.get(Contact, resident).state == ContactState.ACTIVE


def test_what_the_gateway_would_not_say_is_refused(session, resident, gateway):
    for kind, body in (
            ("smseagle", {"data": {"text": "STOP"}}), ("smseagle", {"data": {"sender": NUMBER}}),
            ("smseagle", {"data": b"\xff\xfe"}), ("seven", {"data": "x"}),
            ("seven", {"json": [1]}), ("seven", {"json": {"webhook_event": "sms_mo", "data": []}}),
            ("seven", {"json": {"webhook_event": "sms_mo", "data": {"sender": 1, "text": None}}})):
        assert gateway(kind, **body).status_code == 400, body
    assert goodbyes(session) == []


def test_seven_brings_json(session, resident, gateway):
    event = {"webhook_event": "sms_mo", "webhook_timestamp": "2026-11-18 09:30:00", "data": {
        "id": "681590", "sender": NUMBER[1:], "system": "4915126716517", "text": "Stopp",
        "time": "1605878104", "message_type": "SMS"}}
    report = {"webhook_event": "dlr", "webhook_timestamp": "2026-11-18 09:30:00",
              "data": {"msg_id": "1", "status": "DELIVERED", "timestamp": "x"}}
    assert gateway("seven", json=report).status_code == 200
    assert goodbyes(session) == []
    assert gateway("seven", json=event).status_code == 200
    assert goodbyes(session) == [State.WAITING]


def test_the_signature_is_the_one_of_twilio_s_own_example():
    assert twilio_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", {
        "CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234",
        "From": "+12349013030", "To": "+18005551212"}) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def twilio(gateway, *, token: str = TOKEN, **more: str):
    form = {"From": NUMBER, "To": "+4915700000000", "Body": "Stop", "MessageSid": "SM1",
            "NumMedia": "0", **more}
    signed = twilio_signature(token, f"https://push.stadt.example/sms/twilio/{SECRET}", form)
    return gateway("twilio", data=form, headers={"X-Twilio-Signature": signed})


def test_twilio_is_believed_by_its_signature(session, resident, gateway):
    assert twilio(gateway, token="another").status_code == 403
    assert goodbyes(session) == []
    answer = twilio(gateway)
    assert (answer.status_code, answer.text) == (200, "")  # a text would be sent as an SMS
    assert goodbyes(session) == [State.WAITING]


def test_where_twilio_has_answered_itself_we_do_not(session, resident, gateway):
    assert twilio(gateway, OptOutType="STOP").status_code == 200
    assert goodbyes(session) == []
    assert session.get(Contact, resident) is None


def test_an_unsigned_request_is_not_twilio_s_where_another_gateway_is_set_up(make_app):
    app = make_app(sms_url="smseagle://token@127.0.0.1/{to}", sms_inbound_secret=SECRET)
    form = {"From": NUMBER, "Body": "Stop"}
    signed = twilio_signature("", f"http://localhost/sms/twilio/{SECRET}", form)
    assert app.test_client().post(f"/sms/twilio/{SECRET}", data=form, headers={
        "X-Twilio-Signature": signed}).status_code == 403
