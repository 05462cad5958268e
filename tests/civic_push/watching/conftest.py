"""Fixtures for watching: a published announcement with ledger rows, real jobs, an outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery.models import Delivery, Lane, State
from tests.stand_ins.outbox import Outbox

Deliver = Callable[..., None]


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Make the app send e-mail into a list."""
    box = Outbox()
    app.extensions["channels"] = {"email": box}
    return box


@pytest.fixture
def published(app: Flask, session: Session, make_announcement: Callable[..., Announcement]
              ) -> Announcement:
    """An announcement of a minute ago, whose deliveries are all written."""
    announcement = make_announcement()
    publishing.publish(session, announcement, utcnow() - timedelta(minutes=1))
    app.extensions["redis"].flushall()  # nobody rings for it
    announcement.fan_out_done_at = utcnow()
    session.commit()
    return announcement


@pytest.fixture
def deliver(session: Session) -> Deliver:
    """Write `count` ledger rows of contacts that do not exist."""
    def write(announcement: Announcement, channel: str, state: State, count: int,
              **overrides: Any) -> None:
        now: datetime = utcnow()
        start = session.scalar(select(func.coalesce(func.max(Delivery.contact_id), 1000))) or 0
        session.execute(insert(Delivery), [
            {"announcement_id": announcement.id, "contact_id": start + 1 + i, "channel": channel,
             "lane": Lane.NORMAL, "state": state, "due_at": now - timedelta(seconds=30),
             "created_at": announcement.published_at, "expires_at": now + timedelta(days=7),
             "sent_at": now - timedelta(seconds=20) if state == State.SENT else None,
             **overrides} for i in range(count)])
        session.commit()
    return write
