"""From the sign-up page to a notification on the screen, in real browsers: what the town
encrypts, Firefox and Chromium decrypt and show, and a click opens the announcement."""

from __future__ import annotations

import pytest

from tests.browsers import chromium
from tests.browsers.firefox import Firefox
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.deeds import publish, sign_in, sign_up
from tests.journeys.town import PATIENCE, Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

ON = "Benachrichtigungen sind eingeschaltet."
TITLE, TEXT = "Freibad öffnet früher", "Schon ab 6 Uhr – bis zu den Sommerferien."


def test_firefox_shows_what_an_editor_publishes_in_it_and_a_click_opens_the_page(
        town: Town) -> None:
    with Firefox(town.push.ws_url) as firefox:
        sign_up(firefox, town, tick=["Benachrichtigungen in diesem Browser"])
        firefox.press("Einschalten")
        firefox.wait_for_text(ON)
        assert "Ab jetzt kommen Meldungen" in firefox.wait_alert("Das hat geklappt")["body"]

        sign_in(firefox, town)
        publish(firefox, town, TITLE, TEXT)
        alert = firefox.wait_alert(TITLE)
        assert TEXT in alert["body"]
        assert alert["source"].endswith(town.url.removeprefix("http://"))

        firefox.click_alert(TITLE)
        firefox.wait_for_tab("/meldungen/")
        firefox.wait_for_text(TEXT)
        # the browser's own verdict: decrypted and shown, both times, nothing refused
        assert [event["code"] for event in town.push.events("ack")] == [100, 100]
        assert town.push.events("nack") == []


def test_chromium_shows_what_the_desk_publishes_and_a_click_opens_the_page(
        town: Town, desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop) as context:
        resident, editor = Reader(context.new_page()), Reader(context.new_page())
        sign_up(resident, town, tick=["Benachrichtigungen in diesem Browser"])
        resident.press("Einschalten")
        resident.wait_for_text(ON)
        assert "Ab jetzt kommen Meldungen" in desktop.wait("Das hat geklappt").body

        sign_in(editor, town)
        publish(editor, town, TITLE, TEXT)
        notification = desktop.wait(TITLE)
        assert TEXT in notification.body

        with context.expect_page() as opened:
            desktop.click(notification)
        page = Reader(opened.value)
        page.wait_for_text(TEXT)
        assert "/meldungen/" in page.page.url


def test_a_browser_is_reached_after_it_was_closed_and_renewed_and_forgotten_once_it_denies(
        town: Town) -> None:
    with Firefox(town.push.ws_url) as firefox:
        sign_up(firefox, town, tick=["Benachrichtigungen in diesem Browser"])
        firefox.press("Einschalten")
        firefox.wait_alert("Das hat geklappt")

        firefox.quit()
        town.push.wait_event("disconnect", PATIENCE)
        town.wait_until_sent(town.announce("Während Sie weg waren", TEXT))
        firefox.start()
        assert TEXT in firefox.wait_alert("Während Sie weg waren")["body"]

        firefox.open(f"{town.url}/meldungen")
        town.push.forget()  # Firefox gets a new subscription, and our service worker tells us
        town.wait_for_log("POST /push/wechsel 200")
        town.announce("Nach dem Wechsel", TEXT)
        assert TEXT in firefox.wait_alert("Nach dem Wechsel")["body"]

        firefox.deny_notifications()
        town.push.wait_event("unregister", PATIENCE)
        town.announce("Niemand mehr da", TEXT)  # the push service answers 410
        town.wait_for_contacts(0)
