"""Sources by API: added, read and checked, from a web server with a real feed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.intake.models import Item, Source
from civic_push.integrations.clients import Scope
from civic_push.staff.models import TrailEntry
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE, problem
from tests.stand_ins.feed_server import FeedServer, feed_server

SAMPLES = Path(__file__).parents[2] / "content_sources" / "data"
ATOM = (SAMPLES / "town.atom").read_bytes()


@pytest.fixture
def web() -> Iterator[FeedServer]:
    """A web server on this machine."""
    with feed_server() as server:
        yield server


@pytest.fixture
def app(make_app: Callable[..., Flask], web: FeedServer) -> Iterator[Flask]:
    """An app that may read that server although its address is private."""
    app = make_app(fetch_private=(web.place,))
    with app.app_context():
        yield app


def counted(session: Session, kind: type[Item] | type[Announcement] | type[Source]) -> int:
    """How many rows there are now."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(kind)) or 0


def newer(title: str) -> bytes:
    """The sample with one more entry, of a minute ago."""
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    entry = (f"<entry><id>urn:x:new</id><title>{title}</title><updated>{at}</updated>"
             f"<published>{at}</published><link href='https://stadt.example/neu'/>"
             "<summary>Ab morgen.</summary></entry></feed>")
    return ATOM.replace(b"</feed>", entry.encode())


def test_a_source_is_added_checked_and_its_news_wait_in_the_tray(
        program: Program, web: FeedServer, session: Session, topic: Topic,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    place = make_neighbourhood("hiddesen")
    web.serve(ATOM, "/feed")
    answer = program.post("/sources", {
        "url": web.url(), "name": "Stadt", "topics": [topic.slug], "interval_minutes": 30,
        "neighbourhoods": [place.slug]})
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["name"], made["topics"], made["neighbourhoods"], made["interval_minutes"],
            made["last_error"]) == ("Stadt", ["baustellen"], ["hiddesen"], 30, "")
    old = counted(session, Item)
    assert old > 0
    assert counted(session, Announcement) == 0  # what it held is announced to nobody
    assert program.get("/sources").get_json()["items"] == [made]
    web.serve(newer("Brücke gesperrt"), "/feed")
    checked = program.post(f"/sources/{made['id']}/check").get_json()
    assert (checked["found"], checked["error"]) == (1, "")
    assert counted(session, Item) == old + 1
    [found] = session.scalars(select(Announcement))
    assert (found.title, found.state) == ("Brücke gesperrt", AnnouncementState.WAITING)
    assert [n.slug for n in found.neighbourhoods] == ["hiddesen"]
    entry = session.scalars(select(TrailEntry).where(TrailEntry.action == "source.added")).one()
    assert json.loads(entry.after or "") == {"url": web.url(), "entries": old}


def test_a_source_that_may_publish_does(
        program: Program, web: FeedServer, session: Session, topic: Topic) -> None:
    web.serve(ATOM, "/feed")
    made = program.post("/sources", {"url": web.url(), "topics": [topic.slug],
                                     "publish": True}).get_json()
    assert made["name"] == "127.0.0.1"  # nobody named it
    web.serve(newer("Brücke frei"), "/feed")
    program.post(f"/sources/{made['id']}/check")
    session.rollback()
    assert session.scalars(select(Announcement.state)).all() == [AnnouncementState.PUBLISHED]


@ONE_DATABASE
def test_without_the_scope_nothing_is_read_or_said(
        make_program: Callable[..., Program], web: FeedServer, session: Session, topic: Topic,
        stranger: Program) -> None:
    web.serve(ATOM, "/feed")
    body = {"url": web.url(), "topics": [topic.slug]}
    other = make_program(Scope.READ, Scope.WRITE, Scope.PUBLISH)
    problem(other.post("/sources", body), 403, "scope")
    problem(other.get("/sources"), 403, "scope")
    problem(stranger.post("/sources", body), 401, "token")
    reader = make_program(Scope.SOURCES)
    problem(reader.post("/sources", {**body, "publish": True}), 403, "scope")
    assert counted(session, Source) == 0
    assert web.requests == []


