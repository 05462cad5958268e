"""The write form's fields and what helps to fill them in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from subscriptions.models import Neighbourhood, Register, Topic
from tests.civic_push.desk_visitor import Visitor, hidden

NEW = "/redaktion/neu"


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("baustellen", aliases="Baustelle|-sperrung")


@pytest.fixture
def fields(topic: Topic) -> dict[str, Any]:
    """A form filled in completely."""
    return {"title": "Brücke gesperrt", "body": "Die **Brücke** ist gesperrt.",
            "where": "town", "topics": str(topic.id), "urgency": "info", "button": "draft"}


def only(session: Session) -> Announcement:
    session.expire_all()
    return session.scalars(select(Announcement)).one()


def test_times_place_translations_and_reviewer_are_kept_and_shown_again(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    more = {"starts": "2030-07-01T18:30", "ends": "2030-07-01T20:00",
            "address": "Marktplatz 5, Rathaus", "coordinates": "51.9365, 8.8791",
            "plain_body": "Die Brücke ist zu.", "reviewer": "Prüfgruppe Lippe",
            "title-en": "Bridge closed", "body-en": "The bridge is **closed**.",
            "title-ar": "الجسر مغلق", "body-ar": "الجسر مغلق حتى الجمعة."}
    page = editor.read(editor.press(NEW, **fields, **more).location)
    stored = only(session)
    assert stored.starts_at == datetime(2030, 7, 1, 16, 30, tzinfo=UTC)
    assert stored.ends_at == datetime(2030, 7, 1, 18, tzinfo=UTC)
    assert (stored.place, stored.latitude, stored.longitude) == (
        "Marktplatz 5, Rathaus", 51.9365, 8.8791)
    assert stored.text("de", Register.PLAIN).reviewer == "Prüfgruppe Lippe"
    assert stored.text("en", Register.PLAIN).title == "Bridge closed"
    for value in (v for name, v in more.items() if name != "coordinates"):
        assert value in page
    assert "51.936500, 8.879100" in page
    editor.press(f"/redaktion/{stored.id}/bearbeiten", **fields, **more | {"title-en": "",
                                                                           "body-en": ""})
    assert only(session).text("en", Register.STANDARD).language == "de"
    assert only(session).text("ar", Register.STANDARD).title == "الجسر مغلق"


def test_residents_read_when_where_and_who_has_checked_it(
        app: Flask, editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    editor.press(NEW, **fields, starts="2030-07-01T18:30", ends="2030-07-01T20:00",
                 address="Marktplatz 5", coordinates="51.9365, 8.8791",
                 plain_body="Die Brücke ist zu.", reviewer="Prüfgruppe Lippe")
    stored = only(session)
    number = stored.id
    publishing.publish(session, stored, utcnow())
    page = Visitor(app.test_client()).read(f"/meldungen/{number}?form=einfach")
    for words in ("1. Juli 2030", "Marktplatz 5", "Leichte Sprache, geprüft von Prüfgruppe Lippe",
                  "https://www.openstreetmap.org/?mlat=51.936500&mlon=8.879100#map=18/"):
        assert words in page
    assert "geprüft von" not in Visitor(app.test_client()).read(f"/meldungen/{number}")


def test_ortsteile_and_topics_are_suggested_and_set_only_by_a_press(
        editor: Visitor, session: Session, fields: dict[str, Any], topic: Topic,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    place = make_neighbourhood("hiddesen")
    hidden_ = hidden(editor.get(NEW).text)
    typed = {"title": "Vollsperrung in Hiddesen", "body": "Bis Freitag.", "urgency": "info"}
    page = editor.post(NEW, **hidden_, **typed, button="preview").text
    assert f'value="take:places:{place.id}"' in page
    assert "wegen „Vollsperrung“" in page
    assert " checked" not in page.replace('value="info" checked', "")
    page = editor.post(NEW, **hidden_, **typed, button=f"take:places:{place.id}").text
    assert f'id="places-{place.id}" name="places" value="{place.id}" checked' in page
    assert 'value="places" checked' in page
    assert f'value="take:places:{place.id}"' not in page
    page = editor.post(NEW, **hidden_, **typed, button=f"take:topics:{topic.id}").text
    assert f'value="{topic.id}" checked' in page
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0


@pytest.mark.parametrize("button", ["take:", "take:places:x", "take:places:" + "9" * 40,
                                    "take:roles:1", "take:topics:77"])
def test_a_suggestion_that_is_none_breaks_nothing(
        editor: Visitor, fields: dict[str, Any], button: str) -> None:
    assert editor.press(NEW, **fields | {"button": button}).status_code == 200


def test_the_help_for_scripts_says_the_same_as_the_page(
        app: Flask, editor: Visitor, fields: dict[str, Any], session: Session,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    make_neighbourhood("hiddesen")
    typed = {**fields, "title": "Brücke in Hiddesen gesperrt", "title-en": "Bridge closed",
             "body-en": "In **Hiddesen**", "body": "Wort " * 25 + "Der Weg wurde saniert."}
    found = editor.press(NEW, "/redaktion/schreibhilfe", **typed).get_json()["fragments"]
    assert "Hiddesen übernehmen" in found["places"]
    assert "Der Weg wurde saniert." in found["reading-body"]
    assert "Bridge closed" in found["preview"]
    assert "<strong>Hiddesen</strong>" in found["preview"]
    assert "SMS: " in found["count-short"]
    assert "von 3993 Byte" in found["count-short-en"]
    assert found["count-short-tr"].strip() == ""
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0


def test_what_is_pasted_comes_back_as_markdown(editor: Visitor) -> None:
    answer = editor.press(NEW, "/redaktion/einfuegen", html=(
        "<p><b>Fett</b><script>x()</script> <a href='https://a.de/?utm_id=1'>hier</a></p>"))
    assert answer.get_json() == {"markdown": "**Fett** [hier](https://a.de/)"}
    too_much = editor.press(NEW, "/redaktion/einfuegen", html="x" * 500_001)
    assert too_much.status_code == 413


@pytest.mark.parametrize("to", ["/redaktion/schreibhilfe", "/redaktion/einfuegen"])
def test_help_without_a_form_s_token_is_refused(editor: Visitor, to: str) -> None:
    assert editor.post(to, html="<p>x</p>").status_code == 400


def test_help_for_a_text_far_too_long_says_nothing(editor: Visitor, fields: dict[str, Any]
                                                   ) -> None:
    answer = editor.press(NEW, "/redaktion/schreibhilfe", **fields | {"body": "x" * 100_000})
    assert answer.get_json() == {"fragments": {}}


def test_leichte_sprache_is_claimed_only_with_a_reviewer(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    form = fields | {"plain_body": "Die Brücke ist zu.", "button": "preview"}
    assert "In Leichter Sprache" not in editor.press(NEW, **form).text
    assert "In Leichter Sprache" in editor.press(NEW, **form, reviewer="Prüfgruppe").text
    db.session.remove()
