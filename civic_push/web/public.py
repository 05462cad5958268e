"""Pages for everybody: start, announcements, legal texts, health."""

from __future__ import annotations

from typing import TypeVar

import redis
from flask import Blueprint, abort, jsonify, render_template, request
from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from civic_push import tasks
from civic_push.announcements.markdown import to_html
from civic_push.announcements.models import Announcement, AnnouncementState, AnnouncementText
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.compose import short_of
from civic_push.web import legal
from civic_push.web.language import language
from subscriptions.models import Neighbourhood, Register, Topic

pages = Blueprint("public", __name__)

_Row = TypeVar("_Row", Topic, Neighbourhood)

LATEST = 4  # announcements on the start page
PAGE = 20  # announcements on a page of the archive


@pages.get("/")
def start() -> str:
    """What this is, what is new, and the way in."""
    latest = db.session.scalars(_published().limit(LATEST)).all()
    return render_template("start.html", announcements=latest, text_of=text_of,
                           short_of=short_of, now=utcnow())


@pages.get("/meldungen")
def announcements() -> str:
    """The archive, newest first; `?ortsteil=…&thema=…&seite=…` narrow and turn it."""
    place = _chosen(Neighbourhood, "ortsteil")
    topic = _chosen(Topic, "thema")
    page = min(max(1, request.args.get("seite", 1, type=int)), 100_000)
    rows = db.session.scalars(
        _published(*_narrowed(place, topic)).offset((page - 1) * PAGE).limit(PAGE + 1)).all()
    return render_template(
        "announcements.html", announcements=rows[:PAGE], page=page, more=len(rows) > PAGE,
        place=place, topic=topic, text_of=text_of, short_of=short_of, now=utcnow(),
        places=db.session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all(),
        topics=db.session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all())


@pages.get("/meldungen/<int(max=9223372036854775807):announcement_id>")
def announcement(announcement_id: int) -> str:
    """One published announcement; `?form=einfach` shows it in plain language."""
    found = db.session.scalar(_published(Announcement.id == announcement_id))
    if found is None:
        abort(404)
    wanted = Register.PLAIN if request.args.get("form") == "einfach" else Register.STANDARD
    shown = found.text(language(), wanted)
    other = Register.STANDARD if shown.register == Register.PLAIN else Register.PLAIN
    has_other = found.text(language(), other).register == other
    return render_template(
        "announcement.html", announcement=found, text=shown, body=to_html(shown.body),
        other=other if has_other else None, now=utcnow())


@pages.get("/impressum")
def imprint() -> str:
    """Who answers for this service."""
    return render_template("legal.html", body=legal.text("imprint", settings(), language()))


@pages.get("/datenschutz")
def privacy() -> str:
    """What becomes of residents' data (Art. 13 GDPR)."""
    return render_template("legal.html", body=legal.text("privacy", settings(), language()))


@pages.get("/barrierefreiheit")
def accessibility() -> str:
    """The accessibility statement (section 10e BGG NRW, BITVNRW)."""
    return render_template("legal.html", body=legal.text("accessibility", settings(), language()))


@pages.get("/health")
def health() -> tuple[Response, int]:
    """For monitoring: 200 when database and queue answer, else 503, as JSON."""
    state = {"database": _database_answers(), "queue": _queue_answers()}
    return jsonify(state), 200 if all(state.values()) else 503


def text_of(announcement: Announcement) -> AnnouncementText:
    """An announcement's standard text in the page's language."""
    return announcement.text(language(), Register.STANDARD)


def _published(*conditions: ColumnElement[bool]) -> Select[Announcement]:
    return (
        select(Announcement)
        .where(Announcement.state == AnnouncementState.PUBLISHED, *conditions)
        .order_by(Announcement.published_at.desc(), Announcement.id.desc())
        .options(selectinload(Announcement.texts), selectinload(Announcement.topics),
                 selectinload(Announcement.neighbourhoods)))


def _narrowed(place: Neighbourhood | None, topic: Topic | None) -> list[ColumnElement[bool]]:
    """Conditions for an Ortsteil (and the whole town, which it is part of) and a topic."""
    conditions: list[ColumnElement[bool]] = []
    if place is not None:
        conditions.append(or_(Announcement.neighbourhoods.any(Neighbourhood.id == place.id),
                              ~Announcement.neighbourhoods.any()))
    if topic is not None:
        conditions.append(Announcement.topics.any(Topic.id == topic.id))
    return conditions


def _chosen(kind: type[_Row], name: str) -> _Row | None:
    slug = request.args.get(name, "")
    return db.session.scalar(select(kind).where(kind.slug == slug)) if slug else None


def _database_answers() -> bool:
    try:
        return bool(db.session.execute(text("SELECT 1")).scalar())
    except SQLAlchemyError:
        return False


def _queue_answers() -> bool:
    try:
        return bool(tasks.connection().ping())
    except redis.RedisError:
        return False
