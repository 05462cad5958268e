"""Signing up without a mouse, on a screen of 320 pixels."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page

from tests.browsers import chromium
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.deeds import PLACE, THINKING, TOPIC
from tests.journeys.town import Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

NARROW = 320  # CSS pixels: WCAG 2.2, 1.4.10
_FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(),
        style = getComputedStyle(e), label = e.labels && e.labels[0];
  return {
    words: ((label || e).innerText || e.getAttribute('aria-label') || '').trim(),
    visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left >= 0
      && box.left < innerWidth,
    ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    hidden: e.matches('[aria-hidden=true] *'),
  };
}"""


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
        for label in (PLACE, TOPIC, "Benachrichtigungen in diesem Browser", "Ja, Stadt Detmold"):
            tab_to(page, label)
            page.keyboard.press("Space")
            assert page.evaluate("document.activeElement.checked")
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
        page.goto(f"{town.url}/anmelden")
        page.locator("[name=email]").fill("keine Adresse")
        page.keyboard.press("Enter")
        page.wait_for_selector("#fehler")
        assert page.evaluate("document.activeElement.id") == "fehler"
        tab_to(page, "Schreiben Sie die E-Mail-Adresse so")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "email"
        assert page.evaluate("document.activeElement.value") == "keine Adresse"


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on an element with these words; on the way everything
    that takes the focus must be seen to have it."""
    for _step in range(90):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUSED)
        assert focus["visible"], focus
        assert focus["ring"], focus
        assert not focus["hidden"], focus
        if focus["words"].startswith(words):
            return
    raise AssertionError(f"Tab never comes to {words!r}")
