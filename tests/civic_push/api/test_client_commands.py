"""`civic-push client …`: what operators type, the sentences they get, what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.integrations.commands import client as command
from civic_push.integrations.models import Client
from civic_push.staff.models import TrailEntry
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE, problem

Type = Callable[..., tuple[int, str]]
ADD = ("add", "Bauamt", "--scope", "announcements:read")


@pytest.fixture
def type_in(app: Flask) -> Type:
    """Type `civic-push client …`; give back its status and what it printed."""
    def run(*words: str) -> tuple[int, str]:
        db.session.remove()  # SQLite has one writer: the test's own session must not hold on
        result = FlaskCliRunner(app).invoke(command, words)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output
    return run


def token_in(text: str) -> str:
    """The one token that was printed."""
    [token] = re.findall(r"cpt_[\w-]+", text)
    return str(token)


def only_client(session: Session) -> Client:
    """The one client there is, as stored."""
    session.rollback()
    return session.scalars(select(Client).execution_options(populate_existing=True)).one()


def test_a_client_is_made_and_its_token_is_shown_once_and_stored_as_a_hash(
        app: Flask, type_in: Type, session: Session, make_topic: Callable[..., Topic],
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    make_topic("baustellen")
    make_neighbourhood("hiddesen")
    status, text = type_in(
        "add", "Bauamt  Tiefbau", "--scope", "sources", "--scope", "announcements:write",
        "--topic", "baustellen", "--neighbourhood", "hiddesen", "--days", "365")
    assert status == 0
    assert text.startswith("Bauamt Tiefbau may do: announcements:write sources.\n")
    token = token_in(text)
    stored = only_client(session)
    assert stored.digest is not None
    assert token not in repr(vars(stored))
    assert token.encode() not in stored.digest
    assert stored.ending == token[-4:]
    assert stored.expires_at is not None
    assert timedelta(days=364) < stored.expires_at - utcnow() < timedelta(days=366)
    assert [t.slug for t in stored.staff.topics] == ["baustellen"]
    assert [n.slug for n in stored.staff.neighbourhoods] == ["hiddesen"]
    ends = f"{stored.expires_at:%Y-%m-%d}"
    assert type_in("list") == (0, (
        f"Bauamt Tiefbau  …{token[-4:]}  announcements:write sources  last used: never  "
        f"only: baustellen, hiddesen  (ends {ends})\n"))
    assert Program(app, token).get("/client").get_json()["name"] == "Bauamt Tiefbau"
    assert " UTC" in type_in("list")[1]  # it has been used
    assert token not in repr([(e.action, e.before, e.after)
                              for e in session.scalars(select(TrailEntry))])


@ONE_DATABASE
def test_a_client_may_do_what_its_scopes_say_and_nothing_else(
        app: Flask, type_in: Type) -> None:
    program = Program(app, token_in(type_in(*ADD)[1]))
    assert program.get("/announcements?state=draft").status_code == 200
    problem(program.get("/sources"), 403, "scope")
    problem(program.post("/announcements", {}), 403, "scope")


@ONE_DATABASE
@pytest.mark.parametrize(("words", "status", "sentence"), [
    (("add", "Bauamt"), 2, "Missing option '--scope'"),
    (("add", "Bauamt", "--scope", "alles"), 2, "'alles' is not one of 'announcements:read'"),
    ((*ADD, "--days", "0"), 2, "0 is not in the range"),
    ((*ADD, "--topic", "wetter"), 1, "There is no topic wetter. There are: baustellen."),
    ((*ADD, "--neighbourhood", "atlantis"), 1,
     "There is no neighbourhood atlantis. `civic-push seed` adds some."),
    (("add", " ", "--scope", "sources"), 1, "A client needs a name of up to 80 characters."),
    (("add", clients.HOST, "--scope", "sources"), 1, "is a client named 'command line' already"),
    (("renew", "Niemand"), 1, "There is no client named Niemand, or it is revoked"),
    (("revoke", "Niemand"), 1, "`civic-push client list` shows all."),
    (("revoke", clients.HOST), 1, "There is no client named command line"),
], ids=["no scope", "unknown scope", "no days", "unknown topic", "unknown ortsteil", "no name",
        "the host's own", "renew nobody", "revoke nobody", "revoke the host"])
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
        type_in: Type, session: Session, make_topic: Callable[..., Topic],
        words: tuple[str, ...], status: int, sentence: str) -> None:
    make_topic("baustellen")
    host = clients.of_host(session, utcnow()).id
    code, text = type_in(*words)
    assert (code, "cpt_" in text) == (status, False)
    assert sentence in text
    assert only_client(session).id == host
    assert session.scalars(select(TrailEntry)).all() == []


@ONE_DATABASE
def test_a_name_is_given_once(type_in: Type, session: Session) -> None:
    type_in(*ADD)
    status, text = type_in(*ADD)
    assert (status, "There is a client named 'Bauamt' already." in text) == (1, True)
    assert only_client(session).name == "Bauamt"


@ONE_DATABASE
def test_a_renewed_token_ends_the_old_one_and_a_revoked_client_stays_out(
        app: Flask, type_in: Type, session: Session) -> None:
    first = token_in(type_in(*ADD, "--days", "30")[1])
    ends = only_client(session).expires_at
    second = token_in(type_in("renew", " Bauamt")[1])
    assert only_client(session).expires_at == ends  # nobody asked for longer
    problem(Program(app, first).get("/client"), 401, "token")
    assert Program(app, second).get("/client").status_code == 200
    assert type_in("revoke", "Bauamt") == (0, "Bauamt can no longer ask.\n")
    problem(Program(app, second).get("/client"), 401, "token")
    assert only_client(session).digest is None
    assert "(revoked)" in type_in("list")[1]
    assert type_in("renew", "Bauamt")[0] == 1
    assert type_in("revoke", "Bauamt")[0] == 1
    assert [(e.actor, e.action) for e in session.scalars(
        select(TrailEntry).order_by(TrailEntry.id))] == [
            ("command", "client.added"), ("command", "client.renewed"),
            ("command", "client.revoked")]


@ONE_DATABASE
def test_a_token_whose_time_is_over_is_renewed_for_a_new_time(
        app: Flask, type_in: Type, session: Session) -> None:
    type_in(*ADD, "--days", "1")
    only_client(session).expires_at = utcnow() - timedelta(days=2)
    session.commit()
    status, text = type_in("renew", "Bauamt")
    assert (status, "cpt_" in text) == (1, False)
    assert "say with --days for how long the new token holds" in text
    assert "(ended " in type_in("list")[1]
    token = token_in(type_in("renew", "Bauamt", "--days", "90")[1])
    assert Program(app, token).get("/client").status_code == 200
    assert "(ends " in type_in("list")[1]


@ONE_DATABASE
def test_the_empty_list_says_how_to_fill_it_and_hides_the_host(
        type_in: Type, session: Session) -> None:
    clients.of_host(session, utcnow())
    status, text = type_in("list")
    assert (status, text) == (
        0, "No clients yet; `civic-push client add NAME --scope …` makes one.\n")
    assert Scope.READ in type_in("add", "--help")[1]
