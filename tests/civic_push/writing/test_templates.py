"""Templates: choosing, filling in, managing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements import templates
from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import AnnouncementTemplate
from civic_push.db import utcnow
from civic_push.seed import seed
from civic_push.staff import accounts
from subscriptions.models import Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

CHOOSE, MANAGE, NEW = "/redaktion/vorlagen", "/redaktion/verwaltung/vorlagen", "/redaktion/neu"
CLOSED = {"name": "Platz gesperrt", "title": "{{Platz}} gesperrt", "urgency": "info",
          "body": "Der Platz {{Platz}} ist am {{ Tag }} gesperrt.", "short": "{{Platz}} zu."}


@pytest.fixture
def admin(app: Flask, session: Session) -> Visitor:
    account = accounts.create(session, "chefin@example.org", PASSWORD, "admin", utcnow())
    session.commit()
    return sign_in(app.test_client(), session, account)


@pytest.fixture
def closing(session: Session) -> AnnouncementTemplate:
    content: dict[str, Any] = {name: text for name, text in CLOSED.items() if name != "name"}
    template = AnnouncementTemplate(name=CLOSED["name"], content=content)
    session.add(template)
    session.commit()
    return template


def test_fields_are_found_once_in_the_order_of_reading_and_filled_in() -> None:
    text = "{{ Straße }} bis {{Tag}}, {{Straße}}, {nicht}, {{}}, {{\n}}"
    assert templates.fields(text) == ["Straße", "Tag"]
    assert templates.fill(text, {"Straße": "Lange Str."}).startswith(
        "Lange Str. bis {{Tag}}, Lange Str.,")


def test_a_new_house_has_templates_and_keeps_those_an_administrator_made(
        session: Session) -> None:
    seed(session)
    session.commit()
    first = templates.known(session)
    assert {"Straßensperrung", "Sperrmüll", "Sitzung"} <= {one.name for one in first}
    topics = set(session.scalars(select(Topic.id)))
    for one in first:
        assert one.content["topics"]
        assert set(one.content["topics"]) <= topics
        assert templates.asked_for(one.content)
    for one in first[1:]:
        session.delete(one)
    seed(session)
    assert [one.name for one in templates.known(session)] == [first[0].name]


def test_an_editor_fills_a_template_in_and_gets_the_form(
        editor: Visitor, session: Session, closing: AnnouncementTemplate) -> None:
    page = f"{CHOOSE}/{closing.id}"
    assert closing.name in editor.read(CHOOSE)
    assert "Tag" in editor.read(page)
    missing = editor.press(page, **{"feld-1": "Marktplatz"})
    assert missing.status_code == 422
    assert "Bitte füllen Sie aus: Tag." in missing.text
    assert 'value="Marktplatz"' in missing.text
    form = editor.press(page, **{"feld-1": "Marktplatz", "feld-2": "Montag <früh>"}).text
    assert 'value="Marktplatz gesperrt"' in form
    assert "Der Platz Marktplatz ist am Montag &lt;früh&gt; gesperrt." in form
    assert 'action="/redaktion/neu"' in form
    assert session.scalars(select(Announcement)).all() == []


def test_what_is_left_to_fill_in_is_not_published(
        editor: Visitor, session: Session, closing: AnnouncementTemplate) -> None:
    answer = editor.press(NEW, **closing.content, where="town", button="next")
    assert answer.status_code == 422
    assert "Bitte ersetzen Sie noch: {{Platz}}." in answer.text
    assert editor.press(NEW, **closing.content, where="town", button="draft").status_code == 302


def test_an_administrator_adds_changes_and_removes_a_template(
        admin: Visitor, session: Session) -> None:
    assert admin.press(f"{MANAGE}/neu", **CLOSED).location == MANAGE
    template = session.scalars(select(AnnouncementTemplate)).one()
    page = f"{MANAGE}/{template.id}"
    assert "Der Platz {{Platz}} ist am {{ Tag }} gesperrt." in admin.read(page)
    admin.press(page, **CLOSED | {"name": "Markt gesperrt"})
    session.expire_all()
    assert template.name == "Markt gesperrt"
    trail = admin.read("/redaktion/protokoll")
    assert "Vorlage gespeichert" in trail
    admin.press(MANAGE, f"{page}/loeschen")
    session.expire_all()
    assert templates.known(session) == []
    assert admin.get(page).status_code == 404


@pytest.mark.parametrize(("field", "wrong"), [
    ("name", {"name": ""}), ("name", {"name": "x" * 121}), ("name", {"name": "PLATZ GESPERRT"}),
    ("title", {"title": ""}), ("body", {"body": "x" * 20_001}), ("urgency", {"urgency": "x"}),
    ("plain_body", {"plain_title": "Nur Titel"})])
def test_a_template_with_a_mistake_comes_back_as_typed(
        admin: Visitor, session: Session, closing: AnnouncementTemplate, field: str,
        wrong: dict[str, str]) -> None:
    typed = CLOSED | {"name": "Neu", "short": "Mein <Kurztext>"} | wrong
    answer = admin.press(f"{MANAGE}/neu", **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "Mein &lt;Kurztext&gt;" in answer.text
    assert len(templates.known(session)) == 1


def test_templates_are_managed_by_administrators_only(
        editor: Visitor, closing: AnnouncementTemplate) -> None:
    token = hidden(editor.get(NEW).text)["csrf_token"]
    for path in (MANAGE, f"{MANAGE}/{closing.id}"):
        assert editor.get(path).status_code == 403
    assert editor.post(f"{MANAGE}/{closing.id}/loeschen", csrf_token=token).status_code == 403
    assert editor.get(f"{CHOOSE}/999").status_code == 404
