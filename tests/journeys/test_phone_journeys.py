"""From the sign-up page to a telephone and out again: SMS and Telegram."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from tests.journeys.deeds import sign_up
from tests.journeys.town import BOT, Town
from tests.journeys.visitor import without_javascript

pytestmark = pytest.mark.browser

MOBILE, CHAT = "+4915123456789", 4711


def test_who_types_in_the_code_gets_announcements_as_text_messages(
        town: Town, browser: Browser) -> None:
    resident = without_javascript(browser)
    sign_up(resident, town, sms="0151 23456789")
    code = re.search(r"\d{6}", town.wait_for_sms(MOBILE, "Code"))
    assert code is not None
    wrong = f"{(int(code.group()) + 1) % 1_000_000:06d}"
    resident.type("code", wrong)
    resident.press("Code bestätigen")
    resident.wait_for_text("Bitte ändern Sie eine Angabe")
    resident.type("code", code.group())
    resident.press("Code bestätigen")
    resident.wait_for_text("Ihre Handynummer ist bestätigt.")

    number = town.announce("Glatteis im Ort", "Die Straßen sind glatt, bitte langsam fahren.")
    text = town.wait_for_sms(MOBILE, "bitte langsam fahren")
    link = re.search(rf"{re.escape(town.url)}/m/\w+", text)
    assert link is not None
    resident.open(link.group())
    assert resident.page.url == f"{town.url}/meldungen/{number}"
    resident.wait_for_text("Glatteis im Ort")


def test_who_presses_start_gets_announcements_in_the_chat_until_stop(
        town: Town, browser: Browser) -> None:
    resident = without_javascript(browser)
    sign_up(resident, town, tick=["Telegram"])
    link = resident.page.get_by_role("link", name="Bot in Telegram öffnen").get_attribute("href")
    bot, _, token = str(link).partition("?start=")
    assert bot == f"https://t.me/{BOT}"

    town.telegram.press_start(CHAT, token)
    town.wait_for_chat(CHAT, "Ab jetzt kommen Meldungen")
    resident.page.reload()
    resident.wait_for_text("Telegram ist verbunden.")
    number = town.announce("Umleitung <Linie 701>", "Ab Montag & bis auf Weiteres.")
    message = town.wait_for_chat(CHAT, "Umleitung &lt;Linie 701&gt;")
    assert f"{town.url}/meldungen/{number}" in message

    town.telegram.say(CHAT, "/stop")
    town.wait_for_contacts(0)
    said = len(town.telegram.chats[CHAT].texts)
    town.wait_until_sent(town.announce("Umleitung beendet", "Alles fährt wieder."))
    assert "Umleitung beendet" not in "".join(town.telegram.chats[CHAT].texts[said:])
