"""What was sent, which consents there are, the copy, and erasing, on the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from civic_push.announcements import publishing
from civic_push.announcements.publishing import Draft
from civic_push.db import utcnow
from civic_push.delivery.models import Delivery, Lane, Purpose, State
from civic_push.delivery.residents import PAUSED
from subscriptions.models import Consent, Contact, Subscriber
from tests.civic_push.pages.settings import add_to, open_settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "own-data.md"


def deliver(session, contact, title="Sperrung", **overrides):
    """Put an announcement for a contact into the ledger."""
    now = utcnow()
    announcement = publishing.save(session, Draft(title=title, body="Die Straße ist zu."), now)
    session.flush()
    row = Delivery(**{
        "announcement_id": announcement.id, "contact_id": contact.id, "channel": contact.channel,
        "subscription_id": contact.subscriber.subscriptions[0].id, "lane": Lane.NORMAL,
        "state": State.SENT, "sent_at": now, "due_at": now, "expires_at": now, "created_at": now,
        **overrides})
    session.add(row)
    session.commit()
    return row


def consent(session, contact, **overrides):
    session.add(Consent(**{
        "contact_id": contact.id, "channel": contact.channel, "wording_version": "7",
        "wording": "Ja, gern.", "asked_at": contact.created_at, "confirmed_by": "link",
        "confirmed_at": contact.created_at, "fingerprint": contact.fingerprint, **overrides}))
    session.commit()


def test_residents_see_what_was_sent_to_them_and_why_and_nobody_else_s(
        session, resident, link, make_contact, make_topic, make_neighbourhood):
    topic, place = make_topic(name="Baustellen"), make_neighbourhood(name="Hiddesen")
    contact, stranger = make_contact(pairs=((topic, place),)), make_contact()
    deliver(session, contact)
    deliver(session, contact, "Vor der Pause", state=State.CANCELLED, sent_at=None, error=PAUSED)
    deliver(session, contact, "Vor langer Zeit", created_at=utcnow() - timedelta(days=31))
    deliver(session, stranger, "Für andere")
    path = open_settings(resident, link, contact)
    page = resident.open(f"{path}/verlauf").text
    assert "Sperrung" in page
    assert "„Baustellen“ für Hiddesen" in page
    assert "weil Sie pausiert haben" in page
    assert "Vor langer Zeit" not in page
    assert "Für andere" not in page


def test_every_state_and_purpose_has_words(session, resident, link, make_contact):
    contact = make_contact()
    for state in State:
        deliver(session, contact, f"Meldung {list(State).index(state)}", state=state, sent_at=None)
    for purpose in set(Purpose) - {Purpose.ANNOUNCEMENT}:
        deliver(session, contact, purpose=purpose, announcement_id=None)
    path = open_settings(resident, link, contact)
    page = resident.open(f"{path}/verlauf").text
    for state in State:
        assert f"Meldung {list(State).index(state)}" in page
    assert not {word.value for word in (*State, *Purpose)} & set(re.findall(r"\w+", page))
    assert page.count("<h2") - 1 == len(State) + len(Purpose) - 1


def test_what_was_sent_is_shown_page_by_page_and_by_contact(
        session, resident, link, make_contact):
    contact = make_contact()
    sms = add_to(session, contact, make_contact, "sms", "+4915123456789")
    for number in range(52):
        deliver(session, contact, f"Meldung Nummer {number}.")
    deliver(session, sms, "Nur als SMS")
    path = open_settings(resident, link, contact)
    assert "Nur als SMS" in resident.open(f"{path}/verlauf").text
    assert "Meldung Nummer 2." not in resident.page.text
    older = re.search(r'href="([^"]*seite=2[^"]*)"', resident.page.text)
    assert "Meldung Nummer 2." in resident.open(older[1].replace("&amp;", "&")).text
    assert "Nur als SMS" not in resident.open(f"{path}/verlauf?weg={contact.id}").text
    assert "Meldung Nummer" not in resident.open(f"{path}/verlauf?weg={sms.id}").text


def test_nothing_tells_whether_an_address_is_somebody_else_s_before_it_is_confirmed(
        session, resident, link, sent, make_contact):
    known = make_contact("email", "bekannt@example.org")
    me = make_contact("email", "ich@example.org")
    path = open_settings(resident, link, me)
    for address in ("bekannt@example.org", "niemand@example.org"):
        resident.open(path)
        resident.press(f"{path}/neu", email=address, einwilligung="ja")
    assert sent() == [("email", "unite"), ("email", "confirm")]
    told = {contact["address"]: [d["purpose"] for d in contact["deliveries"]]
            for contact in resident.open(f"{path}/daten.json").get_json()["contacts"]}
    assert told["bekannt@example.org"] == told["niemand@example.org"] == ["confirm"]
    page = resident.open(f"{path}/verlauf").text
    assert page.count("Bitte um Bestätigung") == 2
    assert "vereint werden sollen" not in page
    assert known.subscriber_id != me.subscriber_id


def test_who_was_sent_nothing_is_told_so(resident, link, make_contact):
    path = open_settings(resident, link, make_contact())
    assert "Hier steht noch nichts" in resident.open(f"{path}/verlauf").text


def test_consents_are_shown_with_their_wording(session, resident, link, make_contact):
    contact = make_contact()
    consent(session, contact)
    consent(session, make_contact(), wording="Eines anderen Ja")
    path = open_settings(resident, link, contact)
    page = resident.open(f"{path}/daten").text
    assert "Ja, gern." in page
    assert "über den Link in der Nachricht" in page
    assert "Eines anderen Ja" not in page


def test_a_copy_of_everything_stored_can_be_taken_along(
        session, resident, link, make_contact, make_topic):
    contact = make_contact("email", "anna@example.org", pairs=((make_topic(), None),))
    consent(session, contact)
    deliver(session, contact)
    path = open_settings(resident, link, contact)
    answer = resident.open(f"{path}/daten.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = answer.get_json()
    assert data["subscriptions"] == [{"topic": "Baustellen", "neighbourhood": None}]
    mail, = data["contacts"]
    assert (mail["address"], mail["stands_in"]) == ("anna@example.org", False)
    assert mail["consents"][0]["wording"] == "Ja, gern."
    assert mail["deliveries"][0]["title"] == "Sperrung"
    assert mail["deliveries"][0]["reason"] == {"topic": "Baustellen", "neighbourhood": None}


def test_the_copy_s_every_part_is_described(session, resident, link, make_contact):
    contact = make_contact()
    consent(session, contact)
    deliver(session, contact)
    path = open_settings(resident, link, contact)
    described = set(re.findall(r"^\| `([\w.\[\]]+)`", DOCUMENT.read_text(encoding="utf-8"), re.M))
    assert names(resident.open(f"{path}/daten.json").get_json()) == described


def names(value, prefix=""):
    """The paths of all members of a JSON value, as docs/own-data.md writes them."""
    found = set()
    for key, inner in value.items():
        path = f"{prefix}{key}"
        found.add(path)
        if isinstance(inner, list):
            for entry in inner:
                found |= names(entry, f"{path}[].")
        elif isinstance(inner, dict):
            found |= names(inner, f"{path}.")
    return found


def test_erasing_leaves_no_address_in_the_browser(session, resident, link, make_contact):
    path = open_settings(resident, link, make_contact())
    resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    assert "+4915123456789" in resident.page.text
    resident.open(f"{path}/daten")
    resident.press(f"{path}/loeschen")
    assert "+4915123456789" not in resident.open("/anmelden/fertig").text


def test_erasing_leaves_nothing_but_the_proof(session, resident, link, make_contact):
    contact = make_contact()
    consent(session, contact)
    add_to(session, contact, make_contact, "sms", "+4915123456789", state="pending")
    path = open_settings(resident, link, contact)
    resident.open(f"{path}/daten")
    page = resident.press(f"{path}/loeschen")
    assert "Ihre Daten sind gelöscht" in page.text
    assert "nach 3 Jahren" in page.text
    session.rollback()
    assert session.query(Contact).count() == session.query(Subscriber).count() == 0
    proof = session.scalars(select(Consent)).one()
    assert (proof.ended_reason, len(proof.fingerprint)) == ("erased", 32)
    assert resident.open(path).status_code == 410
