"""The tray: groups, filters, many at once, undo."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.intake.models import Item, Source
from civic_push.staff.models import Staff, TrailEntry
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.desk_visitor import Visitor

TRAY = "/redaktion/eingang"
Wait = Callable[..., Announcement]


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("baustellen", name="Baustellen", aliases="Baustelle|-sperrung")


@pytest.fixture
def wait(session: Session, now: datetime, make_announcement: Callable[..., Announcement],
         topic: Topic) -> Wait:
    """Store an item that waits in the tray; `source` is a source's name."""
    count = 0

    def make(title: str, source: str = "Stadt", summary: str = "", url: str = "",
             **overrides: Any) -> Announcement:
        nonlocal count
        count += 1
        found = session.scalar(select(Source).where(Source.name == source)) or Source(
            name=source, url=f"https://{source}.example", next_check_at=now, created_at=now)
        announcement = make_announcement(**{
            "title": title, "body": summary, "link": url, "source_name": source, "topics": [],
            **overrides})
        announcement.state = AnnouncementState.WAITING
        session.add(Item(source=found, key=f"{count:064}", announcement_id=announcement.id,
                         title=title, summary=summary, url=url, first_seen_at=now))
        session.commit()
        return announcement
    return make


def state(session: Session, announcement: Announcement) -> str:
    session.expire_all()
    return str(announcement.state)


def trail(session: Session) -> list[tuple[str, str, Any]]:
    return [(action, number, json.loads(after)) for action, number, after in session.execute(
        select(TrailEntry.action, TrailEntry.object_id, TrailEntry.after)
        .order_by(TrailEntry.id))]


def test_similar_items_stand_together_and_say_why(editor: Visitor, wait: Wait) -> None:
    wait("Vollsperrung der Bielefelder Straße", "Stadt")
    wait("Kino am Abend", "Kulturteam")
    wait("Vollsperrung: Bielefelder Straße", "Straßen.NRW")
    page = editor.read(TRAY)
    assert "3 Meldungen warten." in page
    assert "2 Meldungen über dasselbe?" in page
    assert "weil: gleicher Titel." in page
    assert page.count("Diese zusammenführen") == 1


