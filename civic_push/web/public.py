"""Pages for everybody: start, announcements, legal texts, health."""

from __future__ import annotations

import redis
from flask import Blueprint, abort, jsonify, render_template, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from civic_push import tasks
from civic_push.announcements import archive, following
from civic_push.announcements.models import Announcement, AnnouncementState, AnnouncementText
from civic_push.db import db, utcnow
from civic_push.delivery.compose import short_of
from civic_push.web import choosing, legal
from civic_push.web.choosing import Chosen
from civic_push.web.forms import Typed
from civic_push.web.language import PLAIN, language, register
from civic_push.web.protection import limiter
from civic_push.wording.markdown import to_html
from civic_push.wording.sentences import laid_out
from civic_push.wording.when_and_where import map_url, when
from subscriptions.models import Register

pages = Blueprint("public", __name__)

LATEST = 4  # announcements on the start page
PAGE = 20  # announcements on a page of the archive
_FORMS = {PLAIN: Register.PLAIN, "standard": Register.STANDARD}
MOST = 2**63 - 1  # what the databases hold as an id


@pages.get("/")
def start() -> str:
    """What this is, what is new, and the way in."""
    latest = archive.find(db.session(), archive.Search(), LATEST).rows
    return render_template("start.html", announcements=latest, text_of=text_of,
                           short_of=short_of, now=utcnow(), chosen=Chosen())


@pages.get("/meldungen")
@limiter.limit("60 per minute", exempt_when=lambda: not request.args.get("suche"))
def announcements() -> str | tuple[str, int]:
    """The archive, newest first. `?ortsteil=…&thema=…&suche=…&von=…&bis=…` narrow it,
    `vor=` and `nach=` (announcement ids) turn its pages."""
    session, typed = db.session(), Typed(request.args)
    chosen = choosing.chosen(session, request.args)
    since, until = choosing.read_span(typed)
    found = archive.Found(()) if typed.errors else archive.find(
        session, chosen.search(typed.text("suche"), since, until), PAGE,
        older_than=page_key("vor"), newer_than=page_key("nach"))
    kept = {name: typed.text(name) for name in ("suche", "von", "bis") if typed.text(name)}
    page = render_template(
        "announcements.html", found=found, announcements=found.rows, chosen=chosen, typed=typed,
        kept={**chosen.arguments, **kept}, text_of=text_of, short_of=short_of, now=utcnow(),
        **choosing.pickable(session))
    return (page, 422) if typed.errors else page


@pages.get("/meldungen/<int(max=9223372036854775807):announcement_id>")
def announcement(announcement_id: int) -> str:
    """One published announcement; `?form=einfach` or `?form=standard` choose another register
    than the page's."""
    found = db.session.get(Announcement, announcement_id)
    if found is None or found.state != AnnouncementState.PUBLISHED:
        abort(404)
    wanted = _FORMS.get(request.args.get("form", ""), register())
    shown = found.text(language(), wanted)
    other = Register.STANDARD if shown.register == Register.PLAIN else Register.PLAIN
    has_other = found.text(language(), other).register == other
    return render_template(
        "announcement.html", announcement=found, text=shown, body=to_html(laid_out(shown)),
        other=other if has_other else None, now=utcnow(), chosen=Chosen((), tuple(found.topics)),
        chain=following.chain(db.session(), found), telling=_telling, text_of=text_of,
        when=when(found), map_url=map_url(found))


def _telling(announcement: Announcement) -> AnnouncementText:
    """The text that says what a follow-up changes, in the page's language and register."""
    return announcement.telling(language(), register())


@pages.get("/impressum")
def imprint() -> str:
    """Who answers for this service."""
    return legal.page("imprint")


@pages.get("/datenschutz")
def privacy() -> str:
    """What becomes of residents' data (Art. 13 GDPR)."""
    return legal.page("privacy")


@pages.get("/barrierefreiheit")
def accessibility() -> str:
    """The accessibility statement (section 10b BGG NRW, BITVNRW)."""
    return legal.page("accessibility")


@pages.get("/health")
def health() -> tuple[Response, int]:
    """For monitoring: 200 when database and queue answer, else 503, as JSON."""
    state = {"database": _database_answers(), "queue": _queue_answers()}
    return jsonify(state), 200 if all(state.values()) else 503


def text_of(announcement: Announcement) -> AnnouncementText:
    """An announcement's text in the page's language and register."""
    return announcement.text(language(), register())


def page_key(name: str) -> int | None:
    """The key `vor` or `nach` of a page to turn to, or None for the first."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= MOST else None


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
