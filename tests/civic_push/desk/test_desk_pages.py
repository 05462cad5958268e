"""Overview, lists, tray and the page that watches deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, case, cast, event, insert, literal, select, text
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import (
    Announcement,
    AnnouncementState,
    AnnouncementText,
    announcement_topic,
)
from civic_push.db import UTCDateTime, db
from civic_push.delivery.models import ChannelPause, Delivery, Lane, State
from civic_push.intake.models import Item, Source
from civic_push.staff.models import Staff
from subscriptions.models import Topic
from tests.civic_push.desk_visitor import Visitor

Make = Callable[..., Announcement]


@pytest.fixture
def source(session: Session, now: datetime) -> Source:
    found = Source(name="Stadt Detmold, Aktuelles", url="https://example.org/feed",
                   next_check_at=now, created_at=now)
    session.add(found)
    session.commit()
    return found


@pytest.fixture
def make_item(session: Session, source: Source, now: datetime, make_announcement: Make
              ) -> Callable[..., Item]:
    """Store an item that waits in the tray."""
    count = 0

    def make(**overrides: Any) -> Item:
        nonlocal count
        count += 1
        announcement = make_announcement(title=f"Aus der Quelle {count}", source_name=source.name)
        announcement.state = AnnouncementState.WAITING
        item = Item(**{"source_id": source.id, "key": f"{count:064}", "announcement_id":
                       announcement.id, "title": f"Quelle meldet {count}",
                       "summary": "Worte der Quelle.", "url": f"https://example.org/{count}",
                       "first_seen_at": now, **overrides})
        session.add(item)
        session.commit()
        return item
    return make


@pytest.fixture
def published(session: Session, make_announcement: Make, now: datetime) -> Announcement:
    announcement = make_announcement()
    publishing.publish(session, announcement, now)
    announcement.fan_out_done_at = now
    session.commit()
    return announcement


def deliver(session: Session, announcement: Announcement, channel: str, state: State,
            count: int, **overrides: Any) -> None:
    """Write `count` ledger rows."""
    now = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
    start = session.scalar(select(db.func.coalesce(db.func.max(Delivery.contact_id), 0))) or 0
    session.execute(insert(Delivery), [
        {"announcement_id": announcement.id, "contact_id": start + 1 + i, "channel": channel,
         "lane": Lane.NORMAL, "state": state, "due_at": now, "created_at": now,
         "expires_at": now + timedelta(days=7), **overrides} for i in range(count)])
    session.commit()


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def test_the_overview_shows_what_there_is_to_do(
        editor: Visitor, session: Session, published: Announcement, make_item: Callable[..., Item],
        make_announcement: Make) -> None:
    make_announcement(title="Ein Entwurf")
    make_item()
    make_item()
    deliver(session, published, "email", State.SENT, 40)
    deliver(session, published, "sms", State.REFUSED, 3)
    page = editor.read("/redaktion/")
    assert "Ein Entwurf" in page
    assert "Eingang: 2 Meldungen warten" in page
    assert "fertig, mit Fehlern" in page
    assert "40 übergeben, 0 warten, weniger als 5 ohne Erfolg" in page


def test_the_overview_names_paused_channels_and_sources_in_trouble(
        editor: Visitor, session: Session, source: Source) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    session.add(ChannelPause(channel="sms", until=until, reason="budget"))
    session.add(ChannelPause(channel="push", until=until, reason="503 Service Unavailable"))
    session.add(ChannelPause(channel="email", until=until - timedelta(hours=2), reason="Vorbei."))
    source.errors, source.last_error = 3, "Die Adresse antwortet nicht."
    session.commit()
    page = editor.read("/redaktion/")
    assert "SMS ruht bis" in page
    assert "Das Budget für diesen Monat ist verbraucht." in page
    assert "503 Service Unavailable" in page
    assert page.count("Jetzt versuchen</span>") == 1  # a budget does not come back by trying
    assert "Vorbei." not in page
    assert "Eine Quelle lässt sich nicht lesen." in page
    assert "Die Adresse antwortet nicht." in page


def test_an_editor_can_wake_a_paused_channel(editor: Visitor, session: Session) -> None:
    session.add(ChannelPause(channel="push", until=datetime.now(UTC) + timedelta(hours=1),
                             reason="503", failures=4))
    session.commit()
    editor.press("/redaktion/", "/redaktion/kanal/push/versuchen")
    assert "ruht bis" not in editor.read("/redaktion/")
    session.expire_all()
    pause = session.get(ChannelPause, "push")
    assert pause
    assert pause.failures == 4  # if it fails again, it rests longer


def test_the_tray_shows_the_sources_words_and_goes_on_to_the_form(
        editor: Visitor, session: Session, make_item: Callable[..., Item]) -> None:
    item = make_item(summary="Worte <b>der</b> Quelle.")
    answer = editor.get("/redaktion/eingang").text
    assert "Quelle meldet 1" in answer
    assert "Worte &lt;b&gt;der&lt;/b&gt; Quelle." in answer
    assert 'href="https://example.org/1"' in answer
    edit = f"/redaktion/{item.announcement_id}/bearbeiten"
    assert f'href="{edit}"' in answer
    form = editor.read(edit)
    assert 'value="Aus der Quelle 1"' in form
    assert "So stand es bei der Quelle: Stadt Detmold, Aktuelles" in form


def test_an_item_accepted_leaves_the_tray_and_keeps_naming_its_source(
        editor: Visitor, session: Session, make_item: Callable[..., Item]) -> None:
    announcement = make_item().announcement
    assert announcement
    editor.press(f"/redaktion/{announcement.id}/bearbeiten", title="Besser gesagt", body="Text",
                 where="town", topics=str(announcement.topics[0].id), urgency="info",
                 button="draft")
    session.expire_all()
    assert announcement.state == AnnouncementState.DRAFT
    assert (announcement.title, announcement.source_name) == (
        "Besser gesagt", "Stadt Detmold, Aktuelles")
    assert "Es wartet nichts." in editor.read("/redaktion/eingang")


def test_an_item_can_be_published_straight_from_the_tray(
        editor: Visitor, session: Session, staff: Staff, make_item: Callable[..., Item]) -> None:
    announcement = make_item().announcement
    assert announcement
    editor.press(f"/redaktion/{announcement.id}/veroeffentlichen")
    session.expire_all()
    assert announcement.state == AnnouncementState.PUBLISHED
    assert announcement.author_id == staff.id


def test_an_item_dismissed_leaves_the_tray_on_the_same_page_of_it(
        editor: Visitor, session: Session, make_item: Callable[..., Item]) -> None:
    item = make_item()
    answer = editor.press("/redaktion/eingang", f"/redaktion/{item.announcement_id}/verwerfen",
                          seite="3")
    assert answer.location == "/redaktion/eingang?seite=3"
    session.expire_all()
    assert item.announcement
    assert item.announcement.state == AnnouncementState.DISMISSED


def test_the_watch_page_counts_deliveries_by_channel_and_state_and_hides_small_numbers(
        editor: Visitor, session: Session, published: Announcement) -> None:
    deliver(session, published, "email", State.SENT, 1234)
    deliver(session, published, "email", State.WAITING, 7,
            due_at=datetime(2050, 11, 18, 17, 0, tzinfo=UTC))
    deliver(session, published, "push", State.GONE, 2, error="Der Browser hat sich abgemeldet.")
    deliver(session, published, "outlet", State.SENT, 1, contact_id=None, outlet="Mastodon")
    page = editor.read(f"/redaktion/{published.id}")
    rows = {row.split("</th>")[0].rpartition(">")[2]: row for row in page.split('scope="row"')[1:]}
    assert ">1.234<" in rows["E-Mail"]
    assert ">7<" in rows["E-Mail"]
    assert "18. November 2050, 18:00" in rows["E-Mail"]
    assert ">weniger als 5<" in rows["Browser-Push"]
    assert ">2<" not in rows["Browser-Push"]
    assert ">1<" in rows["Öffentliche Kanäle der Stadt"]
    assert ">1.241<" in rows["E-Mail"]
    assert "neu laden</a></p>" not in page  # a digest next year: nothing moves


def test_the_watch_page_reloads_itself_while_deliveries_move_for_those_who_ask(
        editor: Visitor, session: Session, published: Announcement) -> None:
    deliver(session, published, "email", State.WAITING, 5)
    assert 'http-equiv="refresh"' not in editor.read(f"/redaktion/{published.id}")
    assert 'http-equiv="refresh"' in editor.read(f"/redaktion/{published.id}?neu")


def test_other_announcements_deliveries_do_not_count(
        editor: Visitor, session: Session, published: Announcement, make_announcement: Make
        ) -> None:
    deliver(session, make_announcement(), "email", State.SENT, 20)
    assert "Niemand hat diese Themen" in editor.read(f"/redaktion/{published.id}")


@pytest.fixture
def fifty_thousand(session: Session, make_topic: Callable[..., Topic], now: datetime) -> None:
    """An archive of 50,000 published announcements and a full tray."""
    topic = make_topic("archiv").id
    n = select(literal(1).label("i")).cte("n", recursive=True)
    n = n.union_all(select(n.c.i + 1).where(n.c.i < 50_000))
    moment = literal(now, UTCDateTime)
    state = case((n.c.i % 500 == 0, "waiting"), else_="published")
    session.execute(insert(Announcement).from_select(
        ["id", "state", "urgency", "created_at", "published_at"],
        select(n.c.i, state, literal("info"), moment, moment)))
    session.execute(insert(AnnouncementText).from_select(
        ["announcement_id", "title"],
        select(n.c.i, literal("Meldung ") + cast(n.c.i, String))))
    session.execute(insert(announcement_topic).from_select(
        ["announcement_id", "topic_id"], select(n.c.i, literal(topic))))
    session.commit()
    session.execute(text("ANALYZE"))  # what a town's database does by itself, sooner or later
    session.commit()


@pytest.mark.usefixtures("fifty_thousand")
def test_lists_of_fifty_thousand_are_paged_in_few_statements(
        app: Flask, editor: Visitor) -> None:
    for path, has, lacks in (
            ("/redaktion/", "Meldung 49999", "Meldung 49000"),
            ("/redaktion/meldungen/veroeffentlicht", "Meldung 49950", "Meldung 49900"),
            ("/redaktion/meldungen/veroeffentlicht?nach=49950", "Meldung 49900", "Meldung 49951"),
            ("/redaktion/meldungen/veroeffentlicht?nach=51", "Meldung 1<", "Nächste Seite"),
            ("/redaktion/meldungen/veroeffentlicht?vor=49900", "Meldung 49901", "Meldung 49899"),
            ("/redaktion/meldungen/veroeffentlicht?vor=49990", "Meldung 49999",
             "Vorherige Seite"),
            ("/redaktion/meldungen/veroeffentlicht?nach=x&suche=49998", "Meldung 49998",
             "Meldung 49997"),
            ("/redaktion/meldungen/zurueckgezogen", "Hier ist nichts.", "Meldung 4"),
            ("/redaktion/eingang", "Meldung 50000", "Meldung 25000"),
            ("/redaktion/eingang?seite=2", "Meldung 25000", "Meldung 50000")):
        with counted() as statements:
            page = editor.read(path)
        assert has in page, path
        assert lacks not in page, path
        # account, roles, counts, rows and their three relations; no statement for each row
        assert len([s for s in statements if s.startswith("SELECT")]) <= 20, path
