"""Corrections are written with the same help as announcements, and nothing is lost either."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements import following, publishing, versions
from civic_push.announcements.details import Details, complete
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.announcements.writing_models import UnsavedText
from civic_push.config import settings
from civic_push.db import utcnow
from civic_push.delivery.compose import said
from civic_push.delivery.follow_up_words import as_follow_up
from civic_push.staff import accounts
from civic_push.web.desk.writing.telling import as_told
from civic_push.web.pictures import image_of
from subscriptions.models import Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk.test_images import ALT, png
from tests.civic_push.desk_visitor import Visitor, hidden

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ENGLISH = {"title": "Bridge closed", "body": "Closed until **Friday**.", "short": ""}


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("baustellen")


@pytest.fixture
def fields(topic: Topic) -> dict[str, Any]:
    return {"title": "Brücke gesperrt", "body": "Die Brücke ist bis Samstag gesperrt.",
            "where": "town", "urgency": "info", "topics": str(topic.id), "button": "draft",
            "change": "Sie bleibt bis Samstag gesperrt."}


@pytest.fixture
def published(session: Session, topic: Topic) -> Callable[..., Announcement]:
    """Publish an announcement, with details such as translations."""
    def make(details: Details | None = None, **overrides: Any) -> Announcement:
        announcement = publishing.save(session, Draft(**{
            "title": "Brücke gesperrt", "body": "Die Brücke ist bis Freitag gesperrt.",
            "topics": [topic.id], **overrides}), utcnow())
        complete(announcement, details or Details())
        session.commit()
        assert publishing.publish(session, announcement, utcnow())
        return announcement
    return make


@pytest.fixture
def colleague(app: Flask, session: Session) -> Visitor:
    account = accounts.create(session, "kollegin@example.org", PASSWORD, "editor", utcnow())
    session.commit()
    return sign_in(app.test_client(), session, account)


def correcting(original: Announcement) -> str:
    return f"/redaktion/{original.id}/korrigieren"


def drafts(session: Session) -> list[Announcement]:
    session.expire_all()
    return list(session.scalars(select(Announcement).where(
        Announcement.state == AnnouncementState.DRAFT)))


def kept(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(UnsavedText)) or 0


def test_what_is_typed_into_a_correction_is_kept_offered_again_and_forgotten_when_saved(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        fields: dict[str, Any]) -> None:
    page = correcting(published())
    form = hidden(editor.get(page).text)
    told = editor.post(f"{page}/zwischenstand", **form, change="Bis <Sams", title="Halb").get_json()
    assert told["kept"].startswith("Gesichert um ")
    assert told["news"] == ""
    assert drafts(session) == []
    assert f"entwurf={form['form']}" in editor.get(page).text
    again = editor.read(f"{page}?entwurf={form['form']}")
    assert 'value="Bis <Sams"' in again
    assert 'value="Halb"' in again
    assert editor.post(page, **hidden(again), **fields).status_code == 302
    assert kept(session) == 0
    late = editor.post(f"{page}/zwischenstand", **form, change="Bis <Sams")
    assert (late.status_code, kept(session)) == (409, 0)
    assert editor.get(f"/redaktion/gespeichert?form={form['form']}").get_json() == {"saved": True}


def test_a_withdrawal_begun_is_not_offered_to_a_correction_and_can_be_dropped(
        editor: Visitor, session: Session, published: Callable[..., Announcement]) -> None:
    original = published()
    page = f"/redaktion/{original.id}/zurueckziehen"
    form = hidden(editor.get(page).text)
    editor.post(f"{page}/zwischenstand", **form, change="Ein Irrtum.")
    assert f"entwurf={form['form']}" not in editor.get(correcting(original)).text
    again = editor.read(f"{page}?entwurf={form['form']}")
    assert 'value="Ein Irrtum."' in again
    assert 'name="title"' not in again
    dropped = editor.press(page, f"/redaktion/zwischenstand/{form['form']}/verwerfen")
    assert (dropped.location, kept(session)) == (page, 0)
    again = editor.press(page, f"/redaktion/zwischenstand/{form['form']}/verwerfen")
    assert again.status_code == 302


def test_two_who_begin_the_same_correction_both_see_it_and_lose_nothing(
        editor: Visitor, colleague: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement]) -> None:
    page = correcting(published())
    mine, hers = hidden(editor.get(page).text), hidden(colleague.get(page).text)
    keep = f"{page}/zwischenstand"
    editor.post(keep, **mine, change="Von mir.")
    news = colleague.post(keep, **hers, change="Von ihr.").get_json()["news"]
    assert news == "Daran schreibt gerade auch: redaktion@example.org."
    assert colleague.post(page, **hers, **fields).status_code == 302
    assert "inzwischen geändert" in editor.post(keep, **mine, change="Von mir!").get_json()["news"]
    (draft,) = drafts(session)
    home = f"/redaktion/{draft.id}/folge"
    assert f"entwurf={mine['form']}" in editor.get(home).text, "offered where it goes on"
    late = editor.post(page, **mine, **fields | {"change": "Sie bleibt offen."})
    assert late.status_code == 409
    assert "So unterscheiden sich die beiden Texte" in late.text
    assert "bis Samstag gesperrt</del>" in late.text
    assert f'action="{home}"' in late.text
    keep = f"{home}/zwischenstand"
    assert editor.post(keep, **hidden(late.text), change="Offen.").status_code == 200
    again = editor.post(home, **hidden(late.text), **fields | {"change": "Sie bleibt offen."})
    assert again.status_code == 302
    assert [one.id for one in drafts(session)] == [draft.id]
    assert [v.content["change"] for v in versions.all_of(session, draft.id)] == [
        "Sie bleibt offen.", "Sie bleibt bis Samstag gesperrt."]
    assert kept(session) == 0


def test_versions_of_a_correction_show_what_differs_and_can_be_fetched_back(
        editor: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement]) -> None:
    home = str(editor.press(correcting(published()), **fields).location)
    editor.press(home, **fields | {"change": "Sie ist wieder offen.", "title": "Brücke offen",
                                   "expires": "2099-12-01T18:00"})
    (draft,) = drafts(session)
    shown = editor.read(f"/redaktion/{draft.id}/fassungen")
    assert "<dt>Was anders ist</dt>" in shown
    assert "neu: </span>1. Dezember 2099, 18:00 Uhr</ins>" in shown
    first = versions.all_of(session, draft.id)[-1]
    led = editor.get(f"/redaktion/{draft.id}/bearbeiten?fassung={first.id}").location
    fetched = editor.read(str(led))
    assert 'value="Sie bleibt bis Samstag gesperrt."' in fetched
    assert "wieder offen" in editor.read(home), "looking changes nothing"
    assert editor.post(home, **hidden(fetched), **fields).status_code == 302
    assert drafts(session)[0].title == "Brücke gesperrt"


def test_a_correction_sent_again_after_a_lost_answer_makes_no_second_draft(
        editor: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement]) -> None:
    page = correcting(published())
    form = hidden(editor.get(page).text)
    home = editor.post(page, **form, **fields).location
    assert editor.post(page, **form, **fields).location == home
    assert len(drafts(session)) == 1


@pytest.mark.parametrize("home", ["korrigieren", "folge"])
def test_a_correction_of_what_is_withdrawn_meanwhile_comes_back_as_it_was_typed(
        editor: Visitor, session: Session, topic: Topic, fields: dict[str, Any],
        published: Callable[..., Announcement], home: str) -> None:
    original = published()
    page = correcting(original)
    if home == "folge":
        page = str(editor.press(page, **fields).location)
    form = hidden(editor.get(page).text)
    gone = publishing.save(session, Draft(
        "Brücke gesperrt", "", topics=[topic.id], kind=AnnouncementKind.WITHDRAWAL,
        change="Irrtum."), utcnow(), follows=original)
    publishing.publish(session, gone, utcnow())
    assert "aufgehoben" in editor.post(
        f"{page}/zwischenstand", **form, change="Doch <offen>").get_json()["news"]
    late = editor.post(page, **form, **fields | {"change": "Doch <offen>"})
    assert late.status_code == 409
    assert "wurde schon zurückgezogen" in late.text
    assert 'value="Doch &lt;offen&gt;"' in late.text


def test_a_submitted_correction_keeps_what_another_typed_meanwhile(
        editor: Visitor, colleague: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement]) -> None:
    page = correcting(published())
    form = hidden(editor.get(page).text)
    last_look = str(colleague.press(page, **fields | {"button": "next"}).location)
    colleague.press(last_look, last_look.replace("veroeffentlichen", "einreichen"))
    late = editor.post(page, **form, **fields | {"change": "Von mir."})
    assert late.status_code == 409
    assert 'value="Von mir."' in late.text
    assert editor.get(page).location.endswith(f"/redaktion/{following_draft(session)}")


def following_draft(session: Session) -> int:
    return session.scalars(select(Announcement.id).where(
        Announcement.state == AnnouncementState.SUBMITTED)).one()


@ONE_DATABASE
def test_help_while_correcting_shows_what_those_get_who_got_the_original(
        editor: Visitor, published: Callable[..., Announcement], fields: dict[str, Any]) -> None:
    page = correcting(published(Details(translations={"en": ENGLISH})))
    told = editor.press(page, f"{page}/schreibhilfe", **fields | {
        "title-en": "Bridge closed", "body-en": "Closed until Saturday.",
        "change-en": "It stays closed until Saturday."}).get_json()["fragments"]
    assert "Das ist jetzt anders: Sie bleibt bis Samstag gesperrt." in told["preview"]
    assert "This is different now: It stays closed until Saturday." in told["preview"]
    for name in ("count-change", "count-change-en", "count-short", "count-short-en"):
        assert "Push: " in told[name], name
    assert "Push: " not in told["count-plain_change"]
    withdrawn = page.replace("korrigieren", "zurueckziehen")
    told = editor.press(withdrawn, f"{withdrawn}/schreibhilfe", change="Ein Irrtum.").get_json()
    assert "Der Grund: Ein Irrtum." in told["fragments"]["preview"]


@ONE_DATABASE
def test_a_suggestion_is_taken_in_a_correction_too(
        editor: Visitor, published: Callable[..., Announcement], fields: dict[str, Any],
        topic: Topic) -> None:
    page = correcting(published())
    answer = editor.press(page, **fields | {"topics": "", "button": f"take:topics:{topic.id}"})
    assert answer.status_code == 200
    assert 'value="Sie bleibt bis Samstag gesperrt."' in answer.text
    assert f'name="topics" value="{topic.id}" checked' in answer.text


def test_a_translation_is_corrected_too_or_left_out(
        app: Flask, editor: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement]) -> None:
    original = published(Details(translations={"en": ENGLISH, "tr": ENGLISH}))
    page = correcting(original)
    assert "Closed until **Friday**." in editor.read(page), "begins with the old one"
    old = {f"{part}-{language}": words for language in ("en", "tr")
           for part, words in ENGLISH.items()}
    answer = editor.press(page, **fields | old | {"button": "next"})
    assert answer.status_code == 422
    assert "English: Bitte passen Sie die Übersetzung an" in answer.text
    assert 'href="#change-tr"' in answer.text
    unread = {name: words for name, words in old.items() if name.endswith("-en")}
    looked = str(editor.press(page, **fields | unread | {
        "change-en": "Longer.", "button": "next"}).location)
    assert "deutscher Text geändert" in editor.read(looked), "an old translation shows"
    page = looked.removesuffix("/veroeffentlichen")
    english = {"title-en": "Bridge closed", "body-en": "Closed until Saturday.",
               "change-en": "It stays  closed until Saturday."}
    last_look = str(editor.press(page, **fields | english | {"button": "next"}).location)
    editor.press(last_look)
    found = following.current(session, original)
    assert (found.change("en", "standard"), found.change("tr", "standard")) == (
        "It stays closed until Saturday.", "Sie bleibt bis Samstag gesperrt.")
    told = as_told(found.text("en", "standard"))
    assert told is not None
    assert told.short == "It stays closed until Saturday."
    assert "It stays closed until Saturday." in editor.read(f"/meldungen/{found.id}?sprache=en")
    turkish = editor.read(f"/meldungen/{found.id}?sprache=tr")
    assert '<strong lang="de">Sie bleibt bis Samstag gesperrt.</strong>' in turkish
    with app.test_request_context(), force_locale("tr"):
        message = said(settings(), found, "tr", "standard")
        told = as_follow_up(message, found.kind, found.change("tr", "standard"), utcnow())
    assert (told.text_language, told.short) == ("de", "Sie bleibt bis Samstag gesperrt.")
    assert told.text.startswith("Wir haben unsere Meldung"), "one language, the text's"
    assert told.note, "and it is said that there is no other"


def test_a_withdrawal_says_why_in_the_languages_of_what_it_withdraws(
        editor: Visitor, session: Session, published: Callable[..., Announcement]) -> None:
    original = published(Details(translations={"en": ENGLISH}))
    page = f"/redaktion/{original.id}/zurueckziehen"
    shown = editor.read(page)
    assert 'name="change-en"' in shown
    assert 'name="change-tr"' not in shown
    last_look = str(editor.press(page, **{
        "button": "next", "change": "Ein Irrtum.", "change-en": "A mistake."}).location)
    assert 'value="A mistake."' in editor.read(last_look.replace("/veroeffentlichen", ""))
    editor.press(last_look)
    found = following.current(session, original)
    assert {t.language: (t.title, t.body, t.change) for t in found.texts} == {
        "de": ("Brücke gesperrt", "", "Ein Irrtum."), "en": ("Bridge closed", "", "A mistake.")}
    assert "A mistake." in editor.read(f"/meldungen/{original.id}?sprache=en")


def test_a_correction_keeps_picture_and_place_until_they_are_changed(
        editor: Visitor, session: Session, fields: dict[str, Any],
        published: Callable[..., Announcement],
        make_announcement: Callable[..., Announcement]) -> None:
    draft = make_announcement()
    complete(draft, Details(place="Brückenstraße", point=(51.93, 8.87)))
    editor.press(f"/redaktion/{draft.id}/bild", bild=(BytesIO(png()), "b"), alt=ALT)
    publishing.publish(session, draft, utcnow())
    words = fields | {"topics": str(draft.topics[0].id), "address": "Brückenstraße",
                      "coordinates": "51.93, 8.87"}
    last_look = str(editor.press(correcting(draft), **words | {"button": "next"}).location)
    assert ALT in editor.read(last_look)
    assert "Brückenstraße" in editor.read(last_look)
    (second,) = drafts(session)
    picture = image_of(second)
    assert picture is not None
    kept_form = hidden(editor.get(last_look).text)
    editor.press(f"/redaktion/{second.id}/bild", alt="Eine offene Brücke.")
    stale = editor.post(last_look, **kept_form)
    assert stale.location == last_look, "what was read has changed"
    assert "Eine offene Brücke." in editor.read(last_look)
    editor.press(last_look)
    assert "Eine offene Brücke." in editor.read(f"/meldungen/{second.id}")
    assert ALT in editor.read(f"/meldungen/{draft.id}")
    third = publishing.save(session, Draft("Brücke", "", kind=AnnouncementKind.WITHDRAWAL,
                                           change="Irrtum."), utcnow(), follows=second)
    assert image_of(third) is None
    session.rollback()
