"""Somebody is invited, makes a passkey, is shut out by a stranger's guesses and gets in all
the same, loses the passkey and comes back with a recovery code: in Chromium, with its virtual
authenticator, and with axe on each page."""

from __future__ import annotations

import pytest
from passlib.totp import TOTP
from playwright.sync_api import Browser, CDPSession, Page, expect

from civic_push.staff import trail
from tests.journeys.deeds import link_in, sign_in
from tests.journeys.test_accessibility import _RUN, AXE
from tests.journeys.town import EDITOR, PASSWORD, Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

NEW = "ortsteil@stadt.example"


class Device:
    """A browser with a virtual authenticator that its owner has just unlocked."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(locale="de-DE").new_page()
        self.reader = Reader(self.page)
        self._devtools: CDPSession = self.page.context.new_cdp_session(self.page)
        self._devtools.send("WebAuthn.enable")
        self._authenticator = ""
        self.get_authenticator()

    def get_authenticator(self) -> None:
        """Have a new one, without any key."""
        self._authenticator = self._devtools.send("WebAuthn.addVirtualAuthenticator", {
            "options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                        "hasUserVerification": True, "isUserVerified": True,
                        "automaticPresenceSimulation": True}})["authenticatorId"]

    def lose_authenticator(self) -> None:
        """It falls into the river, with the keys."""
        self._devtools.send("WebAuthn.removeVirtualAuthenticator",
                            {"authenticatorId": self._authenticator})


@pytest.fixture
def device(browser: Browser) -> Device:
    """The invited person's."""
    return Device(browser)


def look(page: Page) -> None:
    """Nothing on this page is a barrier, in light and dark, and nothing is cut off."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme, width in (("light", 1280), ("dark", 320)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_RUN) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def invite(town: Town, browser: Browser) -> str:
    """The administrator's part; the address of the link in the letter."""
    admin = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(admin, town)
    admin.open(f"{town.url}/redaktion/team/einladen")
    look(admin.page)
    admin.press("Einladen")
    admin.wait_for_text("Bitte wählen Sie mindestens eine Aufgabe.")
    look(admin.page)
    admin.type("email", NEW)
    admin.page.get_by_role("checkbox", name="Redaktion", exact=True).check()
    admin.press("Einladen")
    admin.wait_for_text(f"unterwegs an {NEW}")
    for path in ("team", "protokoll"):
        admin.open(f"{town.url}/redaktion/{path}")
        look(admin.page)
    return link_in(town.wait_for_mail(NEW), "/redaktion/einladung/")


def guess(town: Town, browser: Browser) -> None:
    """A stranger tries passwords until no more is listened to."""
    stranger = Reader(browser.new_context(locale="de-DE").new_page())
    stranger.open(f"{town.url}/redaktion/anmelden")
    for _ in range(6):
        stranger.type("email", NEW)
        stranger.type("password", "falsch-falsch")
        stranger.page.locator("form:not([data-passkey]) button:has-text('Anmelden')").last.click()
    stranger.wait_for_text("Das waren zu viele Versuche.")
    look(stranger.page)


def test_invitation_passkey_lock_out_and_recovery(town: Town, browser: Browser,
                                                  device: Device) -> None:
    page, reader = device.page, device.reader
    reader.open(invite(town, browser))
    look(page)
    reader.press("Passkey einrichten")
    reader.wait_for_text("Ihre Wiederherstellungscodes")
    look(page)
    codes = page.locator(".desk-codes code").all_inner_texts()
    assert len(codes) == 10
    reader.press("Ich habe sie aufbewahrt")
    reader.wait_for_text("Passkey vom ersten Anmelden")
    look(page)
    sign_out(reader)

    guess(town, browser)
    look(page)
    reader.press("Mit Passkey anmelden")
    reader.wait_for_text("Zuletzt veröffentlicht")
    sign_out(reader)

    device.lose_authenticator()
    reader.press("Passkey verloren")
    look(page)
    reader.type("email", NEW)
    reader.type("code", codes[4])
    reader.page.locator("form:not([data-passkey]) button:has-text('Anmelden')").last.click()
    reader.wait_for_text("Dieser Code ist verbraucht.")
    page.get_by_role("button", name="Entfernen: Passkey vom ersten").click()
    reader.wait_for_text("Das ist Ihr einziger Zugang.")
    device.get_authenticator()
    reader.type("name", "Neues Telefon")
    reader.press("Passkey einrichten")
    reader.wait_for_text("Damit können Sie sich ab jetzt anmelden.")
    expect(page.locator("main")).to_contain_text("Neues Telefon")
    page.get_by_role("button", name="Entfernen: Passkey vom ersten").click()
    reader.wait_for_text("Der Passkey ist entfernt.")
    sign_out(reader)
    reader.press("Mit Passkey anmelden")
    reader.wait_for_text("Zuletzt veröffentlicht")
    with town.database() as session:
        assert trail.verify(session).broken is None


def test_the_app_s_page_has_no_barriers_and_its_key_works(town: Town, browser: Browser) -> None:
    editor = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(editor, town)
    editor.open(f"{town.url}/redaktion/konto/app")
    look(editor.page)
    assert editor.page.locator("img.desk-code").evaluate("i => i.naturalWidth") > 100
    key = editor.page.locator(".desk-secret").inner_text().replace(" ", "")
    editor.type("code", TOTP(key=key, format="base32").generate().token)
    editor.press("App einschalten")
    editor.wait_for_text("Ihre Wiederherstellungscodes")
    another = Reader(browser.new_context(locale="de-DE").new_page())
    another.open(f"{town.url}/redaktion/anmelden")
    another.type("email", EDITOR)
    another.type("password", PASSWORD)
    another.press("Anmelden")
    another.wait_for_text("Das Passwort stimmt.")
    look(another.page)
    another.press("Weiter")
    another.wait_for_text("Dieser Code stimmt nicht oder wurde schon benutzt.")
    look(another.page)
    editor.open(f"{town.url}/redaktion/konto")
    editor.press("App entfernen")  # others in this town sign in without
    editor.wait_for_text("Die App wird nicht mehr gefragt.")


def sign_out(reader: Reader) -> None:
    """Press the button in the desk's bar."""
    reader.page.get_by_role("button", name="Abmelden", exact=True).click()
    reader.wait_for_text("Sie sind abgemeldet.")
