"""What a signed-up browser does by itself, in real browsers: it moves to the town's newer
key, reads its announcements without network, offers buttons on notifications, and may be
installed as an app."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select

from channels.vapid import application_server_keys, key_name, new_private_key
from subscriptions.models import Contact
from subscriptions.tokens import Purpose
from tests.browsers import chromium
from tests.browsers.firefox import Firefox
from tests.browsers.notification_daemon import NotificationDaemon, Shown
from tests.journeys.deeds import sign_up
from tests.journeys.settling import settle
from tests.journeys.town import PATIENCE, Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

NEWER, OLDER = new_private_key(), new_private_key()
BROWSER = "Benachrichtigungen in diesem Browser"
ON = "Benachrichtigungen sind eingeschaltet."
TEXT = "Schon ab 6 Uhr – bis zu den Sommerferien."


@pytest.fixture(scope="module")
def settled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
            ) -> Iterator[Town]:
    """A town that has renewed its key."""
    folder = tmp_path_factory.mktemp("town")
    shutil.copy(request.getfixturevalue("sqlite_template"), folder / "civic_push.db")
    with settle(folder, f"sqlite:///{folder / 'civic_push.db'}",
                vapid_private_key=NEWER + OLDER) as running:
        yield running


def keys_in_use(town: Town) -> list[str]:
    """The names of the keys that contacts subscribed with."""
    with town.database() as session:
        seals = town.app.extensions["seals"]
        return [seals.open("push", sealed).split(" ")[0]
                for sealed in session.scalars(select(Contact.address))]


def test_a_browser_with_the_older_key_is_reached_and_moves_to_the_newer_one(town: Town) -> None:
    newer, older = application_server_keys(NEWER + OLDER)
    with Firefox(town.push.ws_url) as firefox:
        sign_up(firefox, town, tick=[BROWSER])
        # as this page was before the key was renewed
        firefox.page("document.querySelector('[data-push-step]').dataset.key = a[0]", older)
        firefox.press("Einschalten")
        firefox.wait_for_text(ON)
        firefox.wait_alert("Das hat geklappt")
        assert keys_in_use(town) == [key_name(older)]
        town.announce("Mit dem alten Schlüssel", TEXT)
        firefox.wait_alert("Mit dem alten Schlüssel")

        firefox.open(f"{town.url}/meldungen")  # any page of ours
        town.wait_for_log("POST /push/wechsel 200")
        assert keys_in_use(town) == [key_name(newer)]
        town.announce("Mit dem neuen Schlüssel", TEXT)
        firefox.wait_alert("Mit dem neuen Schlüssel")

        firefox.open(f"{town.url}/posteingang")
        firefox.wait_for_text("Mit dem alten Schlüssel")
        firefox.wait_for_text("Probe schicken")  # a script shows it
        firefox.press("Probe schicken")
        firefox.wait_for_text("Die Probe ist unterwegs.")
        firefox.wait_alert("Probe: Es klappt")
        assert town.push.events("nack") == []

        firefox.deny_notifications()
        firefox.open(f"{town.url}/")  # the page tells, before any push would find out
        town.wait_for_log("POST /push/abmelden 200")
        town.wait_for_contacts(0)
        assert town.push.wait_event("unregister", PATIENCE)


def test_an_installable_app_reads_announcements_without_network_and_its_buttons_lead_on(
        town: Town, desktop: NotificationDaemon) -> None:
    with chromium.profile(town.push, desktop) as context:
        reader = Reader(context.new_page())
        sign_up(reader, town, tick=[BROWSER])
        reader.press("Einschalten")
        reader.wait_for_text(ON)
        desktop.wait("Das hat geklappt")
        town.announce("Freibad öffnet früher", TEXT)
        notification = desktop.wait("Freibad öffnet früher")
        read_without_network(town, context, reader)
        assert what_keeps_the_app_from_being_installed(town, context, reader) == []
        follow_the_button_to_fewer(context, desktop, notification)
        open_the_way_out_and_stay(town, reader)


def read_without_network(town: Town, context: BrowserContext, reader: Reader) -> None:
    """What came and what was read is there; what is not, says so."""
    page = reader.page
    reader.open(f"{town.url}/posteingang")
    reader.press("Freibad öffnet früher")
    page.wait_for_url("**/meldungen/*")
    read = page.url
    context.set_offline(True)
    page.goto(f"{town.url}/posteingang")
    reader.wait_for_text("Sie sind gerade ohne Internet.")
    expect(page.get_by_role("link", name="Freibad öffnet früher")).to_be_visible()
    assert page.evaluate("document.fonts.check('16px \"Fira Sans\"')")
    page.goto(read)
    reader.wait_for_text(TEXT)
    page.goto(f"{town.url}/anmelden")
    reader.wait_for_text("Diese Seite braucht Internet")
    reader.press("Zum Posteingang")
    reader.press("Diese Liste leeren")
    reader.wait_for_text("Hier ist noch keine Meldung angekommen.")
    context.set_offline(False)


def what_keeps_the_app_from_being_installed(
        town: Town, context: BrowserContext, reader: Reader) -> list[object]:
    """The browser's own verdict."""
    reader.open(f"{town.url}/posteingang")
    browser = context.new_cdp_session(reader.page)
    found = browser.send("Page.getAppManifest")
    assert json.loads(found["data"])["start_url"] == "/posteingang"
    return [*found["errors"],
            *browser.send("Page.getInstallabilityErrors")["installabilityErrors"]]


def follow_the_button_to_fewer(context: BrowserContext, desktop: NotificationDaemon,
                               notification: Shown) -> None:
    """The notification's second button leads to the topic it was about."""
    buttons = {label: key for key, label in notification.actions.items()}
    assert {"Auf der Webseite lesen", "Weniger davon"} <= set(buttons)
    with context.expect_page() as opened:
        desktop.click(notification, buttons["Weniger davon"])
    Reader(opened.value).wait_for_text("Ihre Einstellungen")
    topic = opened.value.evaluate("document.querySelector(':target').labels[0].innerText")
    assert topic.startswith("Baustellen")


def open_the_way_out_and_stay(town: Town, reader: Reader) -> None:
    """As a mail scanner that runs scripts would: nothing on the page presses by itself."""
    with town.database() as session:
        contact = session.scalars(select(Contact.id)).one()
    token = town.app.extensions["tokens"].make(Purpose.LEAVE, contact)
    reader.open(f"{town.url}/abmelden/{token}")
    reader.page.wait_for_load_state("networkidle")
    reader.wait_for_text("Wenn Sie sich abmelden")
    town.wait_for_contacts(1)
    reader.press("Diesen Kanal abmelden")
    reader.wait_for_text("Warum haben Sie sich abgemeldet?")
    town.wait_for_contacts(0)
