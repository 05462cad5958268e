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
from civic_push.db import utcnow
from subscriptions.models import Topic
from tests.civic_push.desk_visitor import Visitor

NEW = "/redaktion/neu"
BEHIND = "Der deutsche Text ist seitdem geändert."


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
