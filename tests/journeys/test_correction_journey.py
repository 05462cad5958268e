"""An editor corrects what went out; who got it gets the correction beneath it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.deeds import body_of, confirm_by_mail, link_in, publish, sign_in, sign_up
from tests.journeys.town import Town
from tests.journeys.visitor import without_javascript

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
