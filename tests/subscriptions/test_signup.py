"""Asking, confirming, leaving: on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from subscriptions.knocking import may_guess, may_knock
from subscriptions.leaving import leave
from subscriptions.models import Consent, Contact, Knock, Subscriber
from subscriptions.signup import Asked, Choices, Inbox, Wording, ask, confirm
from subscriptions.vanishing import vanish_unconfirmed

WORDING = Wording("2026-11", "Ja, ich möchte Nachrichten.")


def test_a_confirmed_sign_up_is_active_and_its_consent_is_provable(app, session, now, make_topic):
    topic, seals = make_topic(), app.extensions["seals"]
    found = ask(session, seals, Choices(topics=[topic.id]),
                  [Inbox("email", "anna@example.org")], WORDING, now)
    (contact, asked), = found
    assert asked == Asked.PENDING
    assert confirm(session, contact, "link", now)
    assert not confirm(session, contact, "link", now)
    session.commit()
    assert session.query(Contact).one().state == "active"
    consent = session.query(Consent).one()
    assert (consent.wording, consent.confirmed_at) == (WORDING.text, now)
    assert b"anna" not in contact.address


def test_leaving_keeps_only_the_hashed_proof(app, session, now, make_contact):
    contact = make_contact()
    assert leave(session, [contact.id], "link", now) == 1
    session.commit()
    assert session.query(Contact).count() == session.query(Subscriber).count() == 0
    assert leave(session, [contact.id], "link", now) == 0


def test_what_nobody_confirms_vanishes_after_a_week_with_all_that_hangs_on_it(
        app, session, now, make_topic, make_contact):
    topic, seals = make_topic(), app.extensions["seals"]
    kept = make_contact("email", "kept@example.org")
    for days, address in ((8, "old@example.org"), (6, "new@example.org")):
        ask(session, seals, Choices(topics=[topic.id]), [Inbox("email", address)], WORDING,
            now - timedelta(days=days))
    assert may_knock(session, b"1" * 32, now - timedelta(days=2))
    session.commit()
    assert vanish_unconfirmed(session, now) == 1
    session.commit()
    marks = set(session.scalars(select(Contact.fingerprint)))
    assert marks == {kept.fingerprint, seals.fingerprint("email", "new@example.org")}
    assert [session.query(t).count() for t in (Subscriber, Consent, Knock)] == [2, 1, 0]
    assert vanish_unconfirmed(session, now) == 0


def test_an_inbox_is_written_to_so_often_a_day_and_no_more(app, session, now):
    anna, ben = b"a" * 32, b"b" * 32
    assert [may_knock(session, anna, now) for _ in range(3)] == [True, False, False]
    assert may_knock(session, ben, now)  # each address for itself
    assert [may_knock(session, anna, now, limit=3) for _ in range(3)] == [True, True, False]
    assert not may_knock(session, anna, now + timedelta(hours=23))
    assert may_knock(session, anna, now + timedelta(hours=24))


def test_guesses_and_messages_are_counted_beside_each_other(app, session, now):
    anna, tomorrow = b"a" * 32, now + timedelta(hours=24)
    assert [may_guess(session, anna, now, 2) for _ in range(3)] == [True, True, False]
    assert [may_knock(session, anna, now) for _ in range(2)] == [True, False]
    assert may_knock(session, anna, tomorrow)
    assert [may_guess(session, anna, tomorrow, 2) for _ in range(3)] == [True, True, False]
    assert not may_knock(session, anna, tomorrow)
