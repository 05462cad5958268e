"""From the sign-up page to an inbox and out again, by e-mail, without JavaScript."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Browser
from sqlalchemy import select

from subscriptions.models import Contact, ContactState
from tests.journeys.deeds import body_of, confirm_by_mail, link_in, publish, sign_in, sign_up
from tests.journeys.town import Town
from tests.journeys.visitor import without_javascript

pytestmark = pytest.mark.browser

HOME, WITNESS = "anna@example.org", "witness@example.org"


@pytest.mark.parametrize("settled", ["sqlite", "postgresql"], indirect=True)
def test_who_confirms_by_mail_gets_what_the_desk_publishes_until_one_click_ends_it(
        town: Town, browser: Browser) -> None:
    resident, editor = without_javascript(browser), without_javascript(browser)
    sign_up(resident, town, email=HOME)
    link = link_in(town.wait_for_mail(HOME), "/bestaetigen/")
    assert requests.get(link, timeout=10).ok  # a mail scanner follows every link
    assert states(town) == [ContactState.PENDING]
    confirm_by_mail(resident, town, HOME)
    assert states(town) == [ContactState.ACTIVE]

    sign_in(editor, town)
    publish(editor, town, "Dorfstraße gesperrt", "Von **Montag** an, bis Freitag.")
    mail = town.wait_for_mail(HOME, "Dorfstraße gesperrt")
    assert "weil Sie" in body_of(mail)
    assert "<strong>Montag</strong>" in body_of(mail, "html")
    resident.open(link_in(mail, "/meldungen/"))
    resident.wait_for_text("Von Montag an, bis Freitag.")

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    left = requests.post(mail["List-Unsubscribe"].strip("<>"), timeout=10,
                         data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200
    sign_up(resident, town, email=WITNESS)
    confirm_by_mail(resident, town, WITNESS)
    publish(editor, town, "Dorfstraße wieder frei", "Seit heute.")
    town.wait_for_mail(WITNESS, "Dorfstraße wieder frei")
    assert len(town.mails_to(HOME)) == 2  # the confirmation and the first announcement


def states(town: Town) -> list[str]:
    """What the contacts are, behind the pages."""
    with town.database() as session:
        return list(session.scalars(select(Contact.state).order_by(Contact.id)))
