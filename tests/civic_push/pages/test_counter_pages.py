"""Signing up at the counter: a clerk enters, the inbox confirms itself."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from civic_push.staff import accounts
from civic_push.staff.models import TrailEntry
from civic_push.web import asking
from civic_push.web.sentences import CONSENT_VERSION
from subscriptions.codes import MAX_TRIES
from subscriptions.models import Consent, Contact
from subscriptions.preferences import choices_of
from tests.civic_push.conftest import sign_in
from tests.civic_push.pages.resident import Resident, without_tokens

NUMBER = "+4915123456789"


@pytest.fixture
def staff(app, session, now):
    """A clerk's account."""
    clerk = accounts.create(session, "schalter@example.org", "korrekt-pferd-batterie", "clerk",
                            now)
    session.commit()
    return clerk


@pytest.fixture
def clerk(app, session, staff):
    """A clerk who has signed in."""
    client = app.test_client()
    sign_in(client, session, staff)
    return Resident(client)


@pytest.fixture
def enter(clerk):
    """Fill in the counter's form for somebody with a mobile phone, and send it."""
    def fill(**entered):
        clerk.open("/redaktion/schalter")
        return clerk.press("/redaktion/schalter", **{
            "ortsteil": "alle", "thema": "alle", "sms": "0151 23456789", "gegeben": "read out",
            "einwilligung": "ja", **entered})
    return fill


def code_for(app, session):
    contact = session.scalars(select(Contact)).one()
    return app.extensions["tokens"].code(contact.id, contact.challenge)


def test_the_code_read_out_to_the_clerk_confirms_and_the_consent_says_by_whom(
        app, session, clerk, staff, enter, sent, make_topic):
    topic = make_topic("senioren")
    page = enter(thema=[str(topic.id)], form="plain", sms_oft="daily", einwilligung_in="tr")
    assert page.request.path == "/redaktion/schalter/fertig"
    assert sent() == [("sms", "confirm")]
    code = code_for(app, session)
    page = clerk.press("/redaktion/schalter/code", code=f"{code[:3]} {code[3:]}")
    assert "Die Handynummer ist bestätigt." in page.text
    contact = session.scalars(select(Contact)).one()
    session.refresh(contact)
    assert (contact.state, contact.frequency) == ("active", "daily")
    assert choices_of(contact.subscriber).topics == [topic.id]
    consent = session.scalars(select(Consent)).one()
    assert (consent.given, consent.staff_id) == ("read out", staff.id)
    assert consent.wording_version == f"{CONSENT_VERSION}-tr"
    assert (consent.confirmed_by, consent.confirmed_at is not None) == ("counter", True)


def test_who_calls_later_reads_the_code_out_by_telephone(app, session, clerk, enter):
    enter()
    code = code_for(app, session)
    clerk.open("/redaktion/schalter")  # the next person's form is empty
    kept = next(f for f in clerk.forms() if "sms" in f.fields).values
    assert (kept["sms"], kept.get("ortsteil")) == ([""], None)
    clerk.client.delete_cookie("session")  # another clerk's desk, another day
    staff = session.scalars(select(accounts.Staff)).one()
    sign_in(clerk.client, session, staff)
    clerk.open("/redaktion/schalter/code")
    page = clerk.press("/redaktion/schalter/code", nummer="0151 23456789", code=code)
    assert "Die Handynummer ist bestätigt." in page.text
    assert session.scalar(select(Contact.state)) == "active"


def test_a_wrong_code_keeps_what_was_typed_and_ends_after_five_tries(
        app, session, clerk, enter, sent):
    enter()
    right = code_for(app, session)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _try in range(MAX_TRIES):
        page = clerk.press("/redaktion/schalter/code", code=wrong)
        assert (page.status_code, "stimmt nicht" in clerk.error_at("code")) == (422, True)
    form = next(f for f in clerk.forms() if "code" in f.fields)
    assert (form.values["nummer"], form.values["code"]) == ([NUMBER], [wrong])
    clerk.press("/redaktion/schalter/code", code=right)
    assert "Nach fünf falschen Codes hilft nur eine neue SMS" in clerk.error_at("code")
    clerk.press("/redaktion/schalter/code", was="neu")
    assert sent() == [("sms", "confirm")] * 2
    page = clerk.press("/redaktion/schalter/code", code=code_for(app, session))
    assert "Die Handynummer ist bestätigt." in page.text


