"""Preferences and leaving, on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from civic_push.db import utcnow
from civic_push.web import preferences as preferences_module
from subscriptions.models import Consent, Contact
from subscriptions.preferences import choices_of
from subscriptions.timing import TOWN_TIME
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import without_tokens
from tests.civic_push.pages.settings import add_to, open_settings, where


def alive(session):
    session.rollback()
    return session.scalars(select(Contact).order_by(Contact.id)).all()


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
    path = open_settings(resident, link, contact)
    shown = next(f for f in resident.forms() if f.action == path).values
    assert (shown["thema"], shown["ortsteil"]) == ([str(topic.id)], [str(place.id)])
    assert (shown["ruhe_von"], shown["ruhe_bis"]) == (["22"], ["6"])
    page = resident.press(path, **{
        "thema": [str(topic.id), str(other_topic.id)], "ortsteil": "alle", "form": "plain",
        "sprache": "en", "ruhe_von": "", "ruhe_bis": "", f"k{contact.id}_oft": "weekly",
        f"k{contact.id}_stunde": "7", f"k{contact.id}_tag": "6"})
    assert page.status_code == 200
    contact, = alive(session)
    chosen = choices_of(contact.subscriber)
    assert (chosen.topics, chosen.neighbourhoods) == ([topic.id, other_topic.id], [])
    assert (chosen.register, chosen.language, chosen.quiet_from) == ("plain", "en", None)
    assert (contact.frequency, contact.digest_hour, contact.digest_weekday) == ("weekly", 7, 6)


def test_wrong_choices_change_nothing_and_stay_on_the_page(
        session, resident, link, make_contact, make_topic):
    topic = make_topic()
    contact = make_contact(pairs=((topic, None),))
    path = open_settings(resident, link, contact)
    page = resident.press(path, thema=None, form="plain")
    assert page.status_code == 422
    assert resident.error_at("thema")
    assert next(f for f in resident.forms() if f.action == path).values["form"] == ["plain"]
    assert choices_of(alive(session)[0].subscriber).register == "standard"


def test_a_form_older_than_a_contact_leaves_its_rhythm_alone(
        session, resident, link, make_contact):
    contact = make_contact()
    path = open_settings(resident, link, contact)
    younger = add_to(session, contact, make_contact, "sms", "+4915123456789")
    younger.frequency = "weekly"
    session.commit()
    resident.press(path, form="plain")
    assert [c.frequency for c in alive(session)] == ["now", "weekly"]


def test_a_contact_can_stand_in_for_a_browser_but_only_where_there_is_one(
        session, resident, link, make_contact):
    contact = make_contact()
    path = open_settings(resident, link, contact)
    assert "Nur als Ersatz" not in resident.page.text
    push = add_to(session, contact, make_contact, "push", "ein Browser")
    path = open_settings(resident, link, contact)
    resident.press(path, **{f"k{contact.id}_ersatz": "ja"})
    assert alive(session)[0].stands_in
    path = where(resident)
    resident.press(path)
    assert alive(session)[0].stands_in, "what was ticked is shown ticked"
    resident.press(f"{where(resident)}/abmelden", kontakt=str(push.id))
    assert "bisher nur Ersatz war" in resident.page.text
    mail, = alive(session)
    assert (mail.id, mail.stands_in) == (contact.id, False)


def test_the_link_opens_a_page_for_half_an_hour_in_one_browser(
        resident, other, link, make_contact, monkeypatch):
    contact = make_contact()
    path = open_settings(resident, link, contact)
    assert resident.open(path).status_code == 200
    copied = other.open(path)
    assert (copied.status_code, "nicht mehr offen" in copied.text) == (410, True)
    later = utcnow() + timedelta(minutes=31)
    monkeypatch.setattr(preferences_module, "utcnow", lambda: later)
    late = resident.open(path)
    assert (late.status_code, "nicht mehr offen" in late.text) == (410, True)


def test_the_page_can_be_kept_open_with_what_is_typed(
        resident, session, link, make_contact, monkeypatch):
    contact = make_contact()
    path = open_settings(resident, link, contact)
    form = next(f for f in resident.forms() if f.action == path)
    later = utcnow() + timedelta(minutes=20)
    monkeypatch.setattr(preferences_module, "utcnow", lambda: later)
    page = resident.open(f"{path}/verlaengern", method="POST",
                         data={**form.values, "form": "plain"})
    assert page.status_code == 200
    after = next(f for f in resident.forms() if "thema" in f.fields)
    assert after.action != path
    assert after.values["form"] == ["plain"]
    assert alive(session)[0].subscriber.register == "standard"


def test_a_script_keeps_the_page_open_in_the_background(resident, link, make_contact):
    path = open_settings(resident, link, make_contact())
    token = next(f for f in resident.forms() if f.action == path).values["csrf_token"]
    answer = resident.open(f"{path}/verlaengern", method="POST", data={"csrf_token": token},
                           headers={"Accept": "application/json"}).get_json()
    assert resident.open(f"/einstellungen/offen/{answer['token']}").status_code == 200
    assert datetime.fromisoformat(answer["until"]) > utcnow() + timedelta(minutes=29)


def test_a_closed_page_stays_closed_for_whoever_comes_next(resident, link, make_contact):
    path = open_settings(resident, link, make_contact())
    resident.press(f"{path}/schliessen")
    assert "Ihre Einstellungen sind geschlossen" in resident.page.text
    for below in ("", "/verlauf", "/daten", "/daten.json"):
        assert resident.open(path + below).status_code == 410


def test_closing_leaves_neither_addresses_nor_links_in_the_browser(resident, link, make_contact):
    path = open_settings(resident, link, make_contact())
    resident.press(f"{path}/neu", sms="0151 23456789", telegram="ja", einwilligung="ja")
    assert "+4915123456789" in resident.page.text
    assert "t.me/stadt_bot?start=" in resident.page.text
    resident.open(path)
    resident.press(f"{path}/schliessen")
    page = resident.open("/anmelden/fertig").text  # the next person at a library's computer
    assert "+4915123456789" not in page
    assert "?start=" not in page


def test_a_pause_lasts_until_its_last_day_is_over_and_can_be_ended(
        session, resident, link, make_contact):
    contact = make_contact()
    path = open_settings(resident, link, contact)
    day = utcnow().astimezone(TOWN_TIME).date() + timedelta(days=10)
    resident.press(f"{path}/pause", pause_bis=f"{day:%d.%m.%Y}", was="beginnen")
    assert "Ihre Pause dauert bis zum" in resident.page.text
    until = alive(session)[0].subscriber.paused_until.astimezone(TOWN_TIME)
    assert (until.date(), until.hour) == (day + timedelta(days=1), 0)
    resident.press(f"{where(resident)}/pause", was="beenden")
    assert alive(session)[0].subscriber.paused_until is None


@pytest.mark.parametrize("typed", ["", "morgen", "2001-01-01", "2999-01-01"])
def test_a_pause_that_cannot_be_is_said_at_its_field(session, resident, link, make_contact, typed):
    path = open_settings(resident, link, make_contact())
    page = resident.press(f"{path}/pause", pause_bis=typed, was="beginnen")
    assert page.status_code == 422
    assert resident.error_at("pause_bis")
    assert f'value="{typed}"' in page.text
    assert alive(session)[0].subscriber.paused_until is None


def test_links_to_preferences_that_do_not_hold_are_explained(resident, link, make_contact):
    contact = make_contact()
    expired = resident.open(link(Purpose.MANAGE, contact, -timedelta(minutes=1)))
    assert (expired.status_code, "Dieser Link ist abgelaufen" in expired.text) == (410, True)
    assert "Neuen Link anfordern" in expired.text
    foreign = link(Purpose.LEAVE, contact, None).replace("abmelden", "einstellungen")
    for path in (foreign, "/einstellungen/quatsch", foreign[:-1] + "A"):
        assert resident.open(path).status_code == 404


def test_a_link_in_a_message_opens_no_page_by_itself(resident, link, make_contact):
    path = link(Purpose.MANAGE, make_contact())
    resident.open("/einstellungen")
    assert resident.open(path.replace("einstellungen", "einstellungen/offen")).status_code == 410


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
