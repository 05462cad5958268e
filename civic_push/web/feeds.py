"""Feeds and calendars of what is published, and the page that explains them.

A feed's address alone decides what it holds, so that caches and readers may rely on it:
`/meldungen.atom?ortsteil=hiddesen&thema=abfall&sprache=einfach`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import func, or_
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from civic_push.announcements import archive
from civic_push.announcements.image_models import images_of
from civic_push.announcements.models import Announcement
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.feeds import atom, calendar, json_feed
from civic_push.feeds.entries import Feed, entries_of
from civic_push.web import choosing
from civic_push.web.choosing import Chosen
from civic_push.web.forms import Typed
from civic_push.web.language import _, language
from civic_push.web.protection import for_everybody
from civic_push.web.public import page_key
from subscriptions.models import Register

pages = Blueprint("feeds", __name__)

FORMATS = {"atom": atom, "json": json_feed, "ics": calendar}
SIZE = 50  # entries on a page of a feed
LIFE = 300  # seconds that caches may keep a feed
MOST_EVENTS = 500  # in a calendar, which has no pages
_SINCE = timedelta(days=90)  # a calendar goes back so far


@pages.get("/feeds")
def overview() -> str:
    """What feeds and calendars are good for, and the addresses for a choice."""
    session = db.session()
    found = choosing.chosen(session, request.args)
    return render_template(
        "feeds.html", chosen=found, typed=Typed(request.args), addresses=_addresses(found),
        **choosing.pickable(session))


@pages.get("/meldungen.<any(atom, json, ics):kind>")
def feed(kind: str) -> Response:
    """A feed; `?ortsteil=…&thema=…` narrow it, `?sprache=…` words it, `vor=` and `nach=`
    (announcement ids) turn its pages. An unknown Ortsteil or topic is a 404: silently giving
    everything would be worse."""
    session = db.session()
    found = choosing.chosen(session, request.args)
    if found.unknown:
        abort(404)
    tongue, register = choosing.manner(request.args)
    with choosing.speaking(tongue, register):
        made = (_calendar(session, found, register) if kind == "ics"
                else _page(session, kind, found, register))
        response = Response(FORMATS[kind].write(made),
                            content_type=f"{FORMATS[kind].MEDIA_TYPE}; charset=utf-8")
    response.last_modified = made.updated_at
    response.add_etag()
    return for_everybody(response, LIFE).make_conditional(request.environ)


def _page(session: Session, kind: str, found: Chosen, register: Register) -> Feed:
    turned = archive.find(session, found.search(), SIZE, older_than=page_key("vor"),
                          newer_than=page_key("nach"))
    older = _address(kind, found, vor=turned.older) if turned.older else ""
    newer = _address(kind, found, nach=turned.newer) if turned.newer else ""
    return _feed(session, kind, found, turned.rows, register, older, newer)


def _calendar(session: Session, found: Chosen, register: Register) -> Feed:
    """What was published lately, and what is dated and not long over."""
    since = utcnow() - _SINCE
    over = func.coalesce(Announcement.ends_at, Announcement.starts_at)
    rows = archive.concerning(session, found.search(), or_(
        Announcement.published_at >= since, over >= since), MOST_EVENTS)
    return _feed(session, "ics", found, rows, register)


def _feed(session: Session, kind: str, found: Chosen, rows: Sequence[Announcement],
          register: Register, older: str = "", newer: str = "") -> Feed:
    base = settings().public_url
    return Feed(
        title=f"{settings().sender}: {found.words() or _('Alle Meldungen')}",
        author=settings().sender, host=urlsplit(base).hostname or "localhost",
        language=language(), home_url=base + url_for(
            "public.announcements", **found.arguments, **choosing.manner_spoken()),
        self_url=base + request.full_path.rstrip("?"), first_url=_address(kind, found),
        icon_url=f"{base}/static/icons/icon-192.png", older_url=older, newer_url=newer,
        entries=entries_of(rows, archive.origins(session, rows),
                           images_of(session, [row.id for row in rows]), settings(), language(),
                           register))


def _address(kind: str, found: Chosen, **turned: int) -> str:
    """A feed's public address, in the language spoken now."""
    values: dict[str, Any] = {**found.arguments, **choosing.manner_spoken(), **turned}
    return settings().public_url + url_for("feeds.feed", kind=kind, **values)


def _addresses(found: Chosen) -> dict[str, str]:
    """The addresses of a choice by format; `webcal` opens calendar programs."""
    by_kind = {kind: _address(kind, found) for kind in FORMATS}
    return {**by_kind, "webcal": "webcal:" + by_kind["ics"].split(":", 1)[1]}
