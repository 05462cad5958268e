"""Programs and webhooks at the desk: made, shown once, renewed, ended, in the trail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.integrations import clients, webhooks
from civic_push.integrations.clients import Scope
from civic_push.integrations.models import Client, Webhook, WebhookCall
from civic_push.integrations.webhooks import EVENTS
from civic_push.staff import accounts
from civic_push.staff.models import Staff, TrailEntry
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE
from tests.civic_push.conftest import sign_in
from tests.civic_push.desk_visitor import Visitor

pytestmark = ONE_DATABASE
CLIENTS, WEBHOOKS = "/redaktion/programme", "/redaktion/webhooks"


@pytest.fixture
def admin(app: Flask, session: Session, staff: Staff) -> Visitor:
    """An administrator."""
    accounts.change(session, staff, ["admin"], (), ())
    return sign_in(app.test_client(), session, staff)


def shown(page: str, prefix: str) -> str:
    """The secret on a page."""
    found = re.search(rf"<code>({prefix}[^<]+)</code>", page)
    assert found, page
    return found[1]


def actions(session: Session) -> list[str]:
    """What the trail says."""
    session.rollback()
    return list(session.scalars(select(TrailEntry.action).order_by(TrailEntry.id)))


def test_a_program_gets_a_token_that_is_shown_once(
        app: Flask, session: Session, admin: Visitor) -> None:
    made = admin.press(CLIENTS, name="Bauamt", scopes=[Scope.READ.value], life="365")
    assert made.status_code == 200, made.text
    assert made.headers["Cache-Control"] == "no-store"
    token = shown(made.text, "cpt_")
    assert Program(app, token).get("/client").get_json()["scopes"] == [Scope.READ.value]
    page = admin.read(CLIENTS)
    assert token not in page
    assert f"Token endet auf {token[-4:]}." in page
    assert "Zuletzt genutzt" in page
    number = session.scalars(select(Client.id)).one()
    newer = shown(admin.press(CLIENTS, to=f"{CLIENTS}/{number}/erneuern").text, "cpt_")
    assert Program(app, token).get("/client").status_code == 401
    assert Program(app, newer).get("/client").status_code == 200
    admin.press(CLIENTS, to=f"{CLIENTS}/{number}/sperren")
    assert Program(app, newer).get("/client").status_code == 401
    assert admin.press(CLIENTS, to=f"{CLIENTS}/{number}/erneuern").status_code == 404
    assert actions(session) == ["client.added", "client.renewed", "client.revoked"]


def test_a_token_is_renewed_for_as_long_as_one_chooses(
        app: Flask, session: Session, admin: Visitor) -> None:
    made, _token = clients.make(session, "Bauamt", [Scope.READ], utcnow(),
                                expires_at=utcnow() - timedelta(days=1))
    session.commit()
    number, address = made.id, f"{CLIENTS}/{made.id}/erneuern"
    for wrong in ({}, {f"life-{number}": "wie-bisher"}, {f"life-{number}": "9"}):
        assert admin.press(CLIENTS, to=address, **wrong).status_code == 303
        assert "Bitte wählen Sie, wie lange das Token gilt." in admin.read(CLIENTS)
    longer = shown(admin.press(CLIENTS, to=address, **{f"life-{number}": "90"}).text, "cpt_")
    assert Program(app, longer).get("/client").status_code == 200
    ends = session.get_one(Client, number, populate_existing=True).expires_at
    admin.press(CLIENTS, to=address, **{f"life-{number}": "wie-bisher"})
    assert session.get_one(Client, number, populate_existing=True).expires_at == ends
    admin.press(CLIENTS, to=address, **{f"life-{number}": ""})
    assert session.get_one(Client, number, populate_existing=True).expires_at is None


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"name": "", "scopes": [Scope.READ.value]}, "einen Namen"),
    ({"name": "Bauamt"}, "was das Programm darf"),
    ({"name": "Da", "scopes": [Scope.READ.value]}, "schon ein anderes"),
    ({"name": "Bauamt", "scopes": [Scope.READ.value], "life": "1"}, "wie lange das Token gilt")],
    ids=["no name", "no scope", "taken", "life"])
def test_a_wrong_form_comes_back_as_typed(
        session: Session, admin: Visitor, typed: dict[str, object], sentence: str) -> None:
    clients.make(session, "Da", [Scope.READ], utcnow())
    session.commit()
    answer = admin.press(CLIENTS, **{"life": "", **typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed["name"]}"' in answer.text
    assert "client.added" not in actions(session)


def test_programs_are_no_colleagues(session: Session, admin: Visitor) -> None:
    made, _token = clients.make(session, "Bauamt", [Scope.READ], utcnow())
    session.commit()
    assert "client.invalid" not in admin.read("/redaktion/team")
    assert admin.get(f"/redaktion/team/{made.staff_id}").status_code == 404


def test_a_webhook_is_made_tried_switched_and_removed(session: Session, admin: Visitor) -> None:
    made = admin.press(WEBHOOKS, url="https://example.org/hook", events=[EVENTS[0].value])
    secret = shown(made.text, "whsec_")
    found = session.scalars(select(Webhook)).one()
    number = found.id
    assert webhooks.secret_of(found) == secret
    admin.press(WEBHOOKS, to=f"{WEBHOOKS}/{number}/probe")
    session.rollback()
    assert session.scalars(select(WebhookCall.event)).all() == ["test"]
    page = admin.read(WEBHOOKS)
    assert "https://example.org/hook" in page
    assert "Probe" in page
    admin.press(WEBHOOKS, to=f"{WEBHOOKS}/{number}/schalten", an="nein")
    assert "ausgeschaltet" in admin.read(WEBHOOKS)
    admin.press(WEBHOOKS, to=f"{WEBHOOKS}/{number}/entfernen")
    assert "Noch niemand wird benachrichtigt." in admin.read(WEBHOOKS)
    assert actions(session) == [f"webhook.{deed}" for deed in (
        "added", "tested", "switched", "removed")]


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"url": "http://example.org/", "events": [EVENTS[0].value]}, "mit https:// beginnt"),
    ({"url": "https://example.org/"}, "was gemeldet wird")])
def test_a_wrong_webhook_is_not_made(
        session: Session, admin: Visitor, typed: dict[str, object], sentence: str) -> None:
    answer = admin.press(WEBHOOKS, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert str(typed["url"]) in answer.text
    session.rollback()
    assert session.scalars(select(Webhook)).all() == []
