"""Adding, confirming, replacing, removing and uniting one's own contacts, on the pages."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from civic_push.db import utcnow
from civic_push.delivery.models import Delivery
from civic_push.web.own_contacts import MOST
from subscriptions.codes import MAX_TRIES
from subscriptions.models import Consent, Contact, Knock, Subscriber
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import without_tokens
from tests.civic_push.pages.settings import add_to, open_settings, where

NUMBER = "+4915123456789"


def alive(session):
    session.rollback()
    return session.scalars(select(Contact).order_by(Contact.id)).all()


def code_for(app, session, contact_id):
    """What the SMS to a contact says."""
    contact = session.get(Contact, contact_id)
    return app.extensions["tokens"].code(contact.id, contact.challenge)


def test_a_contact_is_added_as_in_a_sign_up_and_belongs_to_the_same_person(
        session, resident, link, sent, make_contact):
    path = open_settings(resident, link, make_contact())
    assert resident.press(f"{path}/neu", sms="0151 23456789").status_code == 422
    assert resident.error_at("einwilligung")
    page = resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    assert page.request.path == "/anmelden/fertig"
    first, added = alive(session)
    assert added.subscriber_id == first.subscriber_id
    assert (added.channel, added.state) == ("sms", "pending")
    assert sent() == [("sms", "confirm")]


def test_nothing_chosen_and_what_is_one_s_own_already_are_said(
        session, resident, link, make_contact):
    contact = make_contact("email", "anna@example.org")
    path = open_settings(resident, link, contact)
    resident.press(f"{path}/neu", einwilligung="ja")
    assert resident.error_at("wege")
    resident.press(f"{path}/neu", email="Anna@example.org", einwilligung="ja")
    assert "schon angemeldet" in resident.error_at("email")
    assert len(alive(session)) == 1


def test_nobody_collects_contacts_without_end(session, resident, link, make_contact):
    contact = make_contact()
    for number in range(MOST - 1):
        add_to(session, contact, make_contact, "email", f"noch{number}@example.org")
    path = open_settings(resident, link, contact)
    resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    assert resident.error_at("wege")
    assert len(alive(session)) == MOST


def test_a_pending_contact_is_confirmed_later_from_the_settings(
        app, session, resident, link, sent, make_contact):
    contact = make_contact()
    pending = add_to(session, contact, make_contact, "sms", NUMBER, state="pending",
                     verified_at=None)
    path = open_settings(resident, link, contact)
    assert "Noch nicht bestätigt" in resident.page.text
    resident.press(f"{path}/bestaetigen", kontakt=str(pending.id))
    assert sent() == [("sms", "confirm")]
    resident.press("/code", code=code_for(app, session, pending.id))
    assert [c.state for c in alive(session)] == ["active", "active"]


def test_a_new_number_takes_the_old_one_s_place_when_it_is_confirmed(
        app, session, resident, link, sent, make_contact):
    contact = make_contact()
    old = add_to(session, contact, make_contact, "sms", NUMBER, frequency="weekly",
                 digest_hour=7)
    path = open_settings(resident, link, contact)
    resident.open(f"{path}/wege/{old.id}")
    assert "… 789" in resident.page.text
    page = resident.press(f"{path}/wege/", neu="0151 11111111", einwilligung="ja")
    assert page.request.path == "/anmelden/fertig"
    assert [c.state for c in alive(session)] == ["active", "active", "pending"]
    new = alive(session)[2]
    resident.press("/code", code=code_for(app, session, new.id))
    first, second = alive(session)
    assert (first.id, second.id) == (contact.id, new.id)
    assert (second.state, second.frequency, second.digest_hour) == ("active", "weekly", 7)
    assert sent() == [("sms", "confirm")]


def test_what_waits_for_an_address_goes_to_the_one_that_takes_its_place(
        session, resident, link, make_contact):
    old, now = make_contact("email", "anna@example.org", frequency="weekly"), utcnow()
    path = open_settings(resident, link, old)
    resident.open(f"{path}/wege/{old.id}")
    resident.press(f"{path}/wege/", neu="neu@example.org", einwilligung="ja")
    former, new = alive(session)
    waits = {"contact_id": former.id, "channel": "email", "lane": "digest", "created_at": now,
             "due_at": now + timedelta(days=3), "expires_at": now + timedelta(days=9)}
    session.add_all(Delivery(**{**waits, **row}) for row in (
        {"announcement_id": 1},
        {"announcement_id": 2, "leased_until": now},  # a worker is at it
        {"announcement_id": 3, "state": "sent", "receipt": "77"},
        {"announcement_id": 5, "state": "refused"},
        {"announcement_id": 4}, {"announcement_id": 4, "contact_id": new.id},
        {"purpose": "manage"}))
    session.commit()
    confirmation = link(Purpose.CONFIRM, new)
    resident.open(confirmation)
    resident.press(confirmation)
    assert [c.id for c in alive(session)] == [new.id]
    found = session.scalars(select(Delivery).where(
        Delivery.contact_id == new.id, Delivery.lane == "digest").order_by(
        Delivery.announcement_id)).all()
    assert [(d.announcement_id, d.state, d.receipt) for d in found] == [
        (1, "waiting", None), (3, "sent", None), (4, "waiting", None)]


@pytest.mark.parametrize("typed", ["", "anna@", "anna@example.org"])
def test_a_wrong_new_address_is_said_at_its_field(session, resident, link, make_contact, typed):
    contact = make_contact("email", "anna@example.org")
    path = open_settings(resident, link, contact)
    resident.open(f"{path}/wege/{contact.id}")
    page = resident.press(f"{path}/wege/", neu=typed, einwilligung="ja")
    assert page.status_code == 422
    assert resident.error_at("neu")
    assert f'value="{typed}"' in page.text
    assert len(alive(session)) == 1


def test_one_contact_is_removed_and_another_person_s_is_not(
        session, resident, link, make_contact):
    contact, stranger = make_contact(), make_contact()
    sms = add_to(session, contact, make_contact, "sms", NUMBER)
    path = open_settings(resident, link, contact)
    assert "… 789" in resident.page.text
    assert "r…@example.org" in resident.page.text
    resident.press(f"{path}/abmelden", kontakt=str(stranger.id))
    assert resident.open(f"{path}/wege/{stranger.id}").request.path != f"{path}/wege/{stranger.id}"
    assert len(alive(session)) == 3
    resident.open(path)
    resident.press(f"{path}/abmelden", kontakt=str(contact.id))
    assert {c.id for c in alive(session)} == {sms.id, stranger.id}
    assert "… 789" in resident.page.text, "the page stays open for what is left"
    resident.press(f"{where(resident)}/abmelden", kontakt=str(sms.id))
    assert "Sie sind abgemeldet" in resident.page.text
    assert {c.id for c in alive(session)} == {stranger.id}


def two_people(session, make_contact, make_topic):
    """Anna, by mail and for one topic; and the owner of a number, for another."""
    roads, waste = make_topic("baustellen"), make_topic("abfall")
    anna = make_contact("email", "anna@example.org", pairs=((roads, None),))
    phone = make_contact("sms", NUMBER, pairs=((waste, None),))
    session.add(Consent(contact_id=phone.id, channel="sms", wording_version="1", wording="Ja",
                        fingerprint=phone.fingerprint, asked_at=phone.created_at,
                        confirmed_at=phone.created_at))
    session.commit()
    return anna, phone, {roads.id, waste.id}


def test_an_address_in_use_looks_like_any_other_until_it_is_confirmed(
        session, resident, other, link, make_contact, make_topic):
    anna, phone, _topics = two_people(session, make_contact, make_topic)
    bert = make_contact("email", "bert@example.org")
    pages = []
    for visitor, contact, number in ((resident, anna, "0151 23456789"),
                                     (other, bert, "0151 99999999")):
        path = open_settings(visitor, link, contact)
        after = visitor.press(f"{path}/neu", sms=number, einwilligung="ja")
        pages.append([without_tokens(after.text).replace(number[-8:], "").replace(
            "+4915123456789", "").replace("+4915199999999", "")])
        listed = visitor.open(path).text
        pages[-1].append(listed.count("Noch nicht bestätigt"))
    assert pages[0] == pages[1]
    assert phone.subscriber_id != anna.subscriber_id


def test_whoever_owns_both_unites_them_with_the_code(
        app, session, resident, link, sent, make_contact, make_topic):
    anna, phone, topics = two_people(session, make_contact, make_topic)
    path = open_settings(resident, link, anna)
    resident.press(f"{path}/neu", sms="0151 23456789", sms_oft="daily", einwilligung="ja")
    assert sent() == [("sms", "unite")]
    claim = alive(session)[2]
    resident.press("/code", code=code_for(app, session, claim.id))
    assert "bestätigt" in resident.page.text
    mail, number = alive(session)
    assert (mail.id, number.id) == (anna.id, phone.id), "links sent before go on to hold"
    assert mail.subscriber_id == number.subscriber_id
    assert number.frequency == "daily"
    assert {s.topic_id for s in mail.subscriber.subscriptions} == topics
    assert session.query(Subscriber).count() == 1
    proofs = session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [p.contact_id for p in proofs] == [phone.id, phone.id]
    assert all(p.confirmed_at and p.fingerprint == number.fingerprint for p in proofs)


def test_whoever_owns_both_unites_them_with_the_link_and_only_by_pressing(
        session, resident, other, link, sent, make_contact, make_topic):
    anna, phone, _topics = two_people(session, make_contact, make_topic)
    path = open_settings(resident, link, phone)
    resident.press(f"{path}/neu", email="anna@example.org", einwilligung="ja")
    assert sent() == [("email", "unite")]
    claim = alive(session)[2]
    confirmation = link(Purpose.CONFIRM, claim)
    shown = other.open(confirmation).text
    assert "a…@example.org" in shown
    assert "789" not in shown, "the other side is not told before"
    assert len({c.subscriber_id for c in alive(session)}) == 2
    page = other.press(confirmation)
    assert "Ihre Einstellungen sind vereint" in page.text
    assert "… 789" in page.text
    assert "a…@example.org" in page.text
    assert "Ihre Auswahl ist gemischt" not in page.text
    assert {c.id for c in alive(session)} == {anna.id, phone.id}
    assert len({c.subscriber_id for c in alive(session)}) == 1
    assert other.open(confirmation).status_code == 410


def test_a_mixed_choice_stays_until_it_is_changed(
        session, resident, link, make_contact, make_topic, make_neighbourhood):
    roads, waste = make_topic("baustellen"), make_topic("abfall")
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    contact = make_contact(pairs=((roads, here), (waste, there)))
    path = open_settings(resident, link, contact)
    assert "Ihre Auswahl ist gemischt" in resident.page.text
    resident.press(path, form="plain")
    assert len(alive(session)[0].subscriber.subscriptions) == 2
    resident.press(where(resident), thema=str(roads.id))
    assert {(s.topic_id, s.neighbourhood_id) for s in alive(session)[0].subscriber.subscriptions
            } == {(roads.id, here.id), (roads.id, there.id)}


def test_adding_the_same_address_again_and_again_asks_one_contact_three_times(
        session, resident, link, sent, make_contact, make_topic):
    anna, _phone, _topics = two_people(session, make_contact, make_topic)
    for _ in range(5):
        path = open_settings(resident, link, anna)
        resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    assert [c.state for c in alive(session)] == ["active", "active", "pending"]
    assert sent() == [("sms", "unite")] * 3, "no inbox is flooded"


def add_again(session, resident, path, number="0151 23456789"):
    """Remove whatever waits for a number, and add the number; return what waits now."""
    for waits in [c for c in alive(session) if c.state == "pending"]:
        resident.open(path)
        resident.press(f"{path}/abmelden", kontakt=str(waits.id))
    resident.open(path)
    resident.press(f"{path}/neu", sms=number, einwilligung="ja")
    return next(c for c in alive(session) if c.state == "pending")


def test_removing_and_adding_an_inbox_again_floods_it_as_little(
        session, resident, other, link, sent, make_contact):
    path = open_settings(resident, link, make_contact())
    for _ in range(5):
        add_again(session, resident, path)
        other.open("/einstellungen")
        other.press("/einstellungen", kontakt="0151 23456789")
    assert sent() == [("sms", "confirm")] * 3


def test_without_a_message_there_is_no_code_to_guess(
        app, session, resident, link, sent, make_contact):
    path = open_settings(resident, link, make_contact())
    for _ in range(4):
        waits = add_again(session, resident, path)
    assert sent() == [("sms", "confirm")] * 3
    resident.press("/code", code=code_for(app, session, waits.id))
    assert "stimmt nicht oder gilt nicht mehr" in resident.error_at("code")
    assert [c.state for c in alive(session)] == ["active", "pending"]


def test_codes_for_somebody_s_number_are_guessed_five_times_a_day_by_all_who_claim_it(
        app, session, resident, other, link, sent, now, make_contact, make_topic):
    anna, phone, _topics = two_people(session, make_contact, make_topic)
    bert = make_contact("email", "bert@example.org")
    paths = [open_settings(visitor, link, contact)
             for visitor, contact in ((resident, bert), (other, anna))]
    claim = add_again(session, resident, paths[0])
    right = code_for(app, session, claim.id)
    for _ in range(MAX_TRIES):
        resident.press("/code", code=f"{(int(right) + 1) % 1_000_000:06d}")
    claim = add_again(session, resident, paths[0])
    assert sent() == [("sms", "unite")] * 2, "a new code, and still"
    resident.press("/code", code=code_for(app, session, claim.id))
    assert "versuchen Sie es morgen wieder" in resident.error_at("code")
    assert phone.subscriber_id != alive(session)[2].subscriber_id
    session.execute(update(Knock).values(since=utcnow() - timedelta(hours=25)))
    resident.open(paths[0])
    resident.press(f"{paths[0]}/abmelden", kontakt=str(claim.id))
    other.press(f"{paths[1]}/neu", sms="0151 23456789", einwilligung="ja")
    mine = next(c for c in alive(session) if c.claimed)
    other.press("/code", code=code_for(app, session, mine.id))
    alive(session)
    assert phone.subscriber_id == anna.subscriber_id, "the owner, a day later"


def test_guesses_do_not_keep_the_owner_of_a_number_from_signing_it_up(
        app, session, resident, other, link, sign_up, make_contact):
    path = open_settings(resident, link, make_contact())
    resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    for _ in range(MAX_TRIES + 1):
        resident.press("/code", code="12")
    sign_up(other, sms="0151 23456789")
    other.press("/code/neu")
    waits = next(c for c in alive(session) if c.state == "pending")
    assert "ist bestätigt" in other.press("/code", code=code_for(app, session, waits.id)).text


def test_a_sign_up_that_waits_elsewhere_is_claimed_not_taken(
        app, session, resident, other, link, sign_up, sent, make_contact):
    sign_up(other, email="anna@example.org")
    waits, = alive(session)
    first, its = link(Purpose.CONFIRM, waits), waits.subscriber_id
    path = open_settings(resident, link, make_contact("sms", NUMBER))
    resident.press(f"{path}/neu", email="anna@example.org", einwilligung="ja")
    assert sent() == [("email", "confirm")] * 2
    waits, _phone, claim = alive(session)
    assert waits.subscriber_id == its
    shown = other.open(link(Purpose.CONFIRM, claim)).text
    assert "Anmeldung bestätigen" in shown
    assert "… 789" in shown, "the second mail says whose settings it is about"
    assert "… 789" not in other.open(first).text
    other.press(first)
    waits, phone, claim = alive(session)
    assert (waits.state, claim.state) == ("active", "pending")
    assert waits.subscriber_id != phone.subscriber_id
    assert "Einstellungen vereinen?" in other.open(link(Purpose.CONFIRM, claim)).text


def test_what_nobody_confirmed_elsewhere_is_one_s_own_once_confirmed(
        session, resident, link, sign_up, make_contact):
    sign_up(email="anna@example.org")
    path = open_settings(resident, link, make_contact("sms", NUMBER))
    resident.press(f"{path}/neu", email="anna@example.org", einwilligung="ja")
    confirmation = link(Purpose.CONFIRM, next(c for c in alive(session) if c.claimed))
    resident.open(confirmation)
    assert "Ihre Adresse ist bestätigt" in resident.press(confirmation).text
    phone, mail = alive(session)
    assert (mail.state, mail.subscriber_id) == ("active", phone.subscriber_id)


def test_the_cookie_is_as_long_for_an_address_in_use_as_for_any_other(
        app, session, resident, link, make_contact, make_topic):
    anna, _phone, _topics = two_people(session, make_contact, make_topic)
    for number in range(10):  # contact numbers of two digits
        make_contact("email", f"r{number}@example.org")
    path = open_settings(resident, link, anna)
    lengths = []
    for number in ("0151 23456789", "0151 99999999"):
        resident.open(path)
        resident.press(f"{path}/neu", sms=number, einwilligung="ja")
        with resident.client.session_transaction() as cookie:
            lengths.append(len(base64.urlsafe_b64decode(cookie["waiting"])))
    assert lengths[0] == lengths[1]
