"""Preferences and leaving, on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from subscriptions.models import Consent, Contact, Subscriber
from subscriptions.preferences import choices_of
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import without_tokens


def alive(session):
    session.rollback()
    return session.scalars(select(Contact).order_by(Contact.id)).all()


def add_to(session, contact, make_contact, channel, address):
    """Give a subscriber one more verified contact."""
    other = make_contact(channel, address)
    stranger = other.subscriber
    other.subscriber = contact.subscriber
    session.flush()
    session.expire(stranger)
    session.delete(stranger)
    session.commit()
    return other


def test_the_link_goes_out_and_the_page_says_the_same_to_strangers(
        resident, other, sent, make_contact):
    make_contact("email", "anna@example.org")
    make_contact("sms", "+4915123456789")
    pages = []
    for visitor, typed in ((resident, "Anna@example.org"), (other, "nobody@example.org"),
                           (resident, "0151/23456789")):
        visitor.open("/einstellungen")
        pages.append(without_tokens(visitor.press("/einstellungen", kontakt=typed).text))
    assert pages[0] == pages[1] == pages[2]
    assert "Wenn wir diese Adresse kennen" in pages[0]
    assert sent() == [("email", "manage"), ("sms", "manage")]


def test_who_has_not_confirmed_yet_is_sent_the_confirmation_again(
        resident, sent, make_contact):
    make_contact("email", "anna@example.org", state="pending", verified_at=None)
    resident.open("/einstellungen")
    resident.press("/einstellungen", kontakt="anna@example.org")
    assert sent() == [("email", "confirm")]


@pytest.mark.parametrize("typed", ["", "anna@", "keine Nummer"])
def test_what_is_no_address_is_said_at_the_field(resident, sent, typed):
    resident.open("/einstellungen")
    assert resident.press("/einstellungen", kontakt=typed).status_code == 422
    assert resident.error_at("kontakt")
    assert sent() == []


def test_the_page_shows_what_is_stored_and_stores_what_is_changed(
        session, resident, link, make_contact, make_topic, make_neighbourhood):
    topic, other_topic = make_topic("baustellen"), make_topic("abfall")
    place = make_neighbourhood()
    contact = make_contact(pairs=((topic, place),), subscriber={"quiet_from": 22, "quiet_to": 6})
    path = link(Purpose.MANAGE, contact)
    resident.open(path)
    shown = next(f for f in resident.forms() if f.action == path).values
    assert (shown["thema"], shown["ortsteil"]) == ([str(topic.id)], [str(place.id)])
    assert (shown["ruhe_von"], shown["ruhe_bis"]) == (["22"], ["6"])
    page = resident.press(path, **{
        "thema": [str(topic.id), str(other_topic.id)], "ortsteil": "alle", "form": "plain",
        "sprache": "en", "ruhe_von": "", "ruhe_bis": "", f"k{contact.id}_oft": "weekly",
        f"k{contact.id}_stunde": "7", f"k{contact.id}_tag": "6"})
    assert "Einstellungen sind gespeichert" in page.text
    contact, = alive(session)
    chosen = choices_of(contact.subscriber)
    assert (chosen.topics, chosen.neighbourhoods) == ([topic.id, other_topic.id], [])
    assert (chosen.register, chosen.language, chosen.quiet_from) == ("plain", "en", None)
    assert (contact.frequency, contact.digest_hour, contact.digest_weekday) == ("weekly", 7, 6)


def test_wrong_choices_change_nothing_and_stay_on_the_page(
        session, resident, link, make_contact, make_topic):
    topic = make_topic()
    contact = make_contact(pairs=((topic, None),))
    path = link(Purpose.MANAGE, contact)
    resident.open(path)
    page = resident.press(path, thema=None, form="plain")
    assert page.status_code == 422
    assert resident.error_at("thema")
    assert next(f for f in resident.forms() if f.action == path).values["form"] == ["plain"]
    assert choices_of(alive(session)[0].subscriber).register == "standard"


def test_a_contact_is_added_as_in_a_sign_up_and_belongs_to_the_same_person(
        session, resident, link, sent, make_contact):
    contact = make_contact()
    path = link(Purpose.MANAGE, contact)
    resident.open(path)
    assert resident.press(f"{path}/neu", sms="0151 23456789").status_code == 422
    assert resident.error_at("einwilligung")
    page = resident.press(f"{path}/neu", sms="0151 23456789", einwilligung="ja")
    assert page.request.path == "/anmelden/fertig"
    first, added = alive(session)
    assert added.subscriber_id == first.subscriber_id
    assert (added.channel, added.state) == ("sms", "pending")
    assert sent() == [("sms", "confirm")]


def test_one_contact_is_removed_and_another_person_s_is_not(
        session, resident, link, make_contact):
    contact, stranger = make_contact(), make_contact()
    sms = add_to(session, contact, make_contact, "sms", "+4915123456789")
    path = link(Purpose.MANAGE, contact)
    resident.open(path)
    assert "… 789" in resident.page.text
    assert "r…@example.org" in resident.page.text
    resident.press(f"{path}/abmelden", kontakt=str(stranger.id))
    assert len(alive(session)) == 3
    resident.press(f"{path}/abmelden", kontakt=str(sms.id))
    assert {c.id for c in alive(session)} == {contact.id, stranger.id}
    resident.press(f"{path}/abmelden", kontakt=str(contact.id))
    assert "Sie sind abgemeldet" in resident.page.text
    assert {c.id for c in alive(session)} == {stranger.id}


def test_leaving_altogether_deletes_the_person_and_their_choices(
        session, resident, link, make_contact):
    contact = make_contact()
    add_to(session, contact, make_contact, "sms", "+4915123456789")
    path = link(Purpose.MANAGE, contact)
    resident.open(path)
    assert "Sie sind abgemeldet" in resident.press(f"{path}/abmelden", was="alles").text
    assert alive(session) == []
    assert session.query(Subscriber).count() == 0
    gone = resident.open(path)
    assert (gone.status_code, "ist abgemeldet" in gone.text) == (410, True)


def test_a_copy_of_everything_stored_can_be_taken_along(
        session, resident, link, make_contact, make_topic):
    contact = make_contact("email", "anna@example.org", pairs=((make_topic(), None),))
    data = resident.open(f"{link(Purpose.MANAGE, contact)}/daten.json").get_json()
    assert data["contacts"][0]["address"] == "anna@example.org"
    assert data["subscriptions"] == [{"topic": "Baustellen", "neighbourhood": None}]


def test_links_to_preferences_that_do_not_hold_are_explained(resident, link, make_contact):
    contact = make_contact()
    expired = resident.open(link(Purpose.MANAGE, contact, -timedelta(minutes=1)))
    assert (expired.status_code, "Dieser Link ist abgelaufen" in expired.text) == (410, True)
    assert "Neuen Link anfordern" in expired.text
    foreign = link(Purpose.LEAVE, contact, None).replace("abmelden", "einstellungen")
    for path in (foreign, "/einstellungen/quatsch", foreign[:-1] + "A"):
        assert resident.open(path).status_code == 404


def test_opening_the_leave_link_ends_nothing_and_the_button_ends_this_contact(
        session, resident, link, make_contact):
    contact = make_contact()
    sms = add_to(session, contact, make_contact, "sms", "+4915123456789")
    path = link(Purpose.LEAVE, contact, None)
    page = resident.open(path)
    assert "r…@example.org" in page.text
    assert "… 789" in page.text
    assert len(alive(session)) == 2
    assert "Sie sind abgemeldet" in resident.press(path, was="kanal").text
    assert [c.id for c in alive(session)] == [sms.id]
    assert "Sie sind abgemeldet" in resident.open(path).text  # again: no error


def test_everything_can_be_left_from_any_message(session, resident, link, make_contact):
    contact = make_contact()
    add_to(session, contact, make_contact, "sms", "+4915123456789")
    path = link(Purpose.LEAVE, contact, None)
    resident.open(path)
    resident.press(path, was="alles")
    assert alive(session) == []


def test_mail_programs_leave_with_one_post_and_without_cookies(
        app, session, link, make_contact):
    contact = make_contact()
    session.add(Consent(contact_id=contact.id, channel="email", wording_version="1", wording="Ja",
                        asked_at=contact.created_at, confirmed_at=contact.created_at))
    session.commit()
    path = link(Purpose.LEAVE, contact, None)
    for _ in range(2):  # RFC 8058: programs may repeat it, and follow no redirect
        answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert alive(session) == []
    assert session.scalars(select(Consent)).one().ended_reason == "one-click"
    assert app.test_client().post("/abmelden/quatsch",
                                  data={"List-Unsubscribe": "One-Click"}).status_code == 404


def test_other_posts_without_a_token_end_nothing(app, session, link, make_contact):
    path = link(Purpose.LEAVE, make_contact(), None)
    assert app.test_client().post(path, data={"was": "alles"}).status_code == 400
    assert len(alive(session)) == 1


def test_one_click_never_ends_more_than_its_own_contact(app, session, link, make_contact):
    contact = make_contact()
    sms = add_to(session, contact, make_contact, "sms", "+4915123456789")
    app.test_client().post(link(Purpose.LEAVE, contact, None),
                           data={"List-Unsubscribe": "One-Click", "was": "alles"})
    assert [c.id for c in alive(session)] == [sms.id]


def test_pages_behind_signed_links_are_kept_by_nobody(resident, link, make_contact):
    contact = make_contact()
    for path in (link(Purpose.MANAGE, contact), link(Purpose.LEAVE, contact, None),
                 link(Purpose.CONFIRM, contact)):
        headers = resident.open(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
