"""Fixtures for what follows: a channel that remembers, a clock, and editors' deeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.delivery import drain as drain_module
from civic_push.delivery import fan_out as fan_out_module
from civic_push.delivery import follow_ups as follow_ups_module
from subscriptions.models import Topic
from tests.stand_ins.outbox import Outbox

Publish = Callable[..., Announcement]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """Set the clock that jobs read."""
    def set_clock(moment: datetime) -> None:
        for module in (drain_module, fan_out_module, follow_ups_module):
            monkeypatch.setattr(module, "utcnow", lambda: moment)
    set_clock(now)
    return set_clock


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Every channel sends into one list."""
    box = Outbox()
    app.extensions["channels"] = {"email": box}
    return box


@pytest.fixture
def publish(session: Session, now: datetime, make_topic: Callable[..., Topic]) -> Publish:
    """Publish an announcement; `follows` makes it a correction, or what `kind` says."""
    topics: list[Topic] = []

    def make(follows: Announcement | None = None, moment: datetime = now, **overrides: Any
             ) -> Announcement:
        if not topics and "topics" not in overrides:
            topics.append(make_topic())
        if follows is not None:
            overrides = {"kind": AnnouncementKind.CORRECTION,
                         "change": "Die Straße ist nur bis Samstag zu.", **overrides}
        draft = Draft(**{"title": "Sperrung", "body": "Die Straße ist zu.",
                         "topics": [t.id for t in topics], **overrides})
        announcement = publishing.save(session, draft, moment, follows=follows)
        session.commit()
        assert publishing.publish(session, announcement, moment)
        return announcement
    return make
