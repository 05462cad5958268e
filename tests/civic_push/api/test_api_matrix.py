"""Who may call what: every operation, every scope, with and without a token, inside and
outside of what a client is limited to. A new operation fails here until somebody has said
who may have it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.integrations.clients import Scope
from subscriptions.models import Neighbourhood
from tests.civic_push.api.conftest import Program
from tests.test_house import PROGRAMS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_ANY = None
NEEDED: dict[str, Scope | None] = {
    "api.read_client": _ANY,
    "api.create_announcement": Scope.WRITE, "api.validate_announcement": Scope.WRITE,
    "api.replace_announcement": Scope.WRITE, "api.dismiss_announcement": Scope.WRITE,
    "api.submit_announcement": Scope.WRITE, "api.take_back_announcement": Scope.WRITE,
    "api.correct": Scope.WRITE, "api.withdraw": Scope.WRITE, "api.give_all_clear": Scope.WRITE,
    "api.publish_announcement": Scope.PUBLISH, "api.read_status": Scope.READ,
    "api.list_sources": Scope.SOURCES, "api.add_source": Scope.SOURCES,
    "api.check_source": Scope.SOURCES,
}
"""Each operation that strangers may not call, and the scope it needs (None: any token)."""

_TOUCHING = {"api.replace_announcement", "api.dismiss_announcement", "api.submit_announcement",
             "api.take_back_announcement", "api.correct", "api.withdraw", "api.give_all_clear",
             "api.publish_announcement"}


def operations(app: Flask) -> list[tuple[str, str, str]]:
    """Endpoint, method and path (of announcement 1) of every operation."""
    return [(rule.endpoint, method, rule.rule.removeprefix("/api/v1").replace(
        "<int(max=999999999999):number>", "1"))
        for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}]


def refused(answer: TestResponse) -> bool:
    """Whether it is the door that refused, not what lies behind."""
    said = answer.get_json(silent=True) or {}
    return answer.status_code in (401, 403) and said.get("type", "").endswith(
        ("#token", "#scope"))


def test_every_operation_is_in_the_matrix_or_open_on_purpose(app: Flask) -> None:
    assert {endpoint for endpoint, _method, _path in operations(app)} - PROGRAMS == set(NEEDED)


def test_strangers_get_no_further_than_what_is_open(app: Flask, stranger: Program) -> None:
    app.config["RATELIMIT_ENABLED"] = False
    inside = {endpoint for endpoint, method, path in operations(app)
              if not refused(stranger.ask(method, path, {} if method != "GET" else None))}
    assert inside == {name for name in PROGRAMS if name.startswith("api.")}


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_what_the_matrix_says_and_nothing_else(
        app: Flask, make_program: Callable[..., Program], scope: Scope) -> None:
    program, wrong = make_program(scope), []
    for endpoint, method, path in operations(app):
        answer = program.ask(method, path, {} if method != "GET" else None)
        needed = NEEDED.get(endpoint)
        if refused(answer) != (needed not in (None, scope)) or answer.status_code >= 500:
            wrong.append((endpoint, method, answer.status_code))
    assert wrong == []


def test_an_announcement_beyond_a_client_s_ortsteil_can_be_read_but_not_touched(
        app: Flask, session: Session, make_program: Callable[..., Program],
        make_neighbourhood: Callable[..., Neighbourhood],
        make_announcement: Callable[..., Announcement]) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("pivitsheide")
    assert make_announcement(neighbourhoods=[here.id, there.id]).id == 1
    program = make_program(neighbourhoods=[here.id])
    whole = {"title": "x", "text": "x", "topics": [], "neighbourhoods": ["hiddesen"]}
    bodies = {"api.replace_announcement": whole, "api.correct": {**whole, "change": "x"},
              "api.withdraw": {"change": "x"}, "api.give_all_clear": {"change": "x"}}
    for state in (AnnouncementState.DRAFT, AnnouncementState.PUBLISHED):
        session.execute(update(Announcement).values(state=state))
        session.commit()
        for endpoint, method, path in operations(app):
            if endpoint in _TOUCHING:
                answer = program.ask(method, path, bodies.get(endpoint, {}), If_Match="*")
                assert answer.status_code == 403, (endpoint, answer.text)
        assert program.get("/announcements/1").status_code == 200
