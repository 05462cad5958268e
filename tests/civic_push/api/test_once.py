"""Idempotency-Key: done once, answered as often as asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from civic_push.integrations.answers import forget_old
from civic_push.integrations.models import GivenAnswer
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE, problem


def stored(session: Session) -> int:
    """How many announcements there are."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(Announcement)) or 0


def test_a_request_that_is_sent_again_is_done_once(
        session: Session, program: Program, news: dict[str, Any]) -> None:
    first = program.post("/announcements", news, Idempotency_Key="a-1")
    again = program.post("/announcements", news, Idempotency_Key="a-1")
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    for name in ("Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert stored(session) == 1


def test_two_that_come_at_once_make_one_announcement(
        session: Session, program: Program, news: dict[str, Any]) -> None:
    db.session.remove()
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _n: program.post(
            "/announcements", news, Idempotency_Key="b"), range(4)))
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.get_json()["id"] for a in answers if a.status_code == 201}) == 1
    assert stored(session) == 1


@ONE_DATABASE
def test_a_key_belongs_to_one_request_and_one_client(
        session: Session, program: Program, make_program: Callable[..., Program],
        news: dict[str, Any]) -> None:
    program.post("/announcements", news, Idempotency_Key="c")
    problem(program.post("/announcements", {**news, "title": "Anders"}, Idempotency_Key="c"),
            422, "key-reused")
    assert make_program().post("/announcements", news, Idempotency_Key="c").status_code == 201
    assert stored(session) == 2
    for bad in ("x" * 256, "ä"):
        problem(program.post("/announcements", news, Idempotency_Key=bad), 422, "invalid")


@ONE_DATABASE
def test_after_a_refusal_the_key_may_be_tried_again(
        session: Session, program: Program, news: dict[str, Any]) -> None:
    program.post("/announcements", {**news, "title": ""}, Idempotency_Key="d")
    assert program.post("/announcements", news, Idempotency_Key="d").status_code == 201


@ONE_DATABASE
def test_a_request_that_never_ended_says_so_and_keys_end_after_a_day(
        session: Session, program: Program, news: dict[str, Any]) -> None:
    program.post("/announcements", news, Idempotency_Key="e")
    session.execute(update(GivenAnswer).values(status=None))
    session.commit()
    answer = program.post("/announcements", news, Idempotency_Key="e")
    problem(answer, 409, "key-in-use")
    assert answer.headers["Retry-After"] == "5"
    forget_old(session, utcnow() + timedelta(hours=23))
    assert session.scalars(select(GivenAnswer.key)).all() == ["e"]
    forget_old(session, utcnow() + timedelta(hours=25))
    session.commit()
    assert program.post("/announcements", news, Idempotency_Key="e").status_code == 201
