"""Announcements through the API: the whole way, and everything that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civic_push.announcements import following, publishing
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.db import utcnow
from civic_push.integrations.clients import Scope
from civic_push.staff.models import TrailEntry
from subscriptions.models import Contact, Neighbourhood, Topic
from tests.civic_push.api.conftest import Program

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before the database is asked for much."""


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """What a refusal says."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    said: dict[str, Any] = answer.get_json()
    assert said["status"] == status
    assert said["type"].endswith(f"#{code}")
    return said


def pointers(answer: TestResponse) -> list[str]:
    """What is wrong, by place."""
    return [flaw.get("pointer", flaw.get("parameter"))
            for flaw in problem(answer, 422, "invalid")["errors"]]


@pytest.fixture
def at_once(make_app: Callable[..., Flask]) -> Flask:
    """An app in which what is published leaves without an undo window."""
    return make_app(undo_seconds=0)


def test_a_draft_is_written_changed_and_published(
        session: Session, at_once: Flask, make_program: Callable[..., Program],
        news: dict[str, Any]) -> None:
    program = Program(at_once, make_program().token)
    made = program.post("/announcements", news)
    assert made.status_code == 201, made.text
    assert made.get_json()["state"] == "draft"
    where, etag = made.headers["Location"].removeprefix("/api/v1"), made.headers["ETag"]
    changed = program.ask("PUT", where, {**news, "title": "Brücke offen",
                                         "plain": {"text": "Die Brücke ist offen."}},
                          If_Match=etag)
    assert changed.status_code == 200, changed.text
    assert changed.get_json()["plain"]["title"] == "Brücke offen"
    out = program.post(f"{where}/publish", {})
    assert out.status_code == 200, out.text
    assert out.get_json()["state"] == "published"
    read = Program(at_once).get(where)
    assert read.get_json()["title"] == "Brücke offen"
    assert "Set-Cookie" not in read.headers
    deeds = session.scalars(select(TrailEntry.action).order_by(TrailEntry.id)).all()
    assert deeds == ["announcement.saved", "announcement.saved", "announcement.published"]


@ONE_DATABASE
def test_what_is_missing_is_named_by_pointer_in_the_client_s_language(
        program: Program, news: dict[str, Any]) -> None:
    answer = program.post("/announcements", {
        "title": 5, "txt": "", "topics": ["drachen"], "plain": {"text": None}})
    assert sorted(pointers(answer)) == ["/neighbourhoods", "/plain/text", "/title", "/txt"]
    assert "Diese Angabe fehlt." in answer.get_data(as_text=True)
    unknown = program.post("/announcements", {**news, "topics": ["baustellen", "drachen"]})
    assert pointers(unknown) == ["/topics/1"]
    past = program.post("/announcements", {
        **news, "expires_at": "2020-01-01T00:00:00Z", "link": "javascript:alert(1)"})
    assert pointers(past) == ["/link", "/expires_at"]


@ONE_DATABASE
@pytest.mark.parametrize(("body", "kind", "status", "code"), [
    (b"{", "application/json", 400, "http-400"),
    (b"\xff", "application/json", 400, "http-400"),
    (b"title=x", "application/x-www-form-urlencoded", 415, "http-415"),
    (b"[]", "application/json", 422, "invalid"),
    (b'{"title": "\\ud800", "neighbourhoods": []}', "application/json", 422, "invalid"),
    (b'"' + b"x" * 1_000_001 + b'"', "application/json", 413, "http-413"),
], ids=["broken", "no-utf-8", "form", "list", "half-character", "too-large"])
def test_a_body_that_cannot_be_read_is_refused_in_a_sentence(
        app: Flask, program: Program, body: bytes, kind: str, status: int, code: str) -> None:
    answer = app.test_client().post(
        "/api/v1/announcements", data=body, content_type=kind,
        headers={"Authorization": f"Bearer {program.token}"})
    said = problem(answer, status, code)
    assert said.get("detail") or said["errors"][0]["detail"]


@ONE_DATABASE
def test_nothing_unfinished_is_published(program: Program, news: dict[str, Any]) -> None:
    draft = program.post("/announcements", {"title": "Noch nichts", "neighbourhoods": []})
    number = draft.get_json()["id"]
    refused = program.post(f"/announcements/{number}/publish", {})
    assert pointers(refused) == ["/text", "/topics"]
    checked = program.post("/announcements/validate", {"title": "Nichts", "neighbourhoods": []})
    assert checked.get_json()["ready"] is False
    assert program.post("/announcements/validate", news).get_json() == {
        "ready": True, "errors": [], "inboxes": {}}


def test_a_draft_that_somebody_changed_meanwhile_is_not_overwritten(
        program: Program, news: dict[str, Any]) -> None:
    made = program.post("/announcements", news)
    where = made.headers["Location"].removeprefix("/api/v1")
    problem(program.ask("PUT", where, news), 428, "if-match")
    program.ask("PUT", where, {**news, "title": "Neu"}, If_Match=made.headers["ETag"])
    problem(program.ask("PUT", where, news, If_Match=made.headers["ETag"]), 412, "changed")
    assert program.get(where).get_json()["title"] == "Neu"
    fresh = program.get(where)
    assert program.get(where, If_None_Match=fresh.headers["ETag"]).status_code == 304


def test_danger_is_submitted_because_a_program_has_no_second_person(
        program: Program, news: dict[str, Any]) -> None:
    number = program.post("/announcements", {**news, "urgency": "danger"}).get_json()["id"]
    problem(program.post(f"/announcements/{number}/publish", {}), 409, "second-person")
    answer = program.post(f"/announcements/{number}/submit", {"comment": "Pegel 3,20 m"})
    assert answer.get_json()["state"] == "submitted"
    problem(program.post(f"/announcements/{number}/publish", {}), 409, "settled")
    assert program.post(f"/announcements/{number}/take-back").get_json()["state"] == "draft"


def test_a_correction_and_a_withdrawal_follow_the_newest_of_the_chain(
        at_once: Flask, make_program: Callable[..., Program], news: dict[str, Any]) -> None:
    program = Program(at_once, make_program().token)
    first = program.post("/announcements", news).get_json()["id"]
    problem(program.post(f"/announcements/{first}/correct", {**news, "change": "x"}),
            409, "settled")
    program.post(f"/announcements/{first}/publish", {})
    made = program.post(f"/announcements/{first}/correct", {
        **news, "title": "Brücke bis Samstag gesperrt", "change": "Einen Tag länger."})
    assert made.status_code == 201, made.text
    correction = made.get_json()
    assert (correction["kind"], correction["replaces"]) == ("correction", first)
    assert correction["change"] == "Einen Tag länger."
    problem(program.post(f"/announcements/{first}/correct", {**news, "change": "x"}),
            409, "begun")
    out = program.post(f"/announcements/{correction['id']}/publish", {})
    assert out.get_json()["state"] == "published", out.text
    gone = program.post(f"/announcements/{first}/withdraw", {"change": "War ein Irrtum."})
    assert gone.get_json()["replaces"] == correction["id"]
    out = program.post(f"/announcements/{gone.get_json()['id']}/publish", {})
    assert out.get_json()["state"] == "published", out.text
    problem(program.post(f"/announcements/{first}/withdraw", {"change": "Noch einmal."}),
            409, "cannot-follow")
    problem(program.post(f"/announcements/{first}/all-clear", {"change": "Alles gut."}),
            409, "cannot-follow")


@ONE_DATABASE
def test_a_dismissed_draft_is_gone_from_the_drafts(
        program: Program, news: dict[str, Any]) -> None:
    number = program.post("/announcements", news).get_json()["id"]
    assert program.ask("DELETE", f"/announcements/{number}").status_code == 204
    assert program.get("/announcements?state=draft").get_json()["items"] == []
    problem(program.ask("DELETE", f"/announcements/{number}"), 409, "settled")


def test_small_numbers_of_residents_are_not_told(
        session: Session, at_once: Flask, make_program: Callable[..., Program],
        make_contact: Callable[..., Contact], news: dict[str, Any]) -> None:
    program = Program(at_once, make_program().token)
    for _ in range(4):
        make_contact()
    for _ in range(5):
        make_contact("telegram", str(session.scalar(select(Contact.id).order_by(
            Contact.id.desc()).limit(1)) or 0))
    checked = program.post("/announcements/validate", news).get_json()
    assert checked["inboxes"] == {"email": None, "telegram": 5}


@ONE_DATABASE
def test_a_limited_client_stays_within_its_ortsteil(
        make_program: Callable[..., Program], make_neighbourhood: Callable[..., Neighbourhood],
        make_announcement: Callable[..., Announcement], news: dict[str, Any]) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("pivitsheide")
    foreign = make_announcement(neighbourhoods=[there.id]).id
    program = make_program(neighbourhoods=[here.id])
    problem(program.post("/announcements", news), 403, "outside")
    problem(program.post("/announcements", {**news, "neighbourhoods": ["pivitsheide"]}),
            403, "outside")
    assert program.post("/announcements", {**news, "neighbourhoods": ["hiddesen"]}
                        ).status_code == 201
    assert program.get(f"/announcements/{foreign}").status_code == 200
    problem(program.ask("DELETE", f"/announcements/{foreign}"), 403, "outside")


@ONE_DATABASE
def test_a_limited_client_does_not_follow_what_has_come_to_reach_further(
        session: Session, make_program: Callable[..., Program], topic: Topic,
        make_neighbourhood: Callable[..., Neighbourhood],
        make_announcement: Callable[..., Announcement]) -> None:
    here = make_neighbourhood("hiddesen")
    first = make_announcement(topics=[topic.id], neighbourhoods=[here.id])
    assert publishing.publish(session, first, utcnow())
    program = make_program(Scope.READ, Scope.WRITE, Scope.PUBLISH, neighbourhoods=[here.id])
    body = {"title": "Anders", "text": "Anders.", "topics": [topic.slug],
            "neighbourhoods": ["hiddesen"], "change": "Anders."}
    begun = program.post(f"/announcements/{first.id}/correct", body)
    assert begun.status_code == 201
    number = begun.json["id"]
    wide = publishing.save(session, Draft(
        "Wasser abkochen", "In der ganzen Stadt.", topics=[topic.id], change="Überall.",
        kind=AnnouncementKind.CORRECTION), utcnow(), follows=first)
    assert publishing.publish(session, wide, utcnow())
    for deed, sent in (("correct", body), ("withdraw", {"change": "Anders."})):
        problem(program.post(f"/announcements/{first.id}/{deed}", sent), 403, "outside")
    for deed in ("publish", "submit"):
        problem(program.post(f"/announcements/{number}/{deed}", {}), 403, "outside")
    assert following.current(session, first).title == "Wasser abkochen"


@ONE_DATABASE
def test_strangers_see_what_is_published_and_nothing_else(
        stranger: Program, program: Program, news: dict[str, Any]) -> None:
    number = program.post("/announcements", news).get_json()["id"]
    problem(stranger.get(f"/announcements/{number}"), 404, "http-404")
    problem(stranger.get("/announcements?state=draft"), 401, "token")
    problem(stranger.get("/announcements", Authorization="Bearer cpt_falsch"), 401, "token")
    problem(stranger.get("/gibtesnicht"), 404, "http-404")
    problem(stranger.ask("PATCH", f"/announcements/{number}"), 405, "http-405")
    listed = stranger.get("/announcements")
    assert listed.get_json() == {"items": [], "next": None}
    assert listed.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in program.get("/announcements").headers


def test_a_list_is_turned_by_cursors_that_hold_for_it_alone(
        program: Program, stranger: Program, session: Session,
        make_announcement: Callable[..., Announcement], topic: Topic) -> None:
    now = utcnow()
    for age in range(5):
        row = make_announcement(title=f"Nr. {age}", topics=[topic.id])
        row.state, row.published_at = "published", now - timedelta(minutes=age)
    session.commit()
    seen, path = [], "/announcements?limit=2"
    cursor = ""
    while cursor is not None:
        page = stranger.get(path + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [f"Nr. {age}" for age in range(5)]
    cursor = stranger.get(path).get_json()["next"]
    for other in (f"{path}&words=Nr&cursor={cursor}", f"{path}&cursor=x", f"{path}&cursor=ä"):
        assert pointers(stranger.get(other)) == ["cursor"]
    assert pointers(stranger.get("/announcements?topic=drachen")) == ["topic"]
    assert pointers(stranger.get("/announcements?limit=0")) == ["limit"]


@ONE_DATABASE
def test_the_directory_is_open_and_speaks_the_reader_s_language(
        stranger: Program, topic: Topic, session: Session,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    make_neighbourhood("hiddesen")
    topic.translations = {"en": {"name": "Roadworks"}}
    session.commit()
    assert stranger.get("/neighbourhoods").get_json() == {
        "items": [{"slug": "hiddesen", "name": "Hiddesen"}]}
    english = stranger.get("/topics", Accept_Language="en")
    assert english.get_json()["items"][0]["name"] == "Roadworks"


@ONE_DATABASE
def test_a_client_learns_what_it_may_do(make_program: Callable[..., Program]) -> None:
    told = make_program(Scope.READ).get("/client").get_json()
    assert told["scopes"] == ["announcements:read"]


def test_picture_and_place_are_told_and_change_the_etag(
        session: Session, program: Program, make_announcement: Callable[..., Announcement]
        ) -> None:
    number = make_announcement().id
    where = f"/announcements/{number}"
    plain = program.get(where)
    assert (plain.get_json()["image"], plain.get_json()["place"]) == (None, None)
    row = session.get_one(Announcement, number)
    row.place, row.latitude, row.longitude = "Marktplatz 5", 51.9365, 8.8791
    session.add(AnnouncementImage(announcement_id=number, digest="ab" * 32, kind="png", width=8,
                                  height=4, alt="Ein Zelt."))
    session.commit()
    told = program.get(where)
    assert told.get_json()["image"] == {
        "url": f"http://localhost/bilder/{'ab' * 32}.png", "alt": "Ein Zelt.", "width": 8,
        "height": 4}
    assert told.get_json()["place"] == {
        "address": "Marktplatz 5", "latitude": 51.9365, "longitude": 8.8791}
    assert told.headers["ETag"] != plain.headers["ETag"]
    (listed,) = program.get("/announcements?state=draft").get_json()["items"]
    assert listed == told.get_json()
