"""From a new item in a feed to a resident's inbox, past the desk or over it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from civic_push.db import utcnow
from civic_push.intake.models import Source
from tests.journeys.deeds import body_of, confirm_by_mail, sign_in, sign_up
from tests.journeys.town import Town, until
from tests.journeys.visitor import without_javascript

pytestmark = pytest.mark.browser

HOME = "bruno@example.org"
LINK = "https://www.detmold.example/baustellen/1"


def test_a_new_item_of_a_publishing_source_arrives_by_mail_and_old_items_do_not(
        town: Town, browser: Browser) -> None:
    resident = without_javascript(browser)
    sign_up(resident, town, email=HOME)
    confirm_by_mail(resident, town, HOME)
    said = town.run("add-source", town.feed.url, "--name", "Straßenamt", "--topic",
                    "baustellen", "--publish")
    assert "stored without announcing" in said

    town.feed.add("Vollsperrung in Hiddesen", "Die Friedrich-Ebert-Straße ist zu.", LINK)
    later(town)
    mail = town.wait_for_mail(HOME, "Vollsperrung in Hiddesen", seconds=40)
    text = body_of(mail)
    assert "Friedrich-Ebert-Straße" in text
    assert "Quelle: Straßenamt" in text
    assert LINK in text
    assert len(town.mails_to(HOME)) == 2  # the confirmation and this; nothing of before


def test_an_item_of_another_source_waits_for_an_editor(town: Town, browser: Browser) -> None:
    resident, editor = without_javascript(browser), without_javascript(browser)
    sign_up(resident, town, email=HOME)
    confirm_by_mail(resident, town, HOME)
    town.run("add-source", town.feed.url, "--name", "Straßenamt", "--topic", "baustellen")
    town.feed.add("Ampel in Hiddesen fällt aus", "Bis heute Abend.", LINK)
    town.run("check-source", town.feed.url)

    sign_in(editor, town)
    editor.open(f"{town.url}/redaktion/eingang")
    editor.wait_for_text("Ampel in Hiddesen fällt aus")
    assert len(town.mails_to(HOME)) == 1
    editor.press("Prüfen und veröffentlichen")
    editor.press("Jetzt veröffentlichen")
    town.wait_for_mail(HOME, "Ampel in Hiddesen fällt aus")


def later(town: Town) -> None:
    """Let the time to the source's next check pass, and the clock's minute."""
    asked = town.feed.asked
    with town.database() as session:
        session.execute(update(Source).values(next_check_at=utcnow() - timedelta(seconds=1)))
        session.commit()
    town.app.extensions["redis"].delete("civic-push:bell:minute")
    until(lambda: town.feed.asked > asked, "look at the feed", 30)
