"""Tokens: shown once, kept as hashes, ended at once; and how often one may ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import BadClient, Scope
from civic_push.integrations.models import Client
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE, problem

pytestmark = ONE_DATABASE


def test_a_token_is_kept_as_a_hash_only(session: Session) -> None:
    client, token = clients.make(session, " Wetter  dienst ", ["announcements:write"], utcnow())
    session.commit()
    assert client.name == "Wetter dienst"
    assert token.startswith("cpt_")
    assert token.encode() not in (client.digest or b"")
    assert client.ending == token[-4:]
    found = clients.by_token(session, token, utcnow())
    assert found is not None
    assert found.id == client.id


@pytest.mark.parametrize(("name", "scopes", "code"), [
    ("", [Scope.READ], "name"), ("x" * 81, [Scope.READ], "name"), ("a\x00", [Scope.READ], "name"),
    ("ok", [], "scopes"), ("ok", ["alles"], "unknown"), ("da", [Scope.READ], "taken")])
def test_a_client_that_cannot_be_is_not_made(
        session: Session, name: str, scopes: list[str], code: str) -> None:
    clients.make(session, "da", [Scope.READ], utcnow())
    session.commit()
    with pytest.raises(BadClient) as refused:
        clients.make(session, name, scopes, utcnow())
    assert refused.value.code == code


def test_a_token_ends_when_it_is_renewed_revoked_or_expired(
        app: Flask, session: Session) -> None:
    now = utcnow()
    client, token = clients.make(session, "Bauamt", [Scope.READ], now,
                                 expires_at=now + timedelta(days=1))
    session.commit()
    assert Program(app, token).get("/client").get_json()["name"] == "Bauamt"
    client = session.scalars(select(Client)).one()
    newer = clients.renew(client, client.expires_at)
    session.commit()
    problem(Program(app, token).get("/client"), 401, "token")
    assert Program(app, newer).get("/client").status_code == 200
    client = session.scalars(select(Client)).one()
    assert clients.by_token(session, newer, now + timedelta(days=2)) is None
    clients.revoke(client, now)
    session.commit()
    problem(Program(app, newer).get("/client"), 401, "token")


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Basic abc", "Bearer cpt_ä", "cpt_x",
                                  "Bearer " + "x" * 5000])
def test_what_is_no_token_opens_nothing(stranger: Program, sent: str) -> None:
    answer = stranger.get("/topics", Authorization=sent)
    problem(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_client_has_an_account_nobody_can_sign_in_with(session: Session) -> None:
    clients.make(session, "Wetterdienst", [Scope.PUBLISH], utcnow())
    session.commit()
    staff = session.scalars(select(Staff)).one()
    assert staff.machine
    assert accounts.everybody(session) == []
    with pytest.raises(accounts.BadAccount):
        accounts.existing(session, staff.email)


def test_when_a_client_was_last_heard_of_is_noted(
        app: Flask, session: Session, program: Program) -> None:
    before = utcnow()
    program.get("/client")
    used = session.scalars(select(Client.used_at)).one()
    assert used is not None
    assert used >= before
    program.get("/client")
    session.rollback()
    assert session.scalars(select(Client.used_at)).one() == used


def test_a_stranger_who_asks_too_often_is_told_how_long_to_wait(
        stranger: Program, make_program: Callable[..., Program]) -> None:
    first = stranger.get("/topics")
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == (
        "120", "119")
    answers = [stranger.get("/topics") for _ in range(120)]
    said = problem(answers[-1], 429, "http-429")
    assert "Retry-After" in said["detail"]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].headers["RateLimit-Remaining"] == "0"
    assert make_program().get("/topics").headers["RateLimit-Limit"] == "600"
