"""The desk's lists: what stands where, searched, filtered, for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from civic_push.announcements import approval, listing, publishing
from civic_push.announcements.listing import TOWN, Search, Where
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.staff.models import Staff
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.desk_visitor import Visitor

Make = Callable[..., Announcement]


@pytest.fixture
def titles(session: Session, now: datetime) -> Callable[..., list[str]]:
    """The titles a search finds."""
    def look(where: Where, **search: object) -> list[str]:
        found = listing.find(session, Search(where, **search), now)  # type: ignore[arg-type]
        return [a.title for a in found.rows]
    return look


def test_each_list_holds_what_stands_there(
        session: Session, now: datetime, make_announcement: Make, make_staff: Callable[..., Staff],
        titles: Callable[..., list[str]]) -> None:
    author, editor = make_staff("author"), make_staff("editor")
    made = {name: make_announcement(title=name) for name in (
        "Entwurf", "Eingereicht", "Geplant", "Bald", "Verteilt", "Wartet", "Fertig", "Falsch",
        "Weg")}
    approval.submit(session, author, made["Eingereicht"], now)
    session.commit()
    for name, hours in (("Geplant", 5), ("Bald", 1)):
        approval.release(session, editor, made[name], now, at=now + timedelta(hours=hours))
    for minutes, name in enumerate(("Verteilt", "Wartet", "Fertig", "Falsch")):
        publishing.publish(session, made[name], now - timedelta(minutes=minutes + 1))
        made[name].fan_out_done_at = None if name == "Verteilt" else now
    for name, state in (("Wartet", State.WAITING), ("Fertig", State.SENT)):
        session.add(Delivery(announcement_id=made[name].id, contact_id=1, channel="email",
                             lane=Lane.NORMAL, state=state, due_at=now, created_at=now,
                             expires_at=now + timedelta(days=1)))
    withdrawal = publishing.save(session, publishing.Draft(
        "Rücknahme", "", kind=AnnouncementKind.WITHDRAWAL, change="Irrtum.",
        topics=[t.id for t in made["Falsch"].topics]), now, follows=made["Falsch"])
    publishing.publish(session, withdrawal, now)
    withdrawal.fan_out_done_at = now
    made["Weg"].state = AnnouncementState.DISMISSED
    session.commit()
    assert {where.value: titles(where) for where in Where} == {
        "draft": ["Entwurf"], "submitted": ["Eingereicht"], "scheduled": ["Bald", "Geplant"],
        "sending": ["Verteilt", "Wartet"], "withdrawn": ["Falsch"], "dismissed": ["Weg"],
        "published": ["Rücknahme", "Verteilt", "Wartet", "Fertig", "Falsch"]}


def test_lists_are_searched_and_filtered(
        session: Session, now: datetime, make_announcement: Make, make_staff: Callable[..., Staff],
        make_neighbourhood: Callable[..., Neighbourhood], make_topic: Callable[..., Topic],
        titles: Callable[..., list[str]]) -> None:
    here, other, person = make_neighbourhood(), make_topic("kultur"), make_staff("author")
    make_announcement(title="Fest in Hiddesen", neighbourhoods=[here.id], topics=[other.id])
    make_announcement(title="Über die Brücke", body="100 % GESPERRT", author_id=person.id)
    old = make_announcement(title="Alt")
    old.created_at = now - timedelta(days=30)
    session.commit()
    look = titles
    assert look(Where.DRAFT, words="fest hidd") == ["Fest in Hiddesen"]
    assert look(Where.DRAFT, words="über gesperrt") == ["Über die Brücke"]
    assert look(Where.DRAFT, words="0 % ge") == ["Über die Brücke"]
    assert look(Where.DRAFT, words="%%") == []
    assert look(Where.DRAFT, place=here.id) == ["Fest in Hiddesen"]
    assert look(Where.DRAFT, place=TOWN) == ["Alt", "Über die Brücke"]
    assert look(Where.DRAFT, topic=other.id) == ["Fest in Hiddesen"]
    assert look(Where.DRAFT, author=person.id) == ["Über die Brücke"]
    assert look(Where.DRAFT, until=now - timedelta(days=1)) == ["Alt"]
    assert look(Where.DRAFT, since=now, words="fest") == ["Fest in Hiddesen"]


def test_what_waits_for_somebody_is_what_another_wrote_within_his_limits(
        session: Session, now: datetime, make_announcement: Make, make_staff: Callable[..., Staff],
        make_neighbourhood: Callable[..., Neighbourhood], titles: Callable[..., list[str]]
        ) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("pivitsheide")
    author, local = make_staff("author"), make_staff("approver", places=[here])
    for title, places, writer in (("Hier", [here.id], author), ("Dort", [there.id], author),
                                  ("Beide", [here.id, there.id], author), ("Alle", [], author),
                                  ("Selbst", [here.id], local)):
        saved = make_announcement(title=title, neighbourhoods=places, author_id=writer.id)
        saved.state = AnnouncementState.SUBMITTED
    session.commit()
    assert titles(Where.SUBMITTED, decider=local) == ["Hier"]
    assert titles(Where.SUBMITTED, author=local.id) == ["Selbst"]


def test_pages_are_turned_by_key_both_ways(
        session: Session, now: datetime, make_announcement: Make) -> None:
    made = [make_announcement(title=f"Nummer {n}").id for n in range(7)]
    for number, minutes in zip(made, (0, 0, 0, 1, 1, 2, 2), strict=True):  # some at once
        found = session.get(Announcement, number)
        assert found
        publishing.publish(session, found, now - timedelta(minutes=minutes))
    search, seen = Search(Where.PUBLISHED), []
    page = listing.find(session, search, now, 3)
    assert page.before is None
    while True:
        seen.append([a.id for a in page.rows])
        if page.after is None:
            break
        page = listing.find(session, search, now, 3, after=page.after)
    one, two, three, four, five, six, seven = made
    assert seen == [[three, two, one], [five, four, seven], [six]]
    back = listing.find(session, search, now, 3, before=page.before)
    assert [a.id for a in back.rows] == seen[1]
    first = listing.find(session, search, now, 3, before=back.before)
    assert ([a.id for a in first.rows], first.before) == (seen[0], None)
    assert [a.id for a in listing.find(session, search, now, 3, after=999).rows] == seen[0]


def test_the_lists_page_filters_keeps_what_was_typed_and_says_what_is_wrong(
        editor: Visitor, make_announcement: Make) -> None:
    make_announcement(title="Brücke <gesperrt>")
    page = editor.read("/redaktion/meldungen/entwuerfe?suche=brücke&ortsteil=0")
    assert "Brücke <gesperrt>" in page
    assert 'value="brücke"' in page
    assert '<option value="0" selected>' in page
    assert "Entwürfe (1)" in page
    assert "Dazu gibt es hier nichts." in editor.read(
        "/redaktion/meldungen/entwuerfe?suche=nichts&thema=99&von_wem=1&nach=5")
    wrong = editor.get("/redaktion/meldungen/geplant?von=morgen")
    assert wrong.status_code == 422
    assert "Schreiben Sie den Tag so" in wrong.text
    assert editor.get("/redaktion/meldungen/gibtesnicht").status_code == 404


def test_the_overview_shows_what_waits_for_whom(
        session: Session, now: datetime, make_announcement: Make, make_staff: Callable[..., Staff],
        enter: Callable[[Staff], Visitor]) -> None:
    author, approver = make_staff("author"), make_staff("approver")
    for title in ("Eins", "Zwei"):
        approval.submit(session, author, make_announcement(title=title, author_id=author.id), now,
                        at=now + timedelta(hours=1))
        session.commit()
    approval.release(session, approver, make_announcement(title="Drei"), now,
                     at=now + timedelta(hours=1))
    assert "Wartet auf Ihre Freigabe" in enter(approver).read("/redaktion/")
    assert "geht hinaus: " in enter(approver).read("/redaktion/")
    mine = enter(author).read("/redaktion/")
    assert "Von Ihnen eingereicht" in mine
    assert "Wartet auf Ihre Freigabe" not in mine


def test_the_overview_tells_no_more_than_the_announcement_s_own_page(
        editor: Visitor, session: Session, now: datetime, make_announcement: Make) -> None:
    """A sum of what is shown there channel by channel: subtracting reveals nothing."""
    announcement = make_announcement()
    publishing.publish(session, announcement, now)
    for contact in range(44):
        session.add(Delivery(
            announcement_id=announcement.id, contact_id=contact, lane=Lane.NORMAL,
            channel="sms" if contact < 3 else "email", state=State.SENT, due_at=now,
            created_at=now, expires_at=now + timedelta(days=1)))
    session.commit()
    page = editor.read("/redaktion/")
    assert "mehr als 41 übergeben" in page
    assert "44 übergeben" not in page
