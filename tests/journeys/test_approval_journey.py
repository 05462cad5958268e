"""An author writes of a danger, an approver gives it back and then lets it out, and both read
in the report what became of it. With axe on each state."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from civic_push.db import utcnow
from civic_push.staff import accounts
from tests.journeys.deeds import PLACE, TOPIC, body_of, confirm_by_mail, sign_up
from tests.journeys.test_staff_journey import look
from tests.journeys.town import PASSWORD, Town
from tests.journeys.visitor import Reader, without_javascript

pytestmark = pytest.mark.browser

HOME = "frieda@example.org"
TITLE = "Hochwasser an der Werre"


def test_from_the_author_s_text_over_a_second_person_to_the_report(
        town: Town, browser: Browser) -> None:
    resident = without_javascript(browser)
    sign_up(resident, town, email=HOME)
    confirm_by_mail(resident, town, HOME)
    author = at_the_desk(town, browser, "author")
    approver = at_the_desk(town, browser, "approver")

    write_of_danger(author, town, "Gehen Sie nicht in die Keller.")
    submit(author)
    open_what_waits(approver, town)
    look(approver.page)
    approver.type("reason", "Bitte sagen, bis wann das gilt.")
    approver.press("Mit diesem Kommentar zurückgeben")
    assert not town.mails_to(HOME)[1:], "nothing may leave before it is approved"

    author.open(f"{town.url}/redaktion/meldungen/entwuerfe")
    author.press(TITLE)
    author.wait_for_text("Bitte sagen, bis wann das gilt.")
    look(author.page)
    author.type("body", "Gehen Sie bis morgen früh nicht in die Keller.")
    author.press("Weiter zum Einreichen")
    submit(author)

    open_what_waits(approver, town)
    approver.press("Freigeben")
    mail = town.wait_for_mail(HOME, TITLE)
    assert "bis morgen früh" in body_of(mail)
    approver.open(approver.page.url)
    look(approver.page)
    read_the_report(author, town)


def at_the_desk(town: Town, browser: Browser, role: str) -> Reader:
    """Somebody with this role, signed in."""
    address = f"{role}@stadt.example"
    with town.database() as session:
        accounts.create(session, address, PASSWORD, role, utcnow())
        session.commit()
    reader = Reader(browser.new_context(locale="de-DE").new_page())
    reader.open(f"{town.url}/redaktion/")
    reader.type("email", address)
    reader.type("password", PASSWORD)
    reader.press("Anmelden")
    reader.wait_for_text("Zuletzt veröffentlicht")
    return reader


def write_of_danger(author: Reader, town: Town, text: str) -> None:
    author.open(f"{town.url}/redaktion/neu")
    author.type("title", TITLE)
    author.type("body", text)
    for label in ("Nur in diesen Ortsteilen", PLACE, TOPIC, "Gefahr"):
        author.tick(label)
    author.press("Weiter zum Einreichen")


def submit(author: Reader) -> None:
    author.wait_for_text("Einreichen?")
    look(author.page)
    author.press("Zur Freigabe einreichen")
    author.wait_for_text("Wartet auf Freigabe")


def open_what_waits(approver: Reader, town: Town) -> None:
    approver.open(f"{town.url}/redaktion/")
    approver.press(TITLE)
    approver.wait_for_text("Freigeben?")


def read_the_report(author: Reader, town: Town) -> None:
    """Who got it, how fast; small numbers stay hidden."""
    author.open(f"{town.url}/redaktion/meldungen/veroeffentlicht")
    author.press(TITLE)
    author.press("Bericht")
    author.wait_for_text("Wie viele haben es bekommen?")
    author.wait_for_text("weniger als 5")
    look(author.page)
