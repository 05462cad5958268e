"""Numbers move on the page while deliveries leave: by events, by asking, and not when frozen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import read_only, utcnow
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.delivery.pause_models import HELD
from subscriptions.models import Topic
from tests.journeys.deeds import sign_in
from tests.journeys.town import Town, until
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser


def sending(town: Town, count: int) -> int:
    """An announcement whose deliveries no worker touches."""
    with town.database() as session:
        now = utcnow()
        topic = session.scalars(select(Topic.id)).first()
        saved = publishing.save(session, publishing.Draft("Sperrung", "x", topics=[topic or 0]),
                                now)
        publishing.publish(session, saved, now)
        number = saved.id
    until(lambda: _is_spread(town, number), "end of the fan-out")
    with town.database() as session:
        session.add_all(Delivery(
            announcement_id=number, contact_id=9_000_000 + n, channel="email",
            lane=HELD + Lane.NORMAL, state=State.WAITING, due_at=now, created_at=now,
            expires_at=now + timedelta(days=1)) for n in range(count))
        session.commit()
    return number


def _is_spread(town: Town, number: int) -> bool:
    with town.database() as session, read_only(session):
        return session.scalar(select(Announcement.fan_out_done_at).where(
            Announcement.id == number)) is not None


def send(town: Town, count: int) -> None:
    """Do a worker's part for some of them."""
    with town.database() as session:
        some = session.scalars(select(Delivery.id).where(Delivery.state == State.WAITING)
                               .limit(count)).all()
        session.execute(update(Delivery).where(Delivery.id.in_(some))
                        .values(state=State.SENT, sent_at=utcnow()))
        session.commit()


def test_the_page_follows_the_deliveries(town: Town, browser: Browser) -> None:
    page: Page = browser.new_context(locale="de-DE").new_page()
    sign_in(Reader(page), town)
    number = sending(town, 100)
    page.goto(f"{town.url}/redaktion/{number}")
    page.evaluate("window.sameDocument = true")
    headline, spoken = page.locator("[data-live-headline]"), page.locator("[data-live-say]")
    expect(headline).to_contain_text("0 übergeben, 100 warten.")
    send(town, 40)
    expect(headline).to_contain_text("40 übergeben, 60 warten.")
    expect(page.locator("[data-live-table]")).to_contain_text("60")
    page.get_by_role("button", name="Anzeige einfrieren").click()
    send(town, 30)
    page.wait_for_timeout(1500)
    expect(headline).to_contain_text("40 übergeben")
    page.get_by_role("button", name="Anzeige einfrieren").click()
    expect(headline).to_contain_text("70 übergeben, 30 warten.")
    send(town, 30)
    expect(headline).to_have_text("Fertig: 100 übergeben.")
    expect(spoken).to_have_text("Fertig: 100 übergeben.")
    assert page.evaluate("window.sameDocument")


def test_whoever_finds_no_free_stream_asks_instead(town: Town, browser: Browser) -> None:
    page: Page = browser.new_context(locale="de-DE").new_page()
    page.route("**/live", lambda route: route.fulfill(status=503))
    sign_in(Reader(page), town)
    number = sending(town, 10)
    page.goto(f"{town.url}/redaktion/{number}")
    send(town, 10)
    expect(page.locator("[data-live-headline]")).to_have_text("Fertig: 10 übergeben.")
