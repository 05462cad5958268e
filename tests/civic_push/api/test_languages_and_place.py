"""Through the API, an announcement has its translations and its place, as from the desk's form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civic_push.announcements.details import Details, complete
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.announcements.writing_models import AnnouncementVersion
from civic_push.db import utcnow
from subscriptions.models import Register, Topic
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE, pointers, problem
from tests.civic_push.desk_visitor import Visitor
from tests.civic_push.writing.test_translating import BEHIND, sections

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"
ENGLISH = {"title": "Bridge closed", "text": "Closed until **Friday**.", "short": "Go round."}
TURKISH = {"title": "Köprü kapalı", "text": "**Cuma** gününe kadar.", "short": ""}
BRIDGE = {"address": "Lange Straße 1", "latitude": 51.9365, "longitude": 8.8791}


@pytest.fixture
def told(news: dict[str, Any]) -> dict[str, Any]:
    """An announcement with all that it can have."""
    return {**news, "translations": {"en": ENGLISH, "tr": TURKISH}, "place": BRIDGE}


@pytest.fixture
def at_once(make_app: Callable[..., Flask], make_program: Callable[..., Program]) -> Program:
    """A client of an app in which what is published leaves without an undo window."""
    return Program(make_app(undo_seconds=0), make_program().token)


def path_of(made: Any) -> str:
    """Where a new announcement is, for `ask`."""
    assert made.status_code == 201, made.text
    return str(made.headers["Location"].removeprefix("/api/v1"))


def replaced(program: Program, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The draft after a PUT."""
    answer = program.ask("PUT", path, body, If_Match=program.get(path).headers["ETag"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_strangers_read_the_languages_and_the_place_that_a_program_wrote(
        at_once: Program, told: dict[str, Any]) -> None:
    path = path_of(at_once.post("/announcements", told))
    assert at_once.post(f"{path}/publish", {}).get_json()["state"] == "published"
    read = Program(at_once.app).get(path).get_json()
    assert read["translations"] == {"en": ENGLISH, "tr": TURKISH}
    assert read["place"] == BRIDGE
    assert Program(at_once.app).get("/announcements").get_json()["items"] == [read]
    page = at_once.app.test_client().get(f"/meldungen/{read['id']}?sprache=en").text
    assert "Bridge closed" in page
    assert "Lange Straße 1" in page
    assert "mlat=51.936500&amp;mlon=8.879100" in page


def test_a_draft_keeps_what_a_change_does_not_mention(
        program: Program, told: dict[str, Any], news: dict[str, Any]) -> None:
    path = path_of(program.post("/announcements", told))
    kept = replaced(program, path, {**news, "title": "Brücke bis Freitag gesperrt"})
    assert kept["translations"] == told["translations"]
    assert kept["place"] == BRIDGE
    again = replaced(program, path, {**news, **{name: kept[name]
                                               for name in ("translations", "place")}})
    assert (again["translations"], again["place"]) == (told["translations"], BRIDGE)
    fewer = replaced(program, path, {**news, "translations": {"tr": TURKISH, "en": None},
                                     "place": {"address": "Am Wall"}})
    assert fewer["translations"] == {"tr": TURKISH}
    assert fewer["place"] == {"address": "Am Wall", "latitude": None, "longitude": None}
    none = replaced(program, path, {**news, "translations": None, "place": None})
    assert (none["translations"], none["place"]) == ({}, None)


def test_a_change_of_a_translation_alone_changes_the_etag(
        program: Program, told: dict[str, Any]) -> None:
    made = program.post("/announcements", told)
    path = path_of(made)
    replaced(program, path, {**told, "translations": {"en": {**ENGLISH, "short": ""}}})
    late = program.ask("PUT", path, told, If_Match=made.headers["ETag"])
    problem(late, 412, "changed")
    assert program.get(path).get_json()["translations"]["en"]["short"] == ""


@ONE_DATABASE
@pytest.mark.parametrize(("sent", "places"), [
    ({"translations": {"fr": ENGLISH, "de": ENGLISH}},
     ["/translations/de", "/translations/fr"]),
    ({"translations": {"en": {"text": "Closed."}, "tr": {"title": "Kapalı", "text": ""}}},
     ["/translations/en/title", "/translations/tr/text"]),
    ({"translations": {"en": {**ENGLISH, "title": " \n "}}}, ["/translations/en/title"]),
    ({"translations": {"en": {**ENGLISH, "title": "x" * 301, "short": "x" * 301}}},
     ["/translations/en/short", "/translations/en/title"]),
    ({"translations": {"en": {**ENGLISH, "text": "x" * 20_001}}}, ["/translations/en/text"]),
    ({"translations": {"en": {**ENGLISH, "text": ">" * 40 + "x"}}}, ["/translations/en/text"]),
    ({"translations": {"en": {**ENGLISH, "change": "Later."}}}, ["/translations/en/change"]),
    ({"translations": {"en": "Bridge closed"}}, ["/translations/en"]),
    ({"translations": [ENGLISH]}, ["/translations"]),
    ({"place": {"address": "x" * 201}}, ["/place/address"]),
    ({"place": {"latitude": 51.9}}, ["/place/longitude"]),
    ({"place": {"longitude": 8.9, "latitude": None}}, ["/place/latitude"]),
    ({"place": {"latitude": 90.1, "longitude": -180.1}}, ["/place/latitude", "/place/longitude"]),
    ({"place": {"latitude": "51.9", "longitude": True}}, ["/place/latitude", "/place/longitude"]),
    ({"place": {"latitude": float("nan"), "longitude": 10 ** 400}},
     ["/place/latitude", "/place/longitude"]),
    ({"place": {"street": "Am Wall"}}, ["/place/street"]),
    ({"place": "Am Wall"}, ["/place"]),
], ids=["unknown-language", "half", "blank", "long", "long-text", "bomb", "no-follow-up", "word",
        "list", "long-address", "half-a-point", "other-half", "off-the-globe", "no-numbers",
        "no-number-at-all", "unknown-member", "place-as-word"])
def test_what_is_wrong_is_named_where_it_stands_and_nothing_is_stored(
        program: Program, session: Session, news: dict[str, Any], sent: dict[str, Any],
        places: list[str]) -> None:
    answer = program.post("/announcements", {**news, **sent})
    assert sorted(pointers(answer)) == places
    assert not re.search(r"\b(Not|Must|Missing|Invalid|Unknown|required)\b", answer.text)
    assert session.scalars(select(Announcement)).all() == []
    checked = program.post("/announcements/validate", {**news, **sent})
    assert sorted(pointers(checked) if checked.status_code == 422 else
                  [flaw["pointer"] for flaw in checked.get_json()["errors"]]) == places


@ONE_DATABASE
def test_the_edges_of_the_globe_are_places(program: Program, news: dict[str, Any]) -> None:
    for point in ((90, 180), (-90, -180), (0, 0.0000001)):
        place = {"address": "", "latitude": point[0], "longitude": point[1]}
        made = program.post("/announcements", {**news, "place": place})
        assert made.status_code == 201, made.text
        shown = made.get_json()["place"]
        assert (shown["latitude"], shown["longitude"]) == (point[0], round(point[1], 6))


@ONE_DATABASE
def test_markup_and_what_follows_readers_go_as_at_the_desk(
        program: Program, news: dict[str, Any]) -> None:
    link = "https://detmold.example/bruecke"
    made = program.post("/announcements", {
        **news, "text": "<p>Bis <b>Freitag</b>.</p>", "link": f"{link}?utm_source=x",
        "translations": {"en": {**ENGLISH, "text": f"[More]({link}?fbclid=1)"}}}).get_json()
    assert (made["text"], made["link"]) == ("Bis **Freitag**.", link)
    assert made["translations"]["en"]["text"] == f"[More]({link})"


def test_every_text_a_program_saves_is_among_the_versions(
        program: Program, session: Session, told: dict[str, Any]) -> None:
    path = path_of(program.post("/announcements", told))
    replaced(program, path, {**told, "translations": {"en": ENGLISH}})
    replaced(program, path, {**told, "translations": {"en": ENGLISH}})
    texts = session.scalars(select(AnnouncementVersion).order_by(AnnouncementVersion.id)).all()
    assert [sorted(v.content["translations"]) for v in texts] == [["en", "tr"], ["en"]]
    assert texts[0].content["coordinates"] == "51.936500, 8.879100"


@ONE_DATABASE
def test_the_desk_sees_what_a_program_wrote_and_which_translation_it_left_behind(
        program: Program, editor: Visitor, told: dict[str, Any]) -> None:
    path = path_of(program.post("/announcements", told))
    replaced(program, path, {**told, "text": "Die Brücke ist bis **Samstag** gesperrt.",
                             "translations": {"en": ENGLISH, "tr": {**TURKISH, "short": "Dur."}}})
    page = editor.read(f"/redaktion/{path.rpartition('/')[2]}/bearbeiten")
    assert 'value="Lange Straße 1"' in page
    assert 'value="51.936500, 8.879100"' in page
    found = sections(page)
    assert 'value="Bridge closed"' in found["en"]
    assert BEHIND in found["en"]
    assert BEHIND not in found["tr"], "it was sent anew with the German text"


@ONE_DATABASE
def test_the_seal_of_leichte_sprache_holds_for_the_text_that_was_checked(
        program: Program, session: Session, news: dict[str, Any]) -> None:
    checked = {**news, "plain": {"text": "Die Brücke ist zu."}}
    path = path_of(program.post("/announcements", checked))
    complete(session.scalars(select(Announcement)).one(), Details(reviewer="Büro Leicht"))
    session.commit()

    def reviewers() -> list[str]:
        session.expire_all()
        return list(session.scalars(select(AnnouncementText.reviewer).where(
            AnnouncementText.register == Register.PLAIN)))
    replaced(program, path, {**checked, "title": "Brücke zu"})
    assert reviewers() == ["Büro Leicht"]
    replaced(program, path, {**news, "plain": {"text": "Die Brücke ist offen."}})
    assert reviewers() == [""]


def test_a_correction_brings_its_translations_and_keeps_the_place(
        at_once: Program, told: dict[str, Any], news: dict[str, Any]) -> None:
    path = path_of(at_once.post("/announcements", told))
    at_once.post(f"{path}/publish", {})
    change = {**news, "change": "Einen Tag länger."}
    old = at_once.post(f"{path}/correct", {**change, "translations": {"en": ENGLISH}})
    assert pointers(old) == ["/translations/en/change"]
    made = at_once.post(f"{path}/correct", {**change, "translations": {
        "en": {**ENGLISH, "change": "One day\nlonger."}}})
    correction = made.get_json()
    assert correction["translations"] == {"en": {**ENGLISH, "change": "One day longer."}}
    assert correction["place"] == BRIDGE
    out = at_once.post(f"{path_of(made)}/publish", {})
    assert out.get_json()["state"] == "published", out.text


def test_a_correction_without_translations_has_none_and_may_move_the_place(
        at_once: Program, told: dict[str, Any], news: dict[str, Any]) -> None:
    path = path_of(at_once.post("/announcements", told))
    at_once.post(f"{path}/publish", {})
    made = at_once.post(f"{path}/correct", {**news, "change": "Andere Brücke.", "place": None})
    assert (made.get_json()["translations"], made.get_json()["place"]) == ({}, None)


def test_a_withdrawal_says_why_in_the_languages_that_the_announcement_has(
        at_once: Program, told: dict[str, Any]) -> None:
    path = path_of(at_once.post("/announcements", told))
    at_once.post(f"{path}/publish", {})
    why = {"change": "War ein Irrtum."}
    unknown = at_once.post(f"{path}/withdraw", {
        **why, "translations": {"en": {"change": "A mistake."}, "ru": {"change": "Ошибка."}}})
    assert pointers(unknown) == ["/translations/ru"]
    made = at_once.post(f"{path}/withdraw", {
        **why, "translations": {"en": {"change": "A mistake."}}})
    assert made.get_json()["translations"] == {"en": {
        "title": ENGLISH["title"], "text": "", "short": "", "change": "A mistake."}}
    out = at_once.post(f"{path_of(made)}/publish", {})
    assert out.get_json()["state"] == "published", out.text


@ONE_DATABASE
def test_a_text_under_approval_is_not_changed_in_any_language(
        program: Program, told: dict[str, Any]) -> None:
    path = path_of(program.post("/announcements", {**told, "urgency": "danger"}))
    program.post(f"{path}/submit", {})
    answer = program.ask("PUT", path, {**told, "translations": None},
                         If_Match=program.get(path).headers["ETag"])
    problem(answer, 409, "settled")
    assert program.get(path).get_json()["translations"] == told["translations"]


@ONE_DATABASE
def test_times_are_held_to_the_desk_s_rules_before_anything_is_stored(
        program: Program, news: dict[str, Any]) -> None:
    answer = program.post("/announcements", {
        **news, "starts_at": "2099-01-02T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "expires_at": "2099-01-02T00:00:00Z"})
    assert pointers(answer) == ["/ends_at", "/expires_at"]
    assert pointers(program.post("/announcements", {
        **news, "ends_at": "2020-01-01T00:00:00Z"})) == ["/ends_at"]


@ONE_DATABASE
def test_what_has_begun_and_ended_can_still_be_withdrawn(
        at_once: Program, session: Session, news: dict[str, Any]) -> None:
    path = path_of(at_once.post("/announcements", news))
    at_once.post(f"{path}/publish", {})
    now = utcnow()
    session.execute(update(Announcement).values(
        starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1)))
    session.commit()
    made = at_once.post(f"{path}/withdraw", {"change": "War schon vorher gestrichen."})
    out = at_once.post(f"{path_of(made)}/publish", {})
    assert out.get_json()["state"] == "published", out.text


@ONE_DATABASE
def test_the_example_in_the_docs_can_be_sent(
        program: Program, topic: Topic, make_neighbourhood: Callable[..., Any]) -> None:
    make_neighbourhood("hiddesen")
    examples = re.findall(r"-d '(\{[^']*\})'\n", DOCUMENT.read_text(encoding="utf-8"))
    written = [sent for text in examples if "title" in (sent := json.loads(text))]
    assert len(written) == 2
    for sent in written:
        assert program.post("/announcements", sent).status_code == 201
    assert written[1]["translations"]
    assert written[1]["place"]
