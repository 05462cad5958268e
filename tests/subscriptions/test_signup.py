"""Asking, confirming, leaving: on both databases."""

from __future__ import annotations

from subscriptions.leaving import leave
from subscriptions.models import Consent, Contact, Subscriber
from subscriptions.signup import Asked, Choices, Inbox, Wording, ask, confirm

WORDING = Wording("2026-11", "Ja, ich möchte Nachrichten.")


def test_a_confirmed_sign_up_is_active_and_its_consent_is_provable(app, session, now, make_topic):
    topic, seals = make_topic(), app.extensions["seals"]
    request = ask(session, seals, Choices(topics=[topic.id]),
                  [Inbox("email", "anna@example.org")], WORDING, now)
    (contact, asked), = request.contacts
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