def test_the_clerk_must_say_how_the_consent_was_given_and_loses_nothing(
        session, clerk, enter, sent):
    page = enter(gegeben=None, einwilligung=None, ortsteil=None, email="anna@")
    assert page.status_code == 422
    for name in ("ortsteil", "email", "gegeben", "einwilligung"):
        assert clerk.error_at(name), name
        assert f'<a href="#{name}">' in page.text
        assert f'id="{name}"' in page.text
    kept = next(f for f in clerk.forms() if "sms" in f.fields).values
    assert (kept["sms"], kept["email"]) == (["0151 23456789"], ["anna@"])
    enter(sms="")
    assert "Handynummer oder eine E-Mail-Adresse" in clerk.error_at("wege")
    assert sent() == []
    assert session.query(Contact).count() == 0


def test_the_clerk_does_not_learn_whether_a_number_was_known(
        clerk, enter, sent, make_contact):
    make_contact("sms", NUMBER)
    known = enter().text
    fresh = enter(sms="0151 23456780").text
    assert without_tokens(known) == without_tokens(fresh).replace("6780", "6789")
    assert sent() == [("sms", "known"), ("sms", "confirm")]


def test_a_wrong_code_does_not_tell_the_clerk_whether_a_number_was_known(
        session, clerk, make_contact, monkeypatch):
    make_contact("sms", NUMBER)
    clerk.open("/redaktion/schalter/code")
    waits: list[float] = []
    monkeypatch.setattr(asking, "level", waits.append)
    known, unknown = (
        without_tokens(clerk.press("/redaktion/schalter/code", nummer=number, code="000000").text)
        for number in ("0151 23456789", "0151 23456780"))
    assert known == unknown.replace("6780", "6789")
    assert clerk.error_at("code")
    clerk.press("/redaktion/schalter/code", was="neu")
    assert len(waits) == 3, "every answer takes its time"


def test_the_counter_offers_only_what_needs_no_device_of_ones_own(clerk):
    page = clerk.open("/redaktion/schalter").text
    form = next(f for f in clerk.forms() if "sms" in f.fields)
    assert {"sms", "email"} <= form.fields
    assert not {"telegram", "push"} & form.fields
    assert 'autocomplete="email"' not in page  # or the browser offered the last person's
    assert 'autocomplete="tel"' not in page


def test_the_sheet_shows_the_same_wording_in_every_language(app, session, clerk, enter):
    enter(einwilligung_in="de")
    stored = session.scalars(select(Consent.wording)).one()
    assert stored in clerk.open("/redaktion/schalter/einwilligung").text
    arabic = clerk.open("/redaktion/schalter/einwilligung?in=ar").text
    assert 'lang="ar"' in arabic
    assert 'dir="rtl"' in arabic
    assert clerk.open("/redaktion/schalter/einwilligung?in=xx").status_code == 200


def test_a_clerk_ends_messages_for_who_cannot(session, clerk, make_contact):
    make_contact("sms", NUMBER)
    clerk.open("/redaktion/schalter/abmelden")
    clerk.press("/redaktion/schalter/abmelden", kontakt="12")
    assert clerk.error_at("kontakt")
    known = clerk.press("/redaktion/schalter/abmelden", kontakt="0151 23456789").text
    unknown = clerk.press("/redaktion/schalter/abmelden", kontakt="anna@example.org").text
    for page in (known, unknown):
        assert "kommen keine Meldungen mehr an" in page
    assert session.query(Contact).count() == 0


def test_the_trail_names_no_resident(session, enter):
    enter(email="anna@example.org")
    entry = session.scalars(select(TrailEntry).order_by(TrailEntry.id.desc())).first()
    assert entry is not None
    assert entry.action == "counter.signed_up"
    assert "anna" not in f"{entry.before}{entry.after}{entry.object_id}"
