"""Two sources tell one thing: an editor merges it with the keyboard, looks at what will leave,
sends it to himself, publishes it, and corrects it when a source says otherwise. With axe on
each state."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.deeds import body_of, confirm_by_mail, sign_in, sign_up
from tests.journeys.test_staff_journey import look
from tests.journeys.town import EDITOR, Town
from tests.journeys.visitor import Reader, without_javascript

pytestmark = pytest.mark.browser

HOME = "bruno@example.org"
LINK = "https://www.detmold.example/baustellen/1"


def test_from_the_tray_to_an_announcement_and_its_correction(
        town: Town, browser: Browser) -> None:
    resident = without_javascript(browser)
    sign_up(resident, town, email=HOME)
    confirm_by_mail(resident, town, HOME)
    two_sources_tell_it(town)
    editor = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(editor, town)

    editor.open(f"{town.url}/redaktion/eingang")
    editor.wait_for_text("2 Meldungen über dasselbe?")
    editor.wait_for_text("gleicher Link")
    look(editor.page)
    dismiss_and_undo_by_keyboard(editor)
    editor.press("Diese zusammenführen")
    editor.wait_for_text("Die Meldungen sind jetzt ein Entwurf.")
    editor.press("Weiter zum Veröffentlichen")
    editor.wait_for_text("Veröffentlichen?")
    try_it_on_oneself(editor, town)
    editor.press("Jetzt veröffentlichen")
    original = town.wait_for_mail(HOME, "Ampel in Hiddesen")

    town.feed.body = town.feed.body.replace(b"Bis heute Abend.", b"Bis morgen Abend.")
    for address in addresses(town):
        town.run("check-source", address)
    editor.open(f"{town.url}/redaktion/eingang")
    editor.wait_for_text("Korrektur")
    look(editor.page)
    editor.press("Bearbeiten")
    editor.type("change", "Die Ampel geht erst morgen Abend wieder.")
    editor.press("Weiter zum Veröffentlichen")
    editor.press("Korrektur veröffentlichen")
    correction = town.wait_for_mail(HOME, "Korrektur: Ampel in Hiddesen")
    assert correction["In-Reply-To"] == original["Message-ID"]
    assert "erst morgen Abend" in body_of(correction)


def addresses(town: Town) -> tuple[str, str]:
    """The two sources', which one server answers."""
    return town.feed.url, f"{town.feed.url}?amt=2"


def two_sources_tell_it(town: Town) -> None:
    """An item of one thing in each of two sources."""
    for name, address in zip(("Straßenamt", "Stadtwerke"), addresses(town), strict=True):
        town.run("add-source", address, "--name", name, "--topic", "baustellen")
    town.feed.add("Ampel in Hiddesen fällt aus", "Bis heute Abend.", LINK)
    for address in addresses(town):
        town.run("check-source", address)


def dismiss_and_undo_by_keyboard(editor: Reader) -> None:
    """With the keys, and not once they are switched off."""
    editor.page.keyboard.press("j")
    expect(editor.page.locator(".tray-entry").first).to_be_focused()
    editor.page.keyboard.press("d")
    editor.wait_for_text("Eine Meldung verworfen.")
    look(editor.page)
    editor.page.keyboard.press("u")
    editor.wait_for_text("Eine Meldung ist wieder im Eingang.")
    editor.page.keyboard.press("?")
    editor.page.get_by_label("Tastenkürzel sind eingeschaltet").uncheck()
    look(editor.page)
    editor.page.reload()
    editor.page.keyboard.press("j")
    expect(editor.page.locator(".tray-entry").first).not_to_be_focused()


def try_it_on_oneself(editor: Reader, town: Town) -> None:
    """Look at what leaves, and get it."""
    page = editor.page.url
    editor.press("Vorschau für alle Kanäle")
    editor.wait_for_text("Genau das geht hinaus")
    mail = editor.page.frame_locator("iframe.preview-mail")
    expect(mail.locator("h1")).to_have_text("Ampel in Hiddesen fällt aus")
    look(editor.page)
    editor.press("Test schicken")
    editor.wait_for_text("Der Test ist unterwegs: E-Mail.")
    trial = town.wait_for_mail(EDITOR, "[Test] Ampel in Hiddesen")
    assert "Bis heute Abend." in body_of(trial)
    editor.open(page)
