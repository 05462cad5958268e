"""Landing pages for links and QR codes: what there is for an Ortsteil, and the sign-up with
it chosen. Addresses as people type or remember them lead here too."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from civic_push.announcements import archive
from civic_push.db import db, utcnow
from civic_push.delivery.compose import short_of
from civic_push.web import estimate, public
from civic_push.web.choosing import WHOLE_TOWN, Chosen
from civic_push.web.forms import Typed, offer
from civic_push.web.language import language
from civic_push.web.protection import limiter
from civic_push.web.signup import how_many_found
from subscriptions import streets
from subscriptions.models import Neighbourhood, Topic
from subscriptions.streets import folded

pages = Blueprint("places", __name__)

LATEST = 3  # announcements on a landing page

Answer = str | Response | tuple[str, int]


@pages.get("/hier")
@limiter.limit("60 per minute", exempt_when=lambda: not request.args.get("ort"))
def index() -> str:
    """All Ortsteile; `?ort=…` finds one by name, alias or street."""
    typed = Typed(request.args)
    found = streets.search(db.session(), typed.text("ort"))
    return render_template(
        "places.html", typed=typed, found=found, places=offer(db.session()).neighbourhoods,
        found_words=how_many_found(found) if typed.text("ort") else "", unknown="", topic="")


@pages.get("/hier/<place>")
@pages.get("/hier/<place>/<topic>")
@limiter.limit("240 per minute")
def landing(place: str, topic: str = "") -> Answer:
    """What an Ortsteil (or "ganze-stadt") gets, on all topics or one."""
    session = db.session()
    where = None if place == WHOLE_TOWN else _place(session, place)
    about = _topic(session, topic)
    if place != WHOLE_TOWN and where is None:
        return _unknown_place(session, place, topic if about else "")
    if topic and about is None:
        return _show(where, None, unknown=topic), 404
    proper = url_for("places.landing", place=where.slug if where else place,
                     topic=about.slug if about else None)
    if request.path != urlsplit(proper).path:
        return redirect(proper, 301)
    return _show(where, about)


def _show(where: Neighbourhood | None, about: Topic | None, unknown: str = "") -> str:
    """The page; `unknown` is a topic the link named."""
    session, now = db.session(), utcnow()
    chosen = Chosen((where,) if where else (), (about,) if about else ())
    found = archive.find(session, chosen.search(), LATEST)
    number = estimate.a_month(session, [t.id for t in chosen.topics],
                              [p.id for p in chosen.places], now)
    return render_template(
        "place.html", place=where, topic=about, unknown=unknown[:60], chosen=chosen, now=now,
        place_slug=where.slug if where else WHOLE_TOWN, announcements=found.rows,
        text_of=public.text_of, short_of=short_of, topics=offer(session).topics,
        expectation="" if number is None else estimate.in_words(number))


def _unknown_place(session: Session, place: str, topic: str) -> tuple[str, int]:
    """Say so, and name those that sound like it and all there are."""
    found = streets.search(session, place.replace("-", " "))
    return render_template(
        "places.html", typed=Typed(), found=found, found_words="", unknown=place[:60],
        topic=topic, places=offer(session).neighbourhoods), 404


def _place(session: Session, words: str) -> Neighbourhood | None:
    """The Ortsteil with this slug, or with a name or alias that reads the same."""
    key = folded(words)
    return next((place for place in offer(session).neighbourhoods if words == place.slug
                 or key in {folded(name) for name in (*streets.names(place), place.slug)}), None)


def _topic(session: Session, words: str) -> Topic | None:
    """The topic with this slug, or with a name that reads the same."""
    key = folded(words)
    return next((topic for topic in offer(session).topics if key and key in
                 {folded(topic.slug), folded(topic.name), folded(topic.title(language()))}), None)
