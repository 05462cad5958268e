"""An editor corrects what went out; who got it gets the correction beneath it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import UnsavedText
from tests.journeys.deeds import body_of, confirm_by_mail, link_in, publish, sign_in, sign_up
from tests.journeys.town import Town
from tests.journeys.visitor import Reader, without_javascript

pytestmark = pytest.mark.browser

ADDRESS = "anna@example.org"


def test_a_correction_arrives_beneath_the_original_and_the_old_link_leads_to_it(
        town: Town, browser: Browser) -> None:
    resident, editor = without_javascript(browser), without_javascript(browser)
    sign_up(resident, town, email=ADDRESS)
    confirm_by_mail(resident, town, ADDRESS)
    sign_in(editor, town)
    publish(editor, town, "Brücke gesperrt", "Bis Freitag.")
    original = town.wait_for_mail(ADDRESS, "Brücke gesperrt")
    editor.press("Korrigieren")
    editor.type("change", "Sie ist bis Samstag gesperrt.")
    editor.type("body", "Bis Samstag.")
    editor.press("Weiter zum Veröffentlichen")
    editor.wait_for_text("Korrektur veröffentlichen?")
    editor.press("Korrektur veröffentlichen")
    editor.wait_for_text("Die Korrektur ist veröffentlicht")
    correction = town.wait_for_mail(ADDRESS, "Korrektur: Brücke gesperrt")
    assert correction["In-Reply-To"] == original["Message-ID"]
    assert "Sie ist bis Samstag gesperrt." in body_of(correction)
    resident.open(link_in(original, "/meldungen/"))
    resident.wait_for_text("Diese Meldung wurde korrigiert.")
    resident.press("Zur neuen Fassung")
    resident.wait_for_text("Bis Samstag.")


def test_a_correction_outlives_a_lost_connection_and_a_change_of_mind(
        town: Town, browser: Browser) -> None:
    editor = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(editor, town)
    publish(editor, town, "Brücke gesperrt", "Bis Freitag.")
    editor.press("Korrigieren")
    page = editor.page
    editor.type("change", "Sie ist bis Samstag gesperrt.")
    expect(page.locator("[data-help='count-change']")).to_contain_text("SMS: 2 Teile")
    page.locator("[data-live] summary").click()
    expect(page.locator("[data-live]")).to_contain_text("Das ist jetzt anders: Sie ist bis Samstag")
    expect(page.locator("[data-kept]")).to_contain_text("Gesichert um")

    page.context.set_offline(True)
    editor.type("body", "Bis Samstag, 18 Uhr.")
    page.locator("[name=title]").focus()  # leaving a field keeps it at once
    expect(page.locator("[data-kept]")).to_contain_text("Keine Verbindung")
    context, address = page.context, page.url
    page.close()
    context.set_offline(False)
    editor = Reader(context.new_page())
    page = editor.page
    editor.open(address)
    editor.wait_for_text("Das haben Sie angefangen und nicht gespeichert")
    page.get_by_role("button", name="In das Formular holen").click()
    expect(page.locator("[name=change]")).to_have_value("Sie ist bis Samstag gesperrt.")
    expect(page.locator("[name=body]")).to_have_value("Bis Samstag, 18 Uhr.")

    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    editor.type("change", "Sie ist wieder offen.")
    with page.expect_navigation():  # the words of the first time still stand there
        editor.press("Entwurf speichern")
    editor.press("Fassungen")
    editor.wait_for_text("Was anders war als in der Fassung davor")
    page.locator(".desk-versions a").last.click()
    editor.press("In das Formular holen")
    expect(page.locator("[name=change]")).to_have_value("Sie ist bis Samstag gesperrt.")
    editor.press("Weiter zum Veröffentlichen")
    editor.wait_for_text("Korrektur veröffentlichen?")
    editor.press("Korrektur veröffentlichen")
    editor.wait_for_text("Die Korrektur ist veröffentlicht")
    with town.database() as session:
        correction = session.scalars(
            select(Announcement).order_by(Announcement.id.desc()).limit(1)).one()
        assert correction.change("de", "standard") == "Sie ist bis Samstag gesperrt."
        assert correction.text("de", "standard").body == "Bis Samstag, 18 Uhr."
        assert session.scalars(select(UnsavedText)).all() == []
