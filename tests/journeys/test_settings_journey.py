"""A resident's settings in a browser: kept open while somebody thinks, paused, united."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.deeds import confirm_by_mail, link_in, sign_up
from tests.journeys.town import Town
from tests.journeys.visitor import Reader, without_javascript

pytestmark = pytest.mark.browser

HOME, WORK = "anna@example.org", "anna@work.example"
MINUTES = 60_000  # milliseconds


def ask_for_link(visitor: Reader, town: Town, address: str) -> str:
    """Ask for the link to one's settings; return it."""
    visitor.open(f"{town.url}/einstellungen")
    visitor.type("kontakt", address)
    visitor.press("Link schicken")
    return link_in(town.wait_for_mail(address, "Ihr Link"), "/einstellungen/")


def test_whoever_thinks_long_is_warned_and_loses_nothing(town: Town, browser: Browser) -> None:
    sign_up(without_javascript(browser), town, email=HOME)
    resident = Reader(browser.new_context(locale="de-DE").new_page())
    confirm_by_mail(resident, town, HOME)
    link = ask_for_link(resident, town, HOME)
    page: Page = resident.page
    page.clock.install()
    resident.open(link)
    first = page.url
    resident.tick("Einfache Sprache")
    warning = page.locator("[data-page-warning]")
    expect(warning).to_be_hidden()
    page.clock.fast_forward(29 * MINUTES)
    expect(warning).to_be_visible()
    time.sleep(1)  # a link says its end in whole seconds: asked for in the same one, it is the same
    resident.press("30 Minuten länger")
    expect(warning).to_be_hidden()
    expect(page.locator("[data-page-extended]")).to_be_visible()
    assert page.url != first
    page.clock.fast_forward(5 * MINUTES)
    expect(page.locator("[data-page-closed]")).to_be_hidden()
    resident.press("Änderungen speichern")
    resident.wait_for_text("Einstellungen sind gespeichert")
    assert page.get_by_label("Einfache Sprache", exact=True).is_checked()


def test_two_sign_ups_of_one_person_become_one_without_a_script(
        town: Town, browser: Browser) -> None:
    at_home, at_work = without_javascript(browser), without_javascript(browser)
    sign_up(at_home, town, email=HOME)
    confirm_by_mail(at_home, town, HOME)
    sign_up(at_work, town, email=WORK, topic="Kultur")
    confirm_by_mail(at_work, town, WORK)

    at_home.open(ask_for_link(at_home, town, HOME))
    at_home.page.locator("main summary").get_by_text("Noch einen Weg").click()
    at_home.type("email", WORK)
    at_home.tick("Ja, Stadt Detmold darf")
    at_home.press("Hinzufügen")
    at_home.wait_for_text("Noch ein Schritt")
    at_work.open(link_in(town.wait_for_mail(WORK, "vereinen"), "/bestaetigen/"))
    assert HOME[2:] not in at_work.page.locator("main").inner_text()
    at_work.press("Einstellungen vereinen")
    at_work.wait_for_text("Ihre Einstellungen sind vereint")
    at_work.wait_for_text("a…@example.org")
    at_work.wait_for_text("a…@work.example")
    assert at_work.page.get_by_label("Kultur").first.is_checked()
    assert at_work.page.get_by_label("Baustellen").first.is_checked()
