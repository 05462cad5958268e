"""A copy of an announcement brings its picture, if one lets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.staff.models import TrailEntry
from subscriptions.models import Topic
from tests.civic_push.desk.test_images import ALT, png
from tests.civic_push.desk_visitor import Visitor, hidden

NEW = "/redaktion/neu"
COMES = "Das Bild der kopierten Meldung kommt mit."


@pytest.fixture
def app(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """An app whose pictures lie in a folder of the test's own."""
    app = make_app(var_dir=str(tmp_path / "own"))
    with app.app_context():
        yield app


@pytest.fixture
def fields(make_topic: Callable[..., Topic]) -> dict[str, Any]:
    """What is sent with the tick left as it comes."""
    return {"title": "Brücke wieder gesperrt", "body": "Bis Freitag.", "where": "town",
            "topics": str(make_topic("baustellen").id), "urgency": "info", "button": "draft",
            "picture": "ja"}


@pytest.fixture
def original(editor: Visitor, session: Session, now: datetime,
             make_announcement: Callable[..., Announcement]) -> int:
    """A published announcement with a picture, by id."""
    announcement = make_announcement()
    number = announcement.id
    editor.press(f"/redaktion/{number}/bild", bild=(BytesIO(png()), "b.png"), alt=ALT)
    publishing.publish(session, session.get_one(Announcement, number), now)
    return number


def pictures(session: Session) -> dict[int, tuple[str, str, int]]:
    """All there are: announcement → digest, words, width."""
    session.expire_all()
    return {row.announcement_id: (row.digest, row.alt, row.width)
            for row in session.scalars(select(AnnouncementImage))}


def number_of(address: str) -> int:
    return int(address.split("/")[2])


def test_the_picture_and_its_words_come_with_the_first_draft_and_nothing_before_it(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any],
        tmp_path: Path) -> None:
    page = editor.read(f"{NEW}?kopie={original}")
    assert COMES in page
    assert f'src="/redaktion/{original}/bild/ansehen' in page
    assert f"Mit seiner Beschreibung: {ALT}" in page
    assert 'name="picture" value="ja" checked' in page
    assert list(pictures(session)) == [original]
    saved = editor.press(f"{NEW}?kopie={original}", NEW, **fields)
    copy = number_of(saved.location)
    assert pictures(session)[copy] == pictures(session)[original]
    told = session.scalars(select(TrailEntry.after).where(
        TrailEntry.action == "announcement.image", TrailEntry.object_id == str(copy))).one()
    assert json.loads(str(told)) == {"alt": ALT, "digest": pictures(session)[original][0]}
    assert COMES not in editor.read(saved.location), "it is there: no question any more"
    # what the copy does with it is its own matter
    editor.press(f"/redaktion/{copy}/bild", f"/redaktion/{copy}/bild/entfernen")
    assert list(pictures(session)) == [original]
    assert len([path for path in (tmp_path / "own").rglob("*.png")]) == 1


def test_without_the_tick_it_stays_behind(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any]) -> None:
    del fields["picture"]
    editor.press(f"{NEW}?kopie={original}", NEW, **fields)
    assert list(pictures(session)) == [original]


@pytest.mark.parametrize("tick", [{"picture": "ja"}, {}], ids=["with", "without"])
def test_the_tick_outlasts_a_refused_save_a_preview_and_what_is_kept_meanwhile(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any],
        tick: dict[str, str]) -> None:
    del fields["picture"]
    wrong = {**fields, **tick, "title": ""}
    form = hidden(editor.get(f"{NEW}?kopie={original}").text)
    assert form["copied"] == str(original)
    ticked = f'name="picture" value="ja"{" checked" if tick else ""}'
    for answer in (editor.post(NEW, **form, **wrong),
                   editor.post(NEW, **form, **{**wrong, "button": "preview"}),
                   editor.post(NEW, **{**form, "csrf_token": "old"}, **wrong)):
        assert COMES in answer.text
        assert f"{ticked}>" in answer.text.replace(' aria-describedby="picture-hinweis"', "")
        assert hidden(answer.text)["copied"] == str(original)
    assert editor.post(f"{NEW}/zwischenstand", **form, **wrong).status_code == 200
    again = f"{NEW}?entwurf={form['form']}"
    assert f"{ticked}>" in editor.read(again).replace(' aria-describedby="picture-hinweis"', "")
    editor.press(again, NEW, **fields, **tick)
    assert len(pictures(session)) == 1 + len(tick)


def test_a_form_that_is_sent_twice_brings_the_picture_once(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any]) -> None:
    form = hidden(editor.get(f"{NEW}?kopie={original}").text)
    first = editor.post(NEW, **form, **fields)
    copy = number_of(first.location)
    assert editor.post(NEW, **form, **fields).location == first.location
    assert set(pictures(session)) == {original, copy}
    editor.press(f"/redaktion/{copy}/bild", f"/redaktion/{copy}/bild/entfernen")
    editor.post(NEW, **form, **fields)
    assert set(pictures(session)) == {original}, "what was taken away stays away"


def test_an_original_whose_picture_is_gone_meanwhile_gives_none(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any]) -> None:
    form = hidden(editor.get(f"{NEW}?kopie={original}").text)
    session.delete(session.get_one(AnnouncementImage, original))
    session.commit()
    assert COMES not in editor.read(f"{NEW}?kopie={original}")
    assert editor.post(NEW, **form, **fields).status_code == 302
    assert not pictures(session)


def test_a_copy_of_nothing_brings_nothing(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any]) -> None:
    for copied in ("", "0", "777777", "x", "9" * 40):
        assert editor.press(NEW, **fields, copied=copied).status_code == 302
    assert list(pictures(session)) == [original]


def test_a_correction_has_its_original_s_picture_and_no_other(
        editor: Visitor, session: Session, original: int, fields: dict[str, Any],
        make_announcement: Callable[..., Announcement]) -> None:
    plain = make_announcement()
    number = plain.id
    publishing.publish(session, plain, utcnow())
    for one in (number, original):
        answer = editor.press(f"/redaktion/{one}/korrigieren", **fields, change="Länger.",
                              copied=str(original))
        assert answer.status_code == 302
    assert len(pictures(session)) == 2
