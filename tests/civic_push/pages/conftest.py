"""Fixtures for residents' pages: a town with every channel set up, and visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from channels.vapid import new_private_key
from civic_push.db import utcnow
from civic_push.delivery.models import Delivery
from civic_push.web import asking
from civic_push.web.protection import stamp
from subscriptions.models import Contact
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import Resident


@pytest.fixture
def app(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An app with all channels. Their providers are never reached: pages only write rows."""
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0)  # one test of its own takes the time
    app = make_app(
        email_url="mailto://127.0.0.1:1?from=push@stadt.example",
        sms_url="smseagle://token@127.0.0.1/{to}", telegram_token="1000:token",
        telegram_bot="stadt_bot", vapid_private_key=new_private_key())
    with app.app_context():
        yield app


@pytest.fixture
def resident(app: Flask) -> Resident:
    """A visitor."""
    return Resident(app.test_client())


@pytest.fixture
def other(app: Flask) -> Resident:
    """Another visitor, with cookies of their own."""
    return Resident(app.test_client())


@pytest.fixture
def sign_up(resident: Resident) -> Callable[..., TestResponse]:
    """Fill in the sign-up form as somebody who took a minute, and send it."""
    def fill(visitor: Resident = resident, **entered: str | list[str] | None) -> TestResponse:
        visitor.open("/anmelden")
        return visitor.press("/anmelden", **{
            "ortsteil": "alle", "thema": "alle", "einwilligung": "ja",
            "gezeigt": stamp(utcnow() - timedelta(minutes=1)), **entered})
    return fill


@pytest.fixture
def sent(session: Session) -> Callable[[], list[tuple[str, str]]]:
    """What the ledger holds, as (channel, purpose), oldest first."""
    def read() -> list[tuple[str, str]]:
        session.rollback()
        return [(d.channel, d.purpose)
                for d in session.scalars(select(Delivery).order_by(Delivery.id))]
    return read


@pytest.fixture
def link(app: Flask) -> Callable[..., str]:
    """The path of a signed link for a contact, as messages carry it."""
    paths = {Purpose.CONFIRM: "bestaetigen", Purpose.LEAVE: "abmelden",
             Purpose.MANAGE: "einstellungen"}

    def make(purpose: Purpose, contact: Contact, lasts: timedelta | None = timedelta(hours=1)
             ) -> str:
        token = app.extensions["tokens"].make(
            purpose, contact.id,
            challenge=contact.challenge if purpose == Purpose.CONFIRM else 0,
            expires_at=utcnow() + lasts if lasts else None)
        return f"/{paths[purpose]}/{token}"
    return make
