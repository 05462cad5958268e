"""Things to print: sign-up posters and notice-board sheets, and the page that lists them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.languages import LANGUAGES
from civic_push.print import composing, notice_sheet
from civic_push.print.notice_sheet import Reader, Week
from civic_push.print.poster import poster
from civic_push.web import choosing
from civic_push.web.choosing import WHOLE_TOWN, Chosen, midnight
from civic_push.web.forms import ways
from civic_push.web.language import _
from civic_push.web.protection import for_everybody, limiter
from subscriptions.models import Register
from subscriptions.timing import TOWN_TIME

pages = Blueprint("prints", __name__)

LIFE = 600  # seconds that caches may keep a PDF, and that "Stand" is rounded to
PRINTABLE = tuple(code for code in LANGUAGES if code != "ar")
"""Languages the fonts at hand can set; a print in another is German."""


@pages.get("/aushang")
def overview() -> str:
    """Everything there is to print, for people who put up notices. `?woche=2026-W47`."""
    week, unreadable = _asked_week()
    around = {"before": _words(_week_of(week.monday - timedelta(days=7))),
              "after": _words(_week_of(week.monday + timedelta(days=7)))}
    return render_template(
        "print.html", places=[(WHOLE_TOWN, _("Ganze Stadt")),
                              *choosing.pickable(db.session())["places"]],
        week=week, words=_words(week), around=around, unreadable=unreadable)


@pages.get("/aushang/anmelden/<ortsteil>.pdf")
@limiter.limit("120 per hour; 20 per minute")
def sign_up_poster(ortsteil: str) -> Response:
    """The A4 poster of an Ortsteil, or of `ganze-stadt`."""
    reader = _reader(choosing.named(db.session(), ortsteil))
    with choosing.speaking(reader.language, reader.register):
        values = poster(settings(), reader.place, reader.slug, ways(), reader.language)
    return _pdf("poster", values, _rounded(utcnow(), 86_400), f"plakat-{ortsteil}")


@pages.get("/aushang/<ortsteil>/diese-woche.pdf")
def this_week(ortsteil: str) -> Response:
    """Leads to the present week's sheet, whose name says the week."""
    week = _week_of(_today())
    return redirect(url_for("prints.sheet", ortsteil=ortsteil, year=week.year, week=week.number,
                            **choosing.manner_spoken()))


@pages.get("/aushang/<ortsteil>/<int(fixed_digits=4):year>-W<int(fixed_digits=2):week>.pdf")
@limiter.limit("240 per hour; 40 per minute")
def sheet(ortsteil: str, year: int, week: int) -> Response:
    """The notice-board sheet of an Ortsteil (or `ganze-stadt`) and ISO week;
    `?sprache=einfach` in plain language."""
    of = _week(year, week)
    if of is None:
        abort(404)
    found, now = choosing.named(db.session(), ortsteil), _rounded(utcnow(), LIFE)
    reader = _reader(found)
    with choosing.speaking(reader.language, reader.register):
        rows = notice_sheet.of_week(db.session(), found.search().places, of, now)
        values = notice_sheet.notice_sheet(settings(), reader, of, rows, now)
    return _pdf("notice", values, now, f"aushang-{ortsteil}-{year}-W{week:02}")


def _pdf(template: str, values: dict[str, object], now: datetime, name: str) -> Response:
    """A PDF that browsers show and save under a telling name."""
    db.session.rollback()  # nothing more to read, and composing takes its time
    response = Response(composing.compose(template, values, now), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response.add_etag()
    for_everybody(response, LIFE)
    return response.make_conditional(request.environ)


def _reader(found: Chosen) -> Reader:
    tongue, register = choosing.manner(request.args)
    if tongue not in PRINTABLE:
        tongue, register = "de", Register.STANDARD
    place = found.places[0] if found.places else None
    return Reader(place.name if place else "", place.slug if place else "", tongue, register)


def _today() -> date:
    return utcnow().astimezone(TOWN_TIME).date()


def _rounded(when: datetime, seconds: int) -> datetime:
    """The last full span of so many seconds, so that what is composed within it is the same."""
    return datetime.fromtimestamp(int(when.timestamp()) // seconds * seconds, TOWN_TIME)


def _week_of(day: date) -> Week:
    year, number, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return Week(year, number, monday, midnight(monday), midnight(monday + timedelta(days=7)))


def _week(year: int, number: int) -> Week | None:
    """An ISO week; None for one that does not exist, or not in this century."""
    try:
        return _week_of(date.fromisocalendar(year, number, 1)) if 2000 <= year <= 2100 else None
    except ValueError:
        return None


def _words(week: Week) -> str:
    """How an address writes a week: 2026-W47, as browsers' week fields do."""
    return f"{week.year}-W{week.number:02}"


def _asked_week() -> tuple[Week, bool]:
    """The week of `?woche=`, or the present one; and whether what was asked for is none."""
    text = request.args.get("woche", "")
    written = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text)
    asked = _week(int(written[1]), int(written[2])) if written else None
    return asked or _week_of(_today()), bool(text) and asked is None
