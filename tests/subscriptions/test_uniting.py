"""Two subscribers become one, and what contacts leave behind: on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from subscriptions.leaving import NOBODY, leave, leave_all, part_proofs, years_before
from subscriptions.models import Consent, Contact, ContactState, Subscriber
from subscriptions.preferences import choices_of, is_mixed, pause_end
from subscriptions.signup import Inbox, Wording, add_contact, confirm

WORDING = Wording("2026-11", "Ja, ich möchte Nachrichten.")
MAIL = Inbox("email", "anna@example.org")


@pytest.fixture
def add(app, session, now):
    """Ask to add an inbox to somebody's contacts."""
    def ask(contact, inbox=MAIL, **more):
        return add_contact(session, app.extensions["seals"], contact.subscriber, inbox, WORDING,
                           now, **more)
    return ask


def given(session, contact, now, **more):
    session.add(Consent(**{
        "contact_id": contact.id, "channel": contact.channel, "wording_version": "1",
        "wording": "Ja", "fingerprint": contact.fingerprint, "asked_at": now,
        "confirmed_at": now, **more}))
    session.commit()


def contacts(session):
    session.expire_all()
    return session.scalars(select(Contact).order_by(Contact.id)).all()


def test_before_it_is_confirmed_a_claim_changes_nothing_for_either(
        session, now, make_contact, add):
    phone, mail = make_contact("sms"), make_contact("email", MAIL.address)
    claim = add(phone)
    session.commit()
    assert (claim.state, claim.fingerprint) == (ContactState.PENDING, None)
    assert mail.subscriber_id != phone.subscriber_id
    assert add(phone).id == claim.id, "asked again it is the same one"


def test_a_confirmed_claim_unites_all_that_both_have(
        session, now, make_contact, make_topic, add):
    roads, waste = make_topic("baustellen"), make_topic("abfall")
    phone = make_contact("sms", pairs=((roads, None), (waste, None)),
                         subscriber={"language": "en"})
    mail = make_contact("email", MAIL.address, pairs=((waste, None), (None, None)))
    kept = {s.id for s in phone.subscriber.subscriptions}
    assert confirm(session, add(phone), "link", now)
    session.commit()
    assert [c.id for c in contacts(session)] == [phone.id, mail.id]
    person, = session.query(Subscriber).all()
    assert person.language == "en"
    pairs = [(s.topic_id, s.neighbourhood_id) for s in person.subscriptions]
    assert sorted(pairs, key=str) == sorted(
        [(roads.id, None), (waste.id, None), (None, None)], key=str)
    assert kept <= {s.id for s in person.subscriptions}, "reasons of past deliveries stay"
    assert choices_of(person).topics == [], "all topics are among them"


def test_a_claim_holds_when_the_address_left_meanwhile(app, session, now, make_contact, add):
    phone, mail = make_contact("sms"), make_contact("email", MAIL.address)
    claim = add(phone)
    leave(session, [mail.id], "link", now)
    assert confirm(session, claim, "link", now)
    session.commit()
    assert [c.id for c in contacts(session)] == [phone.id, claim.id]
    assert claim.fingerprint == app.extensions["seals"].fingerprint("email", MAIL.address)


def test_a_claim_beats_who_signed_the_address_up_and_did_not_confirm(
        session, now, make_contact, add):
    phone, mail = make_contact("sms"), make_contact("email", MAIL.address)
    claim = add(phone)
    mail.state = ContactState.PENDING
    session.commit()
    assert confirm(session, claim, "link", now)
    session.commit()
    assert [c.id for c in contacts(session)] == [phone.id, claim.id]
    assert session.query(Subscriber).count() == 1


def test_two_that_claim_each_other_become_one(session, now, make_contact, add):
    phone, mail = make_contact("sms", "+4915123456789"), make_contact("email", MAIL.address)
    one, other = add(phone), add(mail, Inbox("sms", "+4915123456789"))
    assert confirm(session, one, "link", now)
    assert confirm(session, other, "code", now)
    session.commit()
    assert [c.id for c in contacts(session)] == [phone.id, mail.id]
    assert session.query(Subscriber).count() == 1


def test_a_replaced_contact_ends_only_if_it_is_one_s_own(session, now, make_contact, add):
    phone, stranger = make_contact("sms"), make_contact("sms")
    confirm(session, add(phone, replaces_id=stranger.id), "link", now)
    assert len(contacts(session)) == 3
    confirm(session, add(phone, Inbox("email", "neu@example.org"), replaces_id=phone.id),
            "link", now)
    session.commit()
    assert phone.id not in {c.id for c in contacts(session)}
    assert stranger.id in {c.id for c in contacts(session)}


def test_replacing_an_address_by_one_in_use_unites_and_ends_the_old_one(
        session, now, make_contact, add):
    old, mail = make_contact("email"), make_contact("email", MAIL.address)
    given(session, old, now)
    confirm(session, add(old, replaces_id=old.id), "link", now)
    session.commit()
    assert [c.id for c in contacts(session)] == [mail.id]
    assert session.query(Consent).filter_by(ended_reason="replaced").count() == 1


def test_a_number_is_never_given_to_another_contact(session, now, make_contact):
    contact = make_contact()
    number, person = contact.id, contact.subscriber_id
    leave(session, [contact.id], "link", now)
    session.commit()
    after = make_contact()
    assert after.id > number
    assert after.subscriber_id > person


def test_what_was_never_confirmed_leaves_no_proof(session, now, make_contact):
    contact = make_contact(state=ContactState.PENDING)
    given(session, contact, now, confirmed_at=None)
    leave_all(session, contact.subscriber_id, "erased", now)
    session.commit()
    assert session.query(Consent).count() == 0


def test_proofs_lose_their_number_after_a_day_and_end_after_their_term(
        session, now, make_contact):
    fresh, parted, old, living = (make_contact() for _ in range(4))
    for contact, age in ((fresh, timedelta(hours=1)), (parted, timedelta(days=2)),
                         (old, timedelta(days=3 * 366))):
        given(session, contact, now - age, ended_at=now - age, ended_reason="link")
    given(session, living, now - timedelta(days=9 * 366))
    assert part_proofs(session, 3, now) == 1
    session.commit()
    assert {c.contact_id for c in session.query(Consent)} == {fresh.id, NOBODY, living.id}
    assert part_proofs(session, 3, now) == 0


def test_a_term_that_begins_on_a_leap_day_ends_in_february():
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 3) == datetime(2025, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hour"), [
    ("2026-03-28", 23), ("2026-10-24", 22), ("2026-10-25", 23), ("2028-02-29", 23)])
def test_a_pause_ends_at_midnight_on_the_town_s_clocks(day, hour):
    end = pause_end(datetime.fromisoformat(day).date()).astimezone(UTC)
    assert (end.date().isoformat(), end.hour) == (day, hour)


def test_a_choice_is_mixed_where_the_form_would_say_more(make_contact, make_topic,
                                                         make_neighbourhood):
    topic, place = make_topic(), make_neighbourhood()
    assert not is_mixed(make_contact(pairs=((topic, place),)).subscriber)
    assert not is_mixed(make_contact().subscriber)
    assert is_mixed(make_contact(pairs=((topic, place), (None, None))).subscriber)
