"""Autosave, versions, and two who write at once: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing, unsaved, versions
from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import UnsavedText
from civic_push.db import utcnow
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.models import Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

NEW, KEEP = "/redaktion/neu", "/redaktion/neu/zwischenstand"


@pytest.fixture
def fields(make_topic: Callable[..., Topic]) -> dict[str, Any]:
    return {"title": "Brücke gesperrt", "body": "Die Brücke ist gesperrt.", "where": "town",
            "topics": str(make_topic("baustellen").id), "urgency": "info", "button": "draft"}


@pytest.fixture
def colleague(app: Flask, session: Session, now: datetime) -> Visitor:
    account = accounts.create(session, "kollegin@example.org", PASSWORD, "editor", now)
    session.commit()
    return sign_in(app.test_client(), session, account)


def count(session: Session, kind: type) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(kind)) or 0


def edit_page(announcement: Announcement) -> str:
    return f"/redaktion/{announcement.id}/bearbeiten"


def test_what_is_typed_is_kept_even_if_wrong_and_offered_again(
        editor: Visitor, session: Session, staff: Staff) -> None:
    form = hidden(editor.get(NEW).text)
    for text in ("Halb", "Halb fertig <und>"):
        told = editor.post(KEEP, **form, title=text, expires="gestern", urgency="").get_json()
        assert told["kept"].startswith("Gesichert um ")
        assert told["news"] == ""
    assert count(session, Announcement) == 0
    assert count(session, UnsavedText) == 1
    page = editor.get(NEW).text
    assert "Halb fertig &lt;und&gt;" in page
    assert f"entwurf={form['form']}" in page
    again = editor.read(f"{NEW}?entwurf={form['form']}")
    assert 'value="Halb fertig <und>"' in again
    assert 'value="gestern"' in again
    assert hidden(again)["form"] == form["form"]


def test_what_is_kept_meanwhile_brings_back_no_older_session(editor: Visitor) -> None:
    with editor.client.session_transaction() as session:
        session.permanent = True  # as coming in by the door makes it
    form = hidden(editor.get(NEW).text)
    assert "session=" in editor.get(NEW).headers["Set-Cookie"]
    kept = editor.client.post(KEEP, data={**form, "title": "Halb"},
                              headers={"Sec-Fetch-Mode": "cors"})
    assert kept.status_code == 200
    assert "Set-Cookie" not in kept.headers


def test_two_tabs_keep_two_texts_and_saving_ends_its_own(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    tabs = [hidden(editor.get(NEW).text) for _ in range(2)]
    for number, tab in enumerate(tabs):
        editor.post(KEEP, **tab, title=f"Text {number}")
    assert count(session, UnsavedText) == 2
    assert editor.post(NEW, **tabs[0], **fields).status_code == 302
    page = editor.get(NEW).text
    assert "Text 1" in page
    assert "Text 0" not in page


def test_a_text_that_comes_late_after_its_form_was_saved_is_not_offered_again(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    form = hidden(editor.get(NEW).text)
    assert editor.post(NEW, **form, **fields).status_code == 302
    late = editor.post(KEEP, **form, title="Brücke")
    assert (late.status_code, count(session, UnsavedText)) == (409, 0)
    assert "Bitte speichern" in late.get_json()["problem"]


def test_what_was_begun_can_be_discarded_by_its_writer_only(
        editor: Visitor, colleague: Visitor, session: Session) -> None:
    form = hidden(editor.get(NEW).text)
    editor.post(KEEP, **form, title="Meins")
    assert "Meins" not in colleague.get(NEW).text
    assert "Meins" not in colleague.get(f"{NEW}?entwurf={form['form']}").text
    discard = f"/redaktion/zwischenstand/{form['form']}/verwerfen"
    colleague.press(NEW, discard)
    assert count(session, UnsavedText) == 1
    mine = colleague.press(NEW, KEEP, form=form["form"], title="Deins")
    assert mine.status_code == 409
    assert editor.press(NEW, discard).location == NEW
    assert count(session, UnsavedText) == 0


def test_a_kept_text_leaves_the_draft_as_it_is_and_tells_of_others(
        editor: Visitor, colleague: Visitor, session: Session,
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    page = edit_page(announcement)
    mine, hers = hidden(editor.get(page).text), hidden(colleague.get(page).text)
    keep = f"/redaktion/{announcement.id}/zwischenstand"
    assert editor.post(keep, **mine, title="Von mir").get_json()["news"] == ""
    news = colleague.post(keep, **hers, title="Von ihr").get_json()["news"]
    assert news == "Daran schreibt gerade auch: redaktion@example.org."
    session.expire_all()
    assert announcement.title == "Brücke gesperrt"
    colleague.post(page, **hers, title="Von ihr", where="town", urgency="info")
    news = editor.post(keep, **mine, title="Von mir!").get_json()["news"]
    assert "inzwischen geändert" in news
    again = editor.read(f"{page}?entwurf={mine['form']}")
    assert "Von mir!" in again
    late = editor.post(page, **hidden(again), title="Von mir!", where="town", urgency="info")
    assert late.status_code == 409


def test_a_text_kept_for_what_is_published_meanwhile_is_kept_all_the_same(
        editor: Visitor, session: Session, now: datetime,
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    form = hidden(editor.get(edit_page(announcement)).text)
    keep = f"/redaktion/{announcement.id}/zwischenstand"
    publishing.publish(session, announcement, now)
    assert "inzwischen eingereicht, veröffentlicht" in editor.post(
        keep, **form, title="Zu spät").get_json()["news"]
    assert count(session, UnsavedText) == 1


def test_a_huge_text_is_not_kept_but_the_page_is_told(editor: Visitor, session: Session) -> None:
    answer = editor.press(NEW, KEEP, body="x" * 100_000)
    assert answer.status_code == 413
    assert "zu lang" in answer.get_json()["problem"]
    assert count(session, UnsavedText) == 0


def test_old_texts_are_forgotten_when_a_new_one_begins(
        session: Session, staff: Staff, now: datetime) -> None:
    for key, at in (("a" * 32, now - unsaved.KEPT_FOR * 2), ("b" * 32, now)):
        assert unsaved.keep(session, key, staff.id, None, "", {"title": key}, at)
    assert [text.key for text in unsaved.own(session, staff.id, None)] == ["b" * 32]


def test_the_loser_of_two_sees_both_texts_and_nothing_is_lost(
        editor: Visitor, colleague: Visitor, session: Session, fields: dict[str, Any],
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    page = edit_page(announcement)
    mine, hers = hidden(editor.get(page).text), hidden(colleague.get(page).text)
    colleague.post(page, **hers, **fields | {"body": "Die Brücke ist bis Montag gesperrt."})
    # looking at a preview in between does not make me the owner of her text
    looked = editor.post(page, **mine, **fields | {"button": "preview"})
    late = editor.post(page, **hidden(looked.text), **fields | {"body": "Ganz offen."})
    assert late.status_code == 409
    assert "<del>" in late.text
    assert "Montag" in late.text
    assert "Ganz offen." in late.text
    session.expire_all()
    assert announcement.text("de", "standard").body == "Die Brücke ist bis Montag gesperrt."
    again = editor.post(page, **hidden(late.text), **fields | {"body": "Ganz offen."})
    assert again.status_code == 302
    bodies = [v.content["body"] for v in versions.all_of(session, announcement.id)]
    assert bodies == ["Ganz offen.", "Die Brücke ist bis Montag gesperrt.",
                      "Die Brücke ist bis Freitag gesperrt."]


def test_versions_say_who_changed_what_and_can_be_fetched_back(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    page = editor.press(NEW, **fields).location
    editor.press(page, **fields | {"title": "Brücke offen", "urgency": "danger"})
    number = session.scalars(select(Announcement.id)).one()
    shown = editor.read(f"/redaktion/{number}/fassungen")
    assert "redaktion@example.org" in shown
    assert "gestrichen: </span>gesperrt</del>" in shown
    assert "neu: </span>offen</ins>" in shown
    assert "Dringlichkeit" in shown
    first = versions.all_of(session, number)[-1]
    fetched = editor.read(f"{page}?fassung={first.id}")
    assert 'value="Brücke gesperrt"' in fetched
    assert "Brücke gesperrt" not in editor.read(page)  # nothing was changed by looking
    editor.post(page, **hidden(fetched), **fields)
    session.expire_all()
    assert session.get_one(Announcement, number).title == "Brücke gesperrt"
    assert len(versions.all_of(session, number)) == 3
    assert editor.get(f"{page}?fassung=99999").status_code == 404


def test_saving_the_same_again_makes_no_version(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    page = editor.press(NEW, **fields).location
    for _ in range(3):
        editor.press(page, **fields)
    number = session.scalars(select(Announcement.id)).one()
    assert len(versions.all_of(session, number)) == 1


def test_a_new_text_sent_again_after_a_lost_answer_makes_no_second_draft(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    form = hidden(editor.get(NEW).text)
    page = editor.post(NEW, **form, **fields).location
    assert editor.post(NEW, **form, **fields).location == page
    assert editor.get(f"/redaktion/gespeichert?form={form['form']}").get_json() == {"saved": True}
    assert editor.get("/redaktion/gespeichert?form=abc").get_json() == {"saved": False}
    changed = editor.post(NEW, **form, **fields | {"title": "Doch anders"})
    assert changed.status_code == 409  # both texts are shown
    assert "Doch anders" in changed.text
    assert count(session, Announcement) == 1


def test_a_copy_has_the_words_but_not_the_times(
        editor: Visitor, session: Session, now: datetime,
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement(expires_at=utcnow(), starts_at=now, ends_at=now)
    publishing.publish(session, announcement, now)
    page = editor.read(f"{NEW}?kopie={announcement.id}")
    assert 'value="Brücke gesperrt"' in page
    assert "Die Brücke ist bis Freitag gesperrt." in page
    assert "2026-11" not in page
    assert count(session, Announcement) == 1
    assert editor.get(f"{NEW}?kopie=9999").status_code == 404


def test_enter_in_a_field_saves_and_takes_no_suggestion(editor: Visitor) -> None:
    page = editor.read(NEW)
    form = page[page.index("data-write"):]
    assert form.index('value="draft"') < form.index('data-help="places"')
