"""Signing up without a mouse, on a screen of 320 pixels."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from civic_push.legal.models import BarrierReport
from tests.browsers import chromium
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.deeds import PLACE, THINKING, TOPIC
from tests.journeys.keys import tab_to
from tests.journeys.town import Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

NARROW = 320  # CSS pixels: WCAG 2.2, 1.4.10


def test_browser_push_can_be_ordered_by_keyboard_alone_on_a_narrow_screen(
        town: Town, desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop, width=NARROW) as context:
        page = context.new_page()
        page.goto(f"{town.url}/anmelden")
        opened = time.monotonic()
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        tab_to(page, "Zum Inhalt")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "inhalt"
        for label in (PLACE, TOPIC, "Benachrichtigungen in diesem Browser", "",
                      "Ja, Stadt Detmold"):
            if label:
                tab_to(page, label)
                page.keyboard.press("Space")
                assert page.evaluate("document.activeElement.checked")
            if not label.startswith("Ja"):
                tab_to(page, "Weiter")
                page.keyboard.press("Enter")
                assert page.evaluate("document.activeElement.innerText").startswith("Schritt")
        tab_to(page, "Anmelden")
        time.sleep(max(0.0, opened + THINKING - time.monotonic()))
        page.keyboard.press("Enter")
        page.wait_for_url("**/anmelden/fertig")
        tab_to(page, "Einschalten")
        page.keyboard.press("Space")
        Reader(page).wait_for_text("Benachrichtigungen sind eingeschaltet.")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        desktop.wait("Das hat geklappt")


def test_errors_take_the_focus_and_lead_to_their_fields(town: Town,
                                                        desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop, width=NARROW) as context:
        page = context.new_page()
        page.goto(f"{town.url}/anmelden#alles")
        page.locator("[name=email]").fill("keine Adresse")
        page.keyboard.press("Enter")
        page.wait_for_selector("#fehler")
        assert page.evaluate("document.activeElement.id") == "fehler"
        tab_to(page, "Schreiben Sie die E-Mail-Adresse so")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "email"
        assert page.evaluate("document.activeElement.value") == "keine Adresse"


def test_a_language_is_chosen_by_keyboard_and_remembered(
        town: Town, desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop, width=NARROW) as context:
        page = context.new_page()
        page.goto(f"{town.url}/impressum")
        tab_to(page, "Sprache dieser Seiten:")
        page.keyboard.press("Enter")
        tab_to(page, "العربية")
        page.keyboard.press("Enter")
        page.wait_for_function("document.dir === 'rtl'")
        assert page.url == f"{town.url}/impressum"
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        page.goto(f"{town.url}/datenschutz")
        assert page.evaluate("document.documentElement.lang") == "ar"


def test_a_barrier_is_reported_by_keyboard_alone(
        town: Town, desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop, width=NARROW) as context:
        page = context.new_page()
        page.goto(f"{town.url}/barrierefreiheit")
        tab_to(page, "Barriere melden")
        page.keyboard.press("Enter")
        page.wait_for_url("**/melden")
        opened = time.monotonic()
        tab_to(page, "Ihre Nachricht")
        page.keyboard.type("Der Knopf ist zu klein.")
        tab_to(page, "Nachricht senden")
        time.sleep(max(0.0, opened + THINKING - time.monotonic()))
        page.keyboard.press("Enter")
        Reader(page).wait_for_text("Ihre Nachricht ist angekommen")
        with town.database() as session:
            assert session.scalars(select(BarrierReport.message)).all() == [
                "Der Knopf ist zu klein."]
