"""Fixtures for the house: an editor at the desk, and announcements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from civic_push.staff import accounts, sessions
from civic_push.staff.models import Staff
from subscriptions.models import Topic
from tests.civic_push.desk_visitor import Visitor

EDITOR, PASSWORD = "redaktion@example.org", "korrekt-pferd-batterie"


@pytest.fixture
def staff(app: Flask, session: Session, now: datetime) -> Staff:
    """An editor's account."""
    account = accounts.create(session, EDITOR, PASSWORD, "editor", now)
    session.commit()
    return account


@pytest.fixture
def editor(client: FlaskClient, session: Session, staff: Staff) -> Visitor:
    """A browser that is signed in at the desk with two factors, as test_staff_sign_in proves
    it can be: by cookie, because hashing the password again costs most of a test's time."""
    return sign_in(client, session, staff)


def sign_in(client: FlaskClient, session: Session, staff: Staff, strong: bool = True) -> Visitor:
    """Give a browser the session of somebody who has signed in just now."""
    key = sessions.begin(session, staff, strong, "Firefox, Linux", utcnow())
    session.commit()
    with client.application.app_context(), client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"], cookie["desk"] = staff.fs_uniquifier, True, key
    return Visitor(client)


@pytest.fixture
def make_announcement(session: Session, now: datetime, make_topic: Callable[..., Topic]
                      ) -> Callable[..., Announcement]:
    """Store a draft; keywords are publishing.Draft's, without `topics` one is made."""
    topics: list[int] = []

    def make(**overrides: Any) -> Announcement:
        if "topics" not in overrides and not topics:
            topics.append(make_topic("verkehr").id)
        draft = publishing.Draft(**{
            "title": "Brücke gesperrt", "body": "Die Brücke ist bis Freitag gesperrt.",
            "topics": topics, **overrides})
        announcement = publishing.save(session, draft, now)
        session.commit()
        return announcement
    return make


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], list[str]]:
    """Do what workers would do, until nothing rings; return the jobs' names."""
    def run() -> list[str]:
        done = []
        db.session.rollback()
        while (queue := next((q for q in tasks.queues(tasks.connection()) if q.count), None)):
            job = Job.fetch(queue.pop_job_id(), connection=queue.connection,
                            serializer=JSONSerializer)
            with app.app_context():  # a session of its own, as in a worker
                job.func(*job.args)
            done.append(f"{queue.name}:{job.func_name.rsplit('.', 1)[-1]}")
        db.session.expire_all()
        return done
    return run
