"""Signing up step by step with a script, and at the counter with a telephone that is none
too smart."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.deeds import THINKING
from tests.journeys.town import Town
from tests.journeys.visitor import Reader, without_javascript

pytestmark = pytest.mark.browser

MOBILE = "+4915123456789"


def test_step_by_step_with_a_street_and_back_again_nothing_is_lost(
        town: Town, browser: Browser) -> None:
    (town.folder / "streets.csv").write_text("Grotenburg;Hiddesen\n", encoding="utf-8")
    town.run("load-streets", str(town.folder / "streets.csv"))
    page = browser.new_page(locale="de-DE", viewport={"width": 390, "height": 800})
    visitor = Reader(page)
    visitor.open(f"{town.url}/anmelden")
    opened = time.monotonic()
    visitor.press("Weiter")
    expect(page.get_by_role("alert")).to_contain_text("Wählen Sie mindestens einen Ortsteil")
    _find_by_street(page)
    visitor.press("Weiter")
    visitor.wait_for_text("Schritt 2 von 5: Was?")
    visitor.tick("Abfall")
    visitor.wait_for_text("können wir noch nicht sagen")
    visitor.press("Weiter")
    visitor.type("email", "anna@example.org")
    page.keyboard.press("Enter")  # goes on; it does not send
    visitor.wait_for_text("Schritt 4 von 5")
    page.go_back()
    visitor.wait_for_text("Schritt 3 von 5")
    expect(page.locator("[name=email]")).to_have_value("anna@example.org")
    visitor.press("Weiter")
    visitor.press("Weiter")
    visitor.tick("Ja, Stadt Detmold darf")
    time.sleep(max(0.0, opened + THINKING - time.monotonic()))
    visitor.press("Anmelden")
    visitor.wait_for_text("Noch ein Schritt")
    page.go_back()  # as it was left, ready to be sent again
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    expect(page.locator("[name=email]")).to_have_value("anna@example.org")
    time.sleep(THINKING)
    visitor.press("Anmelden")
    visitor.wait_for_text("Noch ein Schritt")
    town.wait_for_contacts(1)
    town.wait_for_mail("anna@example.org")
    assert len(town.mails_to("anna@example.org")) == 1
    page.context.close()


def _find_by_street(page: Page) -> None:
    """Type a street; only its Ortsteil is left, and says why."""
    page.get_by_label("Ortsteil oder Straße suchen").press_sequentially("Grotenburg 5")
    row = page.locator(".kern-form-check", has=page.get_by_label("Hiddesen"))
    expect(row).to_contain_text("Grotenburg")
    expect(page.get_by_label("Klüt")).to_be_hidden()
    page.get_by_label("Hiddesen").check()


def test_somebody_without_a_smartphone_signs_up_at_the_counter(
        town: Town, browser: Browser) -> None:
    clerk = _clerk(town, browser)
    for label in ("Hiddesen", "Baustellen", "Vorgelesen", "Die Person hat zugestimmt"):
        clerk.tick(label)
    clerk.type("sms", "0151 23456789")
    clerk.press("Anmelden")
    clerk.wait_for_text("Lassen Sie sich den Code daraus vorlesen")
    code = re.search(r"\d{6}", town.wait_for_sms(MOBILE, "Code"))
    assert code is not None
    clerk.type("code", code.group())
    clerk.press("Code bestätigen")
    clerk.wait_for_text("Die Handynummer ist bestätigt.")
    town.announce("Glatteis im Ort", "Die Straßen sind glatt, bitte langsam fahren.")
    town.wait_for_sms(MOBILE, "bitte langsam fahren")

    clerk.open(f"{town.url}/redaktion/schalter")
    clerk.press("Jemand möchte keine Meldungen mehr")
    clerk.type("kontakt", "0151 23456789")
    clerk.press("Abmelden")
    clerk.wait_for_text("kommen keine Meldungen mehr an")
    town.wait_for_contacts(0)
    clerk.page.context.close()


def _clerk(town: Town, browser: Browser) -> Reader:
    """A clerk at the counter, whose account was just made."""
    said = town.run("staff", "add", "schalter@stadt.example", "--role", "clerk")
    password = re.search(r"only now\): (\S+)", said)
    assert password is not None
    clerk = without_javascript(browser)
    clerk.open(f"{town.url}/redaktion/schalter")
    clerk.type("email", "schalter@stadt.example")
    clerk.type("password", password[1])
    clerk.press("Anmelden")
    clerk.wait_for_text("Am Schalter anmelden")
    return clerk
