"""A list of announcements for other web sites, shown there in a frame, and the page that
hands out the snippet. The list sets no cookie, runs no script and learns nothing of who reads."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from civic_push.announcements import archive
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.compose import short_of
from civic_push.web import choosing
from civic_push.web.choosing import WHOLE_TOWN, Chosen
from civic_push.web.language import _
from civic_push.web.protection import POLICY, for_everybody, let_be_framed

pages = Blueprint("embed", __name__)

LIFE = 300  # seconds that caches may keep a list
USUAL, MOST = 5, 20  # announcements in a list
COLOURS = ("auto", "hell", "dunkel")


@pages.get("/einbetten")
def overview() -> Response:
    """How to show announcements on a web site of one's own; with a preview."""
    session = db.session()
    found = choosing.chosen(session, request.args)
    single = Chosen(found.places[:1], found.topics[:1], found.unknown)
    response = make_response(render_template(
        "embed.html", chosen=single, count=_count(), colours=_colours(),
        path=_path(single), snippet=_snippet(settings().public_url + _path(single)),
        **choosing.pickable(session)))
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


@pages.get("/einbetten/<ortsteil>")
@pages.get("/einbetten/<ortsteil>/<thema>")
def announcements(ortsteil: str, thema: str = "") -> Response:
    """The list; `ganze-stadt` stands for no Ortsteil. `?anzahl=1…20`, `?farben=hell` or
    `dunkel`, `?sprache=…`."""
    session = db.session()
    found = choosing.named(session, ortsteil, thema)
    tongue, register = choosing.manner(request.args)
    with choosing.speaking(tongue, register):
        rows = archive.find(session, found.search(), _count()).rows
        page = render_template(
            "embedded.html", announcements=[(row, row.text(tongue, register)) for row in rows],
            chosen=found, colours=_colours(), short_of=short_of,
            now=utcnow(), host=urlsplit(settings().public_url).netloc)
    response = for_everybody(let_be_framed(make_response(page)), LIFE)
    response.add_etag()
    return response.make_conditional(request.environ)


def _snippet(address: str) -> str:
    """The line to copy."""
    title = _("Meldungen von %(sender)s", sender=settings().sender)
    return str(Markup(
        '<iframe src="{}" title="{}" width="100%" height="600" loading="lazy" '
        'style="border:0"></iframe>').format(address, title))


def _count() -> int:
    return min(max(1, request.args.get("anzahl", USUAL, type=int)), MOST)


def _colours() -> str:
    wanted = request.args.get("farben", "")
    return wanted if wanted in COLOURS else COLOURS[0]


def _path(chosen: Chosen) -> str:
    """The address of the list that was put together, as short as it can be."""
    place = chosen.places[0].slug if chosen.places else WHOLE_TOWN
    return url_for("embed.announcements", ortsteil=place, **choosing.manner_spoken(),
                   thema=chosen.topics[0].slug if chosen.topics else None,
                   anzahl=_count() if _count() != USUAL else None,
                   farben=_colours() if _colours() != COLOURS[0] else None)
