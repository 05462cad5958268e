"""Writing, previewing and publishing at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.models import Contact, Neighbourhood, Register, Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

NEW = "/redaktion/neu"


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("baustellen")


@pytest.fixture
def place(make_neighbourhood: Callable[..., Neighbourhood]) -> Neighbourhood:
    return make_neighbourhood("hiddesen")


@pytest.fixture
def fields(topic: Topic) -> dict[str, Any]:
    """A form filled in completely."""
    return {"title": "Brücke gesperrt", "body": "Die **Brücke** ist gesperrt.",
            "where": "town", "topics": str(topic.id), "urgency": "info"}


def only(session: Session) -> Announcement:
    session.expire_all()
    return session.scalars(select(Announcement)).one()


def test_a_draft_keeps_everything_that_was_typed(
        editor: Visitor, session: Session, staff: Staff, topic: Topic, place: Neighbourhood
        ) -> None:
    typed = {
        "title": "Brücke <gesperrt>", "body": "Zeile eins\n\n- & Punkt", "short": "Gesperrt!",
        "plain_title": "Die Brücke ist zu", "plain_body": "Sie können nicht fahren.",
        "plain_short": "Brücke zu.", "where": "places", "places": str(place.id),
        "topics": str(topic.id), "urgency": "important", "expires": "2030-07-01T18:30",
        "link": "https://www.detmold.de/bruecke"}
    answer = editor.press(NEW, **typed, button="draft")
    announcement = only(session)
    assert answer.location == f"/redaktion/{announcement.id}/bearbeiten"
    assert announcement.state == AnnouncementState.DRAFT
    assert announcement.author_id == staff.id
    assert announcement.expires_at == datetime(2030, 7, 1, 16, 30, tzinfo=UTC)
    assert announcement.text("de", Register.PLAIN).body == typed["plain_body"]
    page = editor.read(answer.location)
    for value in (v for k, v in typed.items() if k not in ("places", "topics")):
        assert value in page
    assert page.count(" checked") == 4  # where, Ortsteil, topic, urgency
    assert "Der Entwurf ist gespeichert." in page


def test_saving_keeps_what_the_form_does_not_ask_for(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    editor.press(NEW, **fields, button="draft")
    stored = only(session)
    stored.source_name = "Ratsinfo"
    session.commit()
    page = f"/redaktion/{stored.id}/bearbeiten"
    editor.press(page, **fields | {"title": "Sitzung des Rates"}, button="draft")
    changed = only(session)
    assert changed.title == "Sitzung des Rates"
    assert changed.source_name == "Ratsinfo"


def test_a_form_with_mistakes_comes_back_as_typed_with_a_sentence_at_each_field(
        editor: Visitor, session: Session, topic: Topic) -> None:
    answer = editor.press(NEW, body="Mein langer Text", topics=str(topic.id), urgency="danger",
                          link="detmold", expires="2020-01-01T10:00", button="draft")
    assert answer.status_code == 422
    for part in ("Mein langer Text", "Bitte geben Sie einen Titel ein.", 'href="#title"',
                 'id="title-fehler"', 'aria-invalid="true"', 'href="#where"', 'href="#expires"',
                 'href="#link"', "2020-01-01T10:00", f'value="{topic.id}" checked'):
        assert part in answer.text, part
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0


def test_a_hundred_thousand_characters_are_refused_and_kept_on_the_page(
        editor: Visitor, fields: dict[str, Any]) -> None:
    text = "wort " * 20_000
    answer = editor.press(NEW, **{**fields, "body": text}, button="next")
    assert answer.status_code == 422
    assert "höchstens 20.000 Zeichen" in answer.text
    assert text.strip() in answer.text


def test_the_preview_shows_the_text_as_residents_will_see_it_and_stores_nothing(
        editor: Visitor, session: Session, fields: dict[str, Any],
        make_contact: Callable[..., Contact]) -> None:
    for _ in range(6):
        make_contact("email")
    make_contact("sms", "+4915112345678")
    page = editor.press(NEW, **fields, button="preview",
                        plain_body="Die Brücke ist zu.<script>").text
    assert "<strong>Brücke</strong>" in page
    assert "Die Brücke ist zu.&lt;script&gt;" in page
    assert "<td class=\"kern-table__cell kern-table__cell--numeric\">6</td>" in page
    assert "weniger als 5" in page
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0


def test_the_preview_shows_a_new_announcement_as_an_sms_too(
        make_app: Callable[..., Flask], session: scoped_session[Session],
        fields: dict[str, Any], now: datetime) -> None:
    session.remove()  # SQLite has one writer
    app = make_app(sms_url="smseagle://token@127.0.0.1/{to}", sender="Detmold")
    with app.app_context():
        account = accounts.create(db.session(), "sms@example.org", PASSWORD, "editor", now)
        db.session.commit()
        page = sign_in(app.test_client(), db.session(), account).press(
            NEW, **fields, button="preview", plain_body="Die Brücke ist zu.").text
        assert page.count("Als SMS:") == 2
        assert "Detmold: " in page
        assert "GSM-7" in page


def test_publishing_takes_a_look_a_button_and_rings_once(
        app: Flask, editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    confirm = editor.press(NEW, **fields, button="next").location
    number = only(session).id
    assert confirm == f"/redaktion/{number}/veroeffentlichen"
    assert "<strong>Brücke</strong>" in editor.read(confirm)
    assert only(session).state == AnnouncementState.DRAFT
    watch = editor.press(confirm).location
    assert watch == f"/redaktion/{number}"
    assert "geht jetzt hinaus" in editor.read(watch)
    assert only(session).state == AnnouncementState.PUBLISHED
    assert [len(q) for q in tasks.queues(tasks.connection())] == [0, 0, 1, 0]


def test_publishing_from_two_tabs_publishes_once_and_says_so(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]) -> None:
    number = make_announcement().id
    confirm = f"/redaktion/{number}/veroeffentlichen"
    tabs = [hidden(editor.get(confirm).text) for _ in range(2)]
    for tab in tabs:
        assert editor.post(confirm, **tab).location == f"/redaktion/{number}"
    assert "schon veröffentlicht" in editor.read(f"/redaktion/{number}")
    assert sum(len(q) for q in tasks.queues(tasks.connection())) == 1


def test_a_draft_changed_since_it_was_read_is_not_published_unseen(
        editor: Visitor, session: Session, now: datetime, topic: Topic,
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    confirm = f"/redaktion/{announcement.id}/veroeffentlichen"
    seen = hidden(editor.get(confirm).text)
    publishing.save(session, publishing.Draft("Anders", "Text", topics=[topic.id]), now,
                    announcement)
    session.commit()
    assert editor.post(confirm, **seen).location == confirm
    assert only(session).state == AnnouncementState.DRAFT
    assert "inzwischen geändert" in editor.read(confirm)


def test_two_editors_at_one_draft_do_not_overwrite_each_other_unawares(
        editor: Visitor, session: Session, fields: dict[str, Any],
        make_announcement: Callable[..., Announcement]) -> None:
    edit = f"/redaktion/{make_announcement().id}/bearbeiten"
    tabs = [hidden(editor.get(edit).text) for _ in range(2)]
    first = editor.post(edit, **{**tabs[0], **fields, "title": "Der erste",
                                           "button": "draft"})
    assert first.status_code == 302
    second = editor.post(edit, **{**tabs[1], **fields, "title": "Der zweite",
                                            "button": "draft"})
    assert second.status_code == 409
    assert "inzwischen geändert" in second.text
    assert "Der zweite" in second.text
    assert only(session).title == "Der erste"
    again = editor.post(edit, **{**hidden(second.text), **fields,
                                           "title": "Der zweite", "button": "draft"})
    assert again.status_code == 302
    assert only(session).title == "Der zweite"


def test_a_published_announcement_cannot_be_edited_and_the_text_typed_is_shown(
        editor: Visitor, session: Session, now: datetime, fields: dict[str, Any],
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    edit = f"/redaktion/{announcement.id}/bearbeiten"
    form = hidden(editor.get(edit).text)
    publishing.publish(session, announcement, now)
    late = editor.post(edit, **{**form, **fields, "title": "Zu spät",
                                          "button": "draft"})
    assert late.status_code == 409
    assert "Zu spät" in late.text
    assert only(session).title == "Brücke gesperrt"
    assert editor.get(edit).location == f"/redaktion/{announcement.id}"
    assert editor.press("/redaktion/", f"/redaktion/{announcement.id}/verwerfen"
                        ).status_code == 302
    assert only(session).state == AnnouncementState.PUBLISHED


def test_a_draft_without_topic_or_already_past_cannot_be_published(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    announcement = make_announcement(topics=[])
    confirm = f"/redaktion/{announcement.id}/veroeffentlichen"
    assert "Bitte wählen Sie mindestens ein Thema." in editor.read(confirm)
    past = make_announcement(expires_at=datetime.now(UTC) + timedelta(minutes=1))
    confirm = f"/redaktion/{past.id}/veroeffentlichen"
    seen = hidden(editor.get(confirm).text)
    past.expires_at = datetime.now(UTC) - timedelta(minutes=1)
    session.commit()
    assert editor.post(confirm, **seen).status_code in (302, 422)
    assert "schon vorbei" in editor.read(confirm)
    session.expire_all()
    assert past.state == AnnouncementState.DRAFT


def test_a_dismissed_draft_can_be_fetched_back(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    number = make_announcement().id
    editor.press(f"/redaktion/{number}/bearbeiten", f"/redaktion/{number}/verwerfen")
    assert only(session).state == AnnouncementState.DISMISSED
    page = editor.read("/redaktion/meldungen/verworfen")
    assert "Brücke gesperrt" in page
    editor.press(f"/redaktion/{number}", f"/redaktion/{number}/zurueckholen")
    assert only(session).state == AnnouncementState.DRAFT


def test_a_form_sent_without_a_valid_token_comes_back_with_the_text_and_is_not_stored(
        editor: Visitor, session: Session, fields: dict[str, Any]) -> None:
    answer = editor.post(NEW, **{**fields, "csrf_token": "alt", "button": "draft"})
    assert answer.status_code == 400
    assert "Die **Brücke** ist gesperrt." in answer.text
    assert "noch da, aber nicht gespeichert" in answer.text
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0
    again = editor.post(NEW, **{**hidden(answer.text), **fields, "button": "draft"})
    assert again.status_code == 302


@pytest.mark.parametrize("token", ["valid", "stale"])
def test_a_session_that_ends_while_writing_does_not_cost_the_text(
        editor: Visitor, session: Session, staff: Staff, fields: dict[str, Any], token: str
        ) -> None:
    form = hidden(editor.get(NEW).text)
    editor.press("/redaktion/", "/redaktion/abmelden")
    if token == "stale":
        editor.client.delete_cookie("session")
    lost = editor.post(NEW, **{**form, **fields, "body": "Lang <geschrieben>",
                               "button": "draft"})
    assert lost.status_code == 401
    assert "Lang &lt;geschrieben&gt;" in lost.text
    sign_in(editor.client, session, staff)
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', unescape(lost.text)))
    answer = editor.post(NEW, **sent)
    if answer.status_code == 400:  # the token was the old session's: the form asks once more
        assert "Lang &lt;geschrieben&gt;" in answer.text
        answer = editor.post(NEW, **{**sent, **hidden(answer.text)})
    assert answer.status_code == 302
    assert only(session).text("de", "standard").body == "Lang <geschrieben>"


def test_publishing_without_a_token_changes_nothing(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    number = make_announcement().id
    answer = editor.post(f"/redaktion/{number}/veroeffentlichen")
    assert answer.location == f"/redaktion/{number}"
    assert only(session).state == AnnouncementState.DRAFT
    assert "nichts geändert" in editor.read(answer.location)


def test_numbers_nobody_has_are_not_found(editor: Visitor) -> None:
    for number in ("0", "77", "999999999999", "9" * 40):
        assert editor.get(f"/redaktion/{number}").status_code == 404
        assert editor.get(f"/redaktion/{number}/bearbeiten").status_code == 404
        assert editor.press(NEW, f"/redaktion/{number}/verwerfen").status_code == 404
