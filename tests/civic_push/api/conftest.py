"""A program with a token, and its way of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, has_app_context
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from subscriptions.models import Topic

API = "/api/v1"


class Program:
    """Somebody who asks with a token, or a stranger without. Each request gets an app context
    of its own, as in a server."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app, self.token = app, token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request; headers' underscores are dashes."""
        if has_app_context():  # SQLite has one writer: the test's own session must not hold on
            db.session.remove()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        more = {} if body is None else {"json": body}
        with self.app.app_context():
            return self.app.test_client().open(API + path, method=method, headers=sent, **more)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Read."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Do."""
        return self.ask("POST", path, body, **headers)


@pytest.fixture
def make_program(app: Flask, session: Session) -> Iterator[Callable[..., Program]]:
    """Store a client with these scopes (all by default) and give it a voice."""
    count = 0

    def make(*scopes: Scope, **overrides: Any) -> Program:
        nonlocal count
        count += 1
        _client, token = clients.make(session, f"Programm {count}", scopes or tuple(Scope),
                                      utcnow(), **overrides)
        session.commit()
        return Program(app, token)
    yield make
    db.session.remove()


@pytest.fixture
def program(make_program: Callable[..., Program]) -> Program:
    """A client that may do everything."""
    return make_program()


@pytest.fixture
def stranger(app: Flask) -> Program:
    """Somebody without a token."""
    return Program(app)


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    """Roadworks."""
    return make_topic("baustellen")


@pytest.fixture
def news(topic: Topic) -> dict[str, Any]:
    """An announcement that could be published as it is."""
    return {"title": "Brücke gesperrt", "text": "Die Brücke ist bis **Freitag** gesperrt.",
            "topics": [topic.slug], "neighbourhoods": []}
