"""People with different tasks, a draft, and inboxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("strassen")


@pytest.fixture
def make_staff(app: Flask, session: Session) -> Callable[..., Staff]:
    """Make an account with a role, at <role>@example.org or another address."""
    hashed: list[str | None] = []

    def make(role: str, name: str = "", places: list[Neighbourhood] | None = None) -> Staff:
        email = f"{name or role}@example.org"
        if not hashed:  # hashing costs most of a test's time
            staff = accounts.create(session, email, PASSWORD, role, utcnow())
            hashed.append(staff.password)
        else:
            staff = Staff(email=email, password=hashed[0], created_at=utcnow(),
                          fs_uniquifier=email, roles=accounts.roles_named(session, [role]))
            session.add(staff)
        staff.neighbourhoods = places or []
        session.commit()
        return staff
    return make


@pytest.fixture
def enter(app: Flask, session: Session) -> Callable[[Staff], Visitor]:
    """A browser in which somebody is signed in."""
    return lambda staff: sign_in(app.test_client(), session, staff)


@pytest.fixture
def form(topic: Topic) -> dict[str, Any]:
    """The write form, filled in."""
    return {"title": "Brücke gesperrt", "body": "Die Brücke ist gesperrt.", "where": "town",
            "topics": str(topic.id), "urgency": "info"}
