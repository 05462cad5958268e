"""Translating: the German text beside each field, how far each language is, and which the
German text has left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import AnnouncementVersion
from civic_push.db import utcnow
from subscriptions.models import Topic
from tests.civic_push.desk_visitor import Visitor, hidden

NEW = "/redaktion/neu"
BEHIND = "Der deutsche Text ist seitdem geändert."
STILL_RIGHT = "Die Übersetzung ist geprüft und stimmt noch"


@pytest.fixture
def fields(make_topic: Callable[..., Topic]) -> dict[str, Any]:
    return {"title": "Brücke gesperrt", "body": "Die **Brücke** ist zu.", "where": "town",
            "topics": str(make_topic("baustellen").id), "urgency": "info", "button": "draft",
            "title-en": "Bridge closed", "body-en": "The bridge is closed."}


def sections(page: str) -> dict[str, str]:
    """The form's sections by language."""
    parts = page.split('<details class="desk-language"')[1:]
    return {re.search(r'<summary>\s*<span lang="(\w+)"', part)[1]:  # type: ignore[index]
            part.partition("</details>")[0] for part in parts}


def sign(section: str) -> str:
    """The one sign at a section's name that is not hidden."""
    (shown,) = re.findall(r'<span data-sign="(\w+)">', section)
    return str(shown)


def test_the_german_text_stands_before_each_field_in_its_own_direction(
        editor: Visitor, fields: dict[str, Any]) -> None:
    page = editor.read(editor.press(NEW, **fields).location)
    found = sections(page)
    assert list(found) == ["en", "tr", "ru", "uk", "ar"]
    for code, section in found.items():
        places = [section.index(words) for words in (
            'data-german="title"', f'name="title-{code}"', 'data-german="body"',
            f'name="body-{code}"', 'data-german="short"', f'name="short-{code}"')]
        assert places == sorted(places), "read aloud, and by keyboard"
        assert 'lang="de" dir="ltr" data-german="body"' in section
        assert ">Die **Brücke** ist zu.</p>" in section
        assert ">noch leer</p>" in section  # there is no short text
    assert re.search(r'<textarea[^>]*name="body-ar"[^>]*lang="ar" dir="rtl"', found["ar"])
    assert "data-german=\"change\"" not in page, "nothing is corrected here"


def test_each_language_says_how_far_it_is(editor: Visitor, fields: dict[str, Any]) -> None:
    more = {"title-tr": "Köprü kapalı", "button": "preview"}
    found = sections(editor.press(NEW, **{**fields, **more}).text)
    assert {code: sign(section) for code, section in found.items()} == {
        "en": "complete", "tr": "begun", "ru": "missing", "uk": "missing", "ar": "missing"}
    assert {code for code, section in found.items() if " open>" in section.partition("\n")[0]
            } == {"en", "tr"}


def test_a_translation_that_the_german_text_left_behind_says_so_until_it_is_changed(
        editor: Visitor, fields: dict[str, Any]) -> None:
    edit = editor.press(NEW, **fields, **{"title-tr": "Köprü kapalı",
                                          "body-tr": "Köprü kapalı."}).location
    assert BEHIND not in editor.read(edit)
    later = {**fields, "title": "Brücke bis Freitag gesperrt",
             "title-tr": "Köprü cumaya kadar kapalı", "body-tr": "Köprü kapalı."}
    editor.press(edit, **later)
    found = sections(editor.read(edit))
    assert BEHIND in found["en"]
    assert "bis Freitag" in re.sub(r"<[^>]*>", "", found["en"].partition("<ins>")[2])
    assert "deutscher Text geändert" in found["en"].partition("</summary>")[0]
    assert BEHIND not in found["tr"], "it was changed together with the German one"
    for there in (edit, edit.replace("bearbeiten", "veroeffentlichen")):
        assert "deutscher Text geändert" in editor.read(there)
    # what else is changed says nothing about the translation
    editor.press(edit, **later, link="https://www.detmold.de/")
    assert BEHIND in sections(editor.read(edit))["en"]
    editor.press(edit, **{**later, "title-en": "Bridge closed until Friday"})
    assert BEHIND not in editor.read(edit)
    # and back to what it was when the first translation was made
    editor.press(edit, **fields)
    assert BEHIND not in editor.read(edit)


