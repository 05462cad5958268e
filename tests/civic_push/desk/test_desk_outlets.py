"""The pages about outlets and about what is deleted when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.config import OutletSetting
from civic_push.db import utcnow
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.staff import accounts
from subscriptions.models import Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """A town with one outlet, whose settings name a topic that does not exist."""
    app = make_app(consent_years=4, outlets=(OutletSetting(
        "@stadt", "json://name:geheim@outlet.example/pfad", ("abfall", "drachen"), ()),))
    with app.app_context():
        yield app


@pytest.fixture
def admin(client: FlaskClient, session: Session, make_topic: Callable[..., Topic]) -> Visitor:
    """Who administers."""
    make_topic("abfall")
    account = accounts.create(session, "verwaltung@example.org", PASSWORD, "admin", utcnow())
    session.commit()
    return sign_in(client, session, account)


def test_an_outlet_is_shown_with_what_became_of_its_messages_and_without_its_secret(
        admin: Visitor, session: Session, make_announcement: Callable[..., Announcement],
        now: datetime) -> None:
    session.add(Delivery(
        announcement_id=make_announcement().id, outlet="@stadt", channel="outlet",
        lane=Lane.NORMAL, state=State.REFUSED, error="401 Unauthorized", due_at=now,
        created_at=now, expires_at=now + timedelta(days=1)))
    session.commit()
    page = admin.read("/redaktion/ausgaenge")
    assert "Brücke gesperrt</a>: abgelehnt" in page
    assert "401 Unauthorized" in page
    assert "<dd>Abfall</dd>" in page
    assert "was es nicht gibt: drachen" in page
    assert "<code>json</code>" in page
    assert "geheim" not in page
    assert "outlet.example" not in page


def test_the_page_about_retention_says_what_the_settings_say(admin: Visitor) -> None:
    page = admin.read("/redaktion/aufbewahrung")
    assert "noch 4 Jahre" in page
    assert "Unbestätigte nach 7 Tagen" in page
