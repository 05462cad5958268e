"""The demo's data: tables, Ortsteile and topics, an editor, first announcements."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push import config
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.app import create_app
from civic_push.db import db, utcnow
from civic_push.demo.announcements import EXAMPLES, Example
from civic_push.seed import seed
from civic_push.staff import accounts
from subscriptions.models import Neighbourhood, Topic

EDITOR = "redaktion@stadt.example"


@dataclass(frozen=True, slots=True)
class Editor:
    """The demo editor's address, and the password or where it went."""

    email: str
    hint: str


def fill(environment: Mapping[str, str], new_password: bool) -> Editor:
    """Bring the database of these settings to today's tables and first data; what is
    there stays as it is."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(config.load(environment))
    with app.app_context():
        upgrade()
        now = utcnow()
        session = db.session()
        seed(session)
        editor = _editor(session, new_password, now)
        session.commit()
        announce(session, now)
        session.close()
        db.engine.dispose()
        app.extensions["redis"].close()
    return editor


def announce(session: Session, now: datetime) -> int:
    """Publish the examples where nothing was ever written; return how many."""
    if session.scalar(select(Announcement.id).limit(1)) is not None:
        return 0
    topics = {topic.slug: topic.id for topic in session.scalars(select(Topic))}
    places = {place.slug: place.id for place in session.scalars(select(Neighbourhood))}
    for example in EXAMPLES:
        moment = now - timedelta(hours=example.hours_ago)
        announcement = publishing.save(session, _draft(example, topics, places, now), moment)
        publishing.publish(session, announcement, moment)
    return len(EXAMPLES)


def _draft(example: Example, topics: Mapping[str, int], places: Mapping[str, int],
           now: datetime) -> publishing.Draft:
    return publishing.Draft(
        title=example.title, body=example.body, short=example.short,
        plain_title=example.plain_title, plain_body=example.plain_body,
        topics=[topics[slug] for slug in example.topics if slug in topics],
        neighbourhoods=[places[slug] for slug in example.neighbourhoods if slug in places],
        urgency=example.urgency, expires_at=now + timedelta(days=14))


def _editor(session: Session, new_password: bool, now: datetime) -> Editor:
    staff = accounts.find(session, EDITOR)
    if staff is not None and not new_password:
        return Editor(EDITOR, "as printed at the first start; `make run ARGS=--new-password` "
                              "makes a new one")
    password = accounts.new_password()
    if staff is None:
        accounts.create(session, EDITOR, password, "admin", now)
    else:
        accounts.change_password(session, staff, password)
    return Editor(EDITOR, f"{password}   (shown only now)")
