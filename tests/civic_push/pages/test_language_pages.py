"""Which language a page speaks, how it writes dates, and what it remembers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask_babel import force_locale

from channels.base import direction_of
from civic_push.announcements import publishing
from civic_push.languages import EASY, LANGUAGES, locale_of
from civic_push.web.language import CHOICES, isolated, moment
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import Resident


def spoken(page):
    """The language and direction that a page says it has."""
    found = re.search(r'<html lang="([a-z]+)"( dir="rtl")?>', page.text)
    return found[1], "rtl" if found[2] else "ltr"


def shown(page):
    """What the language switch says is chosen."""
    return re.search(r'value="(\w+)" lang="\w+" aria-current="true"', page.text)[1]


def test_every_choice_is_switched_to_and_remembered(resident):
    for choice in CHOICES:
        resident.open("/impressum?thema=x&sprache=en")
        page = resident.press("/sprache", sprache=choice)
        assert (page.request.path, dict(page.request.args)) == ("/impressum", {"thema": "x"})
        language = "de" if choice == "einfach" else choice
        for seen in (page, resident.open("/impressum")):
            assert spoken(seen) == (language, direction_of(language))
            assert shown(seen) == choice


def test_the_switch_names_each_language_in_its_own_words(resident):
    page = resident.open("/").text
    for code, name in LANGUAGES.items():
        assert f'value="{code}" lang="{code}"' in page
        assert name in page
    assert 'value="einfach" lang="de"' in page


def test_a_new_visitor_is_spoken_to_as_the_browser_wishes(resident):
    for wish, language in (
            ("tr-TR,tr;q=0.9,de;q=0.5", "tr"), ("uk", "uk"), ("ru-RU", "ru"), ("en-US", "en"),
            ("ar-SY,en;q=0.3", "ar"), ("fr,nl", "de"), ("\xff;q=x,,;", "de")):
        page = resident.open("/impressum", headers={"Accept-Language": wish})
        assert spoken(page)[0] == language, wish


def test_what_a_cookie_or_an_address_says_must_be_a_language(resident):
    resident.client.set_cookie("sprache", "klingonisch")
    assert spoken(resident.open("/?sprache=../../etc"))[0] == "de"


def test_links_of_a_page_asked_for_in_a_language_lead_on_in_it(resident):
    page = resident.open("/?sprache=uk")
    assert 'href="/anmelden?sprache=uk"' in page.text
    assert 'href="/static' in page.text
    assert not re.search(r'"/static[^"]*sprache', page.text)
    page = resident.open("/anmelden?sprache=uk")
    page = resident.press("/anmelden")
    assert (page.status_code, spoken(page)[0]) == (422, "uk")
    assert spoken(resident.open("/"))[0] == "de"


def test_a_plain_page_shows_plain_texts_and_a_form_for_plain_messages(
        resident, session, make_announcement):
    announcement = make_announcement(body="Die Brücke ist gesperrt.", plain_title="Brücke zu",
                                     plain_body="Die Brücke ist zu.")
    publishing.publish(session(), announcement, datetime.now(UTC))
    number = announcement.id
    assert "Die Brücke ist zu." in resident.open(f"/meldungen/{number}?sprache=einfach").text
    assert "Brücke zu" in resident.open("/meldungen?sprache=einfach").text
    form = resident.open("/anmelden?sprache=einfach").text
    assert re.search(r'name="form" value="plain" checked', form)
    assert re.search(r'name="form" value="standard" checked', resident.open("/anmelden").text)


def test_signed_links_speak_as_their_resident_wants_to_be_written_to(
        app, link, make_contact):
    for subscriber, choice in (({"language": "ar"}, "ar"), ({"register": "plain"}, "einfach"),
                               ({"language": "en", "register": "plain"}, "en")):
        contact = make_contact(subscriber=subscriber)
        visitor = Resident(app.test_client())
        address = link(Purpose.MANAGE, contact)
        assert shown(visitor.open(address)) == choice
        visitor.open("/")
        visitor.press("/sprache", sprache="tr")
        assert shown(visitor.open(address)) == "tr"  # the visitor's own choice goes first


def test_the_desk_speaks_german_and_english_only(resident):
    page = resident.open("/redaktion/anmelden", headers={"Accept-Language": "ar"})
    assert spoken(page) == ("de", "ltr")
    assert 'value="en"' in page.text
    assert 'value="ar"' not in page.text


def test_dates_are_written_as_the_language_does_on_the_town_s_clocks(app):
    when = datetime(2028, 2, 29, 12, 5, tzinfo=UTC)
    for locale, date, time in (
            ("de", "29. Februar 2028", "13:05"), (EASY, "29. Februar 2028", "13:05"),
            ("en_GB", "29 February 2028", "13:05"), ("tr", "29 Şubat 2028", "13:05"),
            ("ru", "29 февраля 2028", "13:05"), ("uk", "29 лютого 2028", "13:05"),
            ("ar", "29 فبراير 2028", "1:05")):
        with force_locale(locale):
            assert date in moment(when, "date")
            assert date in moment(when)
            assert time in moment(when)
            assert time in moment(when, "time")


def test_a_german_moment_reads_as_people_say_it(app):
    with force_locale("de"):
        assert moment(datetime(2026, 11, 18, 9, 30, tzinfo=UTC)) == "18. November 2026, 10:30 Uhr"


def test_each_reader_has_a_locale_and_a_direction():
    assert [locale_of(code) for code in LANGUAGES] == ["de", "en_GB", "tr", "ru", "uk", "ar"]
    assert locale_of("de", "plain") == EASY
    assert locale_of("tr", "plain") == "tr"
    assert [direction_of(code) for code in LANGUAGES] == ["ltr"] * 5 + ["rtl"]


def test_names_are_isolated_and_escaped():
    assert isolated("<Hiddesen>") == "<bdi>&lt;Hiddesen&gt;</bdi>"


def test_caches_keep_languages_apart(resident):
    assert {"Accept-Language", "Cookie"} <= {
        word.strip() for word in resident.open("/").headers["Vary"].split(",")}