def test_merging_makes_one_draft_with_all_that_was_said(
        editor: Visitor, session: Session, wait: Wait, topic: Topic, staff: Staff,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    short = wait("Brücke zu", "Straßen.NRW", "Kurz.", neighbourhoods=[here.id])
    long = wait("Brücke gesperrt", "Stadt", "Ein längerer Text.", topics=[topic.id],
                neighbourhoods=[there.id])
    answer = editor.press(TRAY, tat=f"zusammenfuehren {short.id} {long.id}")
    assert answer.location == f"/redaktion/{long.id}/bearbeiten"
    assert state(session, short) == AnnouncementState.DISMISSED
    assert state(session, long) == AnnouncementState.DRAFT
    assert long.text("de", "standard").body == (
        "Ein längerer Text.\n\n---\n\n**Brücke zu**\n\nKurz.")
    assert {n.id for n in long.neighbourhoods} == {here.id, there.id}
    assert [t.id for t in long.topics] == [topic.id]
    assert long.source_name == "Straßen.NRW, Stadt" or long.source_name == "Stadt, Straßen.NRW"
    assert long.author_id == staff.id
    assert ("announcement.merged", str(long.id),
            {"merged": [short.id], "title": "Brücke gesperrt"}) in trail(session)


def test_one_item_or_a_correction_cannot_be_merged(
        editor: Visitor, session: Session, wait: Wait) -> None:
    one, two = wait("Brücke zu"), wait("Brücke offen")
    editor.press(TRAY, tat=f"zusammenfuehren {one.id}")
    assert "zwei oder mehr Meldungen" in editor.read(TRAY)
    two.kind, two.root_id = AnnouncementKind.CORRECTION, one.id
    session.commit()
    editor.press(TRAY, tat=f"zusammenfuehren {one.id} {two.id}")
    assert state(session, one) == state(session, two) == AnnouncementState.WAITING


def test_what_is_ticked_is_dismissed_at_once_and_comes_back_by_one_button(
        editor: Visitor, session: Session, wait: Wait) -> None:
    gone = [wait("Alpha"), wait("Beta")]
    stays = wait("Gamma")
    answer = editor.press(TRAY, tat="verwerfen", meldung=[str(a.id) for a in gone])
    assert f"verworfen={gone[0].id}.{gone[1].id}" in answer.location
    page = editor.read(answer.location)
    assert "2 Meldungen verworfen." in page
    assert "Alpha" not in page
    assert state(session, stays) == AnnouncementState.WAITING
    editor.press(answer.location, f"{TRAY}/zurueck", meldung=[str(a.id) for a in gone])
    assert "2 Meldungen sind wieder im Eingang." in editor.read(answer.location)
    assert [state(session, a) for a in gone] == [AnnouncementState.WAITING] * 2
    assert "verworfen." not in editor.read(answer.location)  # nothing is left to undo
    assert [entry[2] for entry in trail(session) if entry[0] == "announcement.moved"] == [
        "dismissed", "dismissed", "waiting", "waiting"]


def test_undo_brings_back_only_what_a_source_had_brought(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    written = make_announcement()
    written.state = AnnouncementState.DISMISSED
    session.commit()
    assert "Rückgängig" not in editor.read(f"{TRAY}?verworfen={written.id}.x.{'9' * 30}")
    editor.press(TRAY, f"{TRAY}/zurueck", meldung=str(written.id))
    assert state(session, written) == AnnouncementState.DISMISSED


def test_several_become_drafts_of_who_took_them(
        editor: Visitor, session: Session, wait: Wait, staff: Staff) -> None:
    one, two = wait("Alpha"), wait("Beta")
    editor.press(TRAY, tat="uebernehmen", meldung=[str(one.id), str(two.id)])
    assert state(session, one) == state(session, two) == AnnouncementState.DRAFT
    assert one.author_id == staff.id
    assert "2 Meldungen sind jetzt Entwürfe." in editor.read(TRAY)


def test_a_topic_is_suggested_by_a_word_and_set_only_when_asked(
        editor: Visitor, session: Session, wait: Wait, topic: Topic) -> None:
    one = wait("Straße zu", summary="Wegen einer Vollsperrung.")
    page = editor.read(TRAY)
    assert "Baustellen (wegen „Vollsperrung“)" in page
    assert "Themen: noch kein Thema" in page
    editor.press(TRAY, tat=f"themen {one.id}")
    session.expire_all()
    assert [t.id for t in one.topics] == [topic.id]
    assert one.state == AnnouncementState.WAITING
    assert "wegen „Vollsperrung“" not in editor.read(TRAY)


def test_filters_narrow_and_stay_while_one_works(
        editor: Visitor, session: Session, wait: Wait, topic: Topic) -> None:
    one = wait("Alpha", "Stadt", topics=[topic.id])
    wait("Beta", "Kreis")
    kreis = session.scalar(select(Source.id).where(Source.name == "Kreis"))
    page = editor.read(f"{TRAY}?quelle={kreis}")
    assert "Beta" in page
    assert "Alpha" not in page
    page = editor.read(f"{TRAY}?thema={topic.id}")
    assert "Alpha" in page
    assert "Beta" not in page
    answer = editor.press(f"{TRAY}?thema={topic.id}", f"{TRAY}?thema={topic.id}&seite=2",
                          tat=f"verwerfen {one.id}")
    assert f"thema={topic.id}" in answer.location
    assert "seite=2" in answer.location
    assert "Mit diesem Filter wartet nichts." in editor.read(answer.location)
    assert "2 Meldungen warten" not in editor.read(f"{TRAY}?quelle=x&thema=-1&seite=y")


@pytest.mark.parametrize(("tat", "chosen"), [
    ("verwerfen", []), ("", ["1"]), ("loeschen", ["1"]), ("verwerfen", ["999999", "a", "-1"])])
def test_what_cannot_be_done_changes_nothing_and_says_so(
        editor: Visitor, session: Session, wait: Wait, tat: str, chosen: list[str]) -> None:
    one = wait("Alpha")
    answer = editor.press(TRAY, tat=tat, meldung=chosen)
    assert answer.status_code == 302
    page = editor.read(answer.location)
    assert "Wählen Sie zuerst Meldungen aus." in page or "schon jemand erledigt" in page
    assert state(session, one) == AnnouncementState.WAITING


def test_of_two_editors_the_second_is_told(
        editor: Visitor, session: Session, wait: Wait) -> None:
    one = wait("Alpha")
    editor.press(TRAY, tat=f"uebernehmen {one.id}")
    answer = editor.press("/redaktion/neu", TRAY, tat=f"verwerfen {one.id}")
    assert "schon jemand erledigt" in editor.read(answer.location)
    assert state(session, one) == AnnouncementState.DRAFT


def test_all_or_nothing_beyond_ones_ortsteile(
        editor: Visitor, session: Session, wait: Wait, staff: Staff,
        make_neighbourhood: Callable[..., Neighbourhood], topic: Topic) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("berlebeck")
    own = wait("Alpha", neighbourhoods=[here.id])
    foreign = wait("Beta", neighbourhoods=[there.id], summary="Vollsperrung")
    staff.neighbourhoods = [here]
    session.commit()
    page = editor.read(TRAY)
    assert f'value="{own.id}"' in page
    assert f'value="{foreign.id}"' not in page
    assert "Themen eintragen" not in page
    answer = editor.press(TRAY, tat=f"verwerfen {own.id} {foreign.id}")
    assert answer.status_code == 403
    assert state(session, own) == state(session, foreign) == AnnouncementState.WAITING
    foreign.state = AnnouncementState.DISMISSED
    session.commit()
    assert "Rückgängig" not in editor.read(f"{TRAY}?verworfen={foreign.id}")
    assert editor.press(TRAY, f"{TRAY}/zurueck", meldung=str(foreign.id)).status_code == 403


def test_the_keys_are_told_and_can_be_switched_off(editor: Visitor, wait: Wait) -> None:
    wait("Alpha")
    page = editor.read(TRAY)
    assert 'id="tasten"' in page
    assert '<details class="tray-keys" hidden>' in page  # without JavaScript there are none