@ONE_DATABASE
def test_a_client_s_limits_hold_for_sources_too(
        make_program: Callable[..., Program], web: FeedServer, session: Session, topic: Topic,
        make_topic: Callable[..., Topic]) -> None:
    web.serve(ATOM, "/feed")
    limited = make_program(Scope.SOURCES, topics=[make_topic("abfall").id])
    problem(limited.post("/sources", {"url": web.url(), "topics": [topic.slug]}), 403, "outside")
    made = make_program(Scope.SOURCES).post(
        "/sources", {"url": web.url(), "topics": [topic.slug]}).get_json()
    problem(limited.post(f"/sources/{made['id']}/check"), 403, "outside")
    assert counted(session, Source) == 1


def first_flaw(answer: Any) -> tuple[str, str]:
    """Where the only flaw is, and what it says."""
    [flaw] = problem(answer, 422, "invalid")["errors"]
    return flaw["pointer"], flaw["detail"]


@ONE_DATABASE
@pytest.mark.parametrize(("url", "sentence"), [
    ("http://127.0.0.1:1/feed", "führt in ein internes Netz"),
    ("http://[::1]/feed", "führt in ein internes Netz"),
    ("file:///etc/passwd", "muss mit https:// oder http:// beginnen"),
    ("https://user:secret@stadt.example/feed", "darf kein Passwort enthalten"),
    ("http://localhost/meldungen.atom", "unsere eigene Seite"),
    ("PAGE", "führt zu einer Webseite, nicht zu einem Feed"),
    ("NOTHING", "findet sich nichts mehr"),
    ("INWARDS", "führt in ein internes Netz"),
], ids=["private", "private IPv6", "file", "password", "ourselves", "a web page", "nothing",
        "redirect inwards"])
def test_what_cannot_be_a_source_is_said_at_its_address(
        program: Program, web: FeedServer, session: Session, topic: Topic, url: str,
        sentence: str) -> None:
    web.serve(b"<!DOCTYPE html><html><title>Stadt</title></html>", "/page")
    web.redirect("/inwards", "http://127.0.0.1:1/feed")
    url = web.url(f"/{url.lower()}") if url.isupper() else url
    where, said = first_flaw(program.post("/sources", {"url": url, "topics": [topic.slug]}))
    assert (where, sentence in said) == ("/url", True), said
    assert counted(session, Source) == counted(session, Item) == 0
    assert session.scalars(select(TrailEntry)).all() == []


@ONE_DATABASE
def test_a_source_needs_a_topic_that_exists(
        program: Program, web: FeedServer, session: Session) -> None:
    web.serve(ATOM, "/feed")
    for topics, where in (([], "/topics"), (["drachen"], "/topics/0")):
        assert first_flaw(program.post("/sources", {"url": web.url(), "topics": topics})
                          )[0] == where
    assert web.requests == []
    assert counted(session, Source) == 0


@ONE_DATABASE
def test_the_same_source_is_added_once(
        program: Program, web: FeedServer, session: Session, topic: Topic) -> None:
    web.serve(ATOM, "/feed")
    web.redirect("/old", web.url(), "301 Moved Permanently")
    body = {"url": web.url(), "topics": [topic.slug]}
    made = program.post("/sources", body).get_json()
    for url in (web.url(), f" {web.url()} ", web.url("/old")):
        said = problem(program.post("/sources", {**body, "url": url}), 409, "known")
        assert said["detail"] == f"Es ist Quelle {made['id']}."
    assert counted(session, Source) == 1


@ONE_DATABASE
def test_a_check_says_what_is_wrong_and_the_list_remembers(
        program: Program, web: FeedServer, session: Session, topic: Topic) -> None:
    web.serve(ATOM, "/feed")
    made = program.post("/sources", {"url": web.url(), "topics": [topic.slug]}).get_json()
    web.pages.clear()
    address = f"/sources/{made['id']}/check"
    assert "nichts mehr" in program.post(address).get_json()["error"]
    english = program.get("/sources", Accept_Language="en").get_json()["items"][0]["last_error"]
    assert english
    assert "nichts mehr" not in english
    session.scalars(select(Source)).one().active = False
    session.commit()
    problem(program.post(address), 409, "inactive")
    problem(program.post("/sources/999/check"), 404, "http-404")