def test_a_correction_s_translations_are_measured_by_what_it_corrects(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    editor.press(NEW, **fields)
    announcement = session.scalars(select(Announcement)).one()
    number = announcement.id
    publishing.publish(session, announcement, utcnow())
    correct = f"/redaktion/{number}/korrigieren"
    begun = sections(editor.read(correct))["en"]
    assert sign(begun) == "begun", "it lacks the line about what is different"
    assert BEHIND not in begun
    assert begun.index('data-german="change"') < begun.index('name="change-en"')
    later = {**fields, "body": "Die **Brücke** ist offen.", "button": "preview",
             "change": "Sie ist offen.", "change-en": "It is open."}
    found = sections(editor.press(correct, **later).text)["en"]
    assert sign(found) == "complete"
    assert BEHIND in found
    assert ">Sie ist offen.</p>" in found
    confirm = editor.press(correct, **{**later, "button": "next"}).location
    assert "deutscher Text geändert" in editor.read(confirm), "whoever approves sees it, too"


@pytest.fixture
def later(fields: dict[str, Any]) -> dict[str, Any]:
    """The same with another German title."""
    return {**fields, "title": "Brücke bis Freitag gesperrt"}


def contents(session: Session) -> list[dict[str, Any]]:
    """What the versions hold, the oldest first."""
    session.expire_all()
    return list(session.scalars(
        select(AnnouncementVersion.content).order_by(AnnouncementVersion.id)))


def test_who_finds_a_translation_still_right_says_so_until_the_german_text_changes_again(
        editor: Visitor, session: Session, fields: dict[str, Any], later: dict[str, Any]) -> None:
    turkish = {"title-tr": "Köprü kapalı", "body-tr": "Köprü kapalı."}
    edit = editor.press(NEW, **fields, **turkish).location
    assert STILL_RIGHT not in editor.read(edit), "there is nothing to say it to"
    editor.press(edit, **later, **turkish)
    found = sections(editor.read(edit))
    assert all(STILL_RIGHT in found[code] for code in ("en", "tr"))
    assert STILL_RIGHT not in found["ru"]
    editor.press(edit, **later, **turkish, checked="en")
    found = sections(editor.read(edit))
    assert BEHIND not in found["en"]
    assert BEHIND in found["tr"], "that one was not looked at"
    # saving again, with or without another field, does not lose it
    for more in ({}, {"link": "https://www.detmold.de/"}):
        editor.press(edit, **later, **turkish, **more)
        assert BEHIND not in sections(editor.read(edit))["en"]
    editor.press(edit, **{**later, "title": "Brücke bis Samstag gesperrt"}, **turkish)
    behind = sections(editor.read(edit))["en"]
    assert BEHIND in behind
    assert "Freitag" in behind.partition("<del>")[2].partition("</del>")[0], "since the look"
    assert 'value="en" checked' not in behind


def test_the_look_is_a_version_of_its_own_and_no_other_text(
        editor: Visitor, session: Session, fields: dict[str, Any], later: dict[str, Any]) -> None:
    edit = editor.press(NEW, **fields).location
    editor.press(edit, **later)
    before, seal = contents(session), hidden(editor.get(edit).text)["seal"]
    for _again in range(2):  # the second time there is nothing left to confirm
        editor.press(edit, **later, checked="en")
    assert contents(session) == [*before, before[-1] | {"checked": ["en"]}]
    assert hidden(editor.get(edit).text)["seal"] == seal, "what is approved is the text"
    page = editor.read(edit.replace("bearbeiten", "fassungen"))
    assert f"{STILL_RIGHT}: English" in page
    assert "Nichts." not in page
    number = session.scalars(select(AnnouncementVersion.id).order_by(
        AnnouncementVersion.id.desc())).first()
    editor.press(edit, **{**later, "title": "Brücke offen"})
    assert 'value="en" checked' not in editor.read(f"{edit}?fassung={number}")


def test_the_tick_outlasts_a_refused_save_and_what_is_kept_meanwhile(
        editor: Visitor, fields: dict[str, Any], later: dict[str, Any]) -> None:
    edit = editor.press(NEW, **fields).location
    editor.press(edit, **later)
    form = hidden(editor.get(edit).text)
    wrong = {**later, "urgency": "", "checked": "en"}
    for button in ("draft", "preview"):
        found = sections(editor.post(edit, **form, **{**wrong, "button": button}).text)["en"]
        assert 'value="en" checked' in found
    editor.post(edit.replace("bearbeiten", "zwischenstand"), **form, **wrong)
    assert 'value="en" checked' in sections(editor.read(f"{edit}?entwurf={form['form']}"))["en"]
    assert BEHIND in editor.read(edit), "nothing is stored yet"


def test_what_is_not_left_behind_cannot_be_confirmed(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    edit = editor.press(NEW, **fields, checked="en").location
    for language in ("en", "tr", "de", "xx"):
        editor.press(edit, **fields, checked=language)
    assert len(contents(session)) == 1


def test_a_correction_s_translation_can_be_found_still_right(
        editor: Visitor, session: Session, fields: dict[str, Any], later: dict[str, Any]) -> None:
    editor.press(NEW, **fields)
    announcement = session.scalars(select(Announcement)).one()
    correct = f"/redaktion/{announcement.id}/korrigieren"
    publishing.publish(session, announcement, utcnow())
    said = {"change": "Bis Freitag.", "change-en": "Until Friday."}
    page = editor.press(correct, **{**later, **said, "button": "preview"}).text
    assert STILL_RIGHT in sections(page)["en"]
    confirm = editor.press(correct, **{**later, **said, "button": "next"}, checked="en").location
    assert "deutscher Text geändert" not in editor.read(confirm)
