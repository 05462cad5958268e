"""Which language a page speaks, and how it says dates.

A page speaks one of CHOICES: a language, or German in the words of Einfache Sprache. It takes,
in this order: `?sprache=…` (its links then go on in that language), what the visitor chose
before, how the resident whose signed link it is wants to be written to, the browser's wish.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Flask, current_app, g, has_request_context, redirect, request
from flask_babel import format_date, format_time, get_babel, get_locale, gettext, refresh
from markupsafe import Markup
from werkzeug.wrappers import Response

from channels.base import direction_of
from civic_push.languages import EASY, LANGUAGES, locale_of
from civic_push.web.protection import without_token
from subscriptions.models import Register

PLAIN = "einfach"
CHOICES = {"de": "Deutsch", PLAIN: "Einfache Sprache",
           **{code: name for code, name in LANGUAGES.items() if code != "de"}}
"""What pages can speak: code → its name in its own words."""
DESK_CHOICES = {code: CHOICES[code] for code in ("de", "en")}
"""What the editors' desk can speak."""

_COOKIE = "sprache"
_COOKIE_LIFE = 365 * 86_400  # seconds
# links to these are the same for everybody
_ONE_FOR_ALL = ("static", "language.", "push.", "desk.", "security.")

pages = Blueprint("language", __name__)


def init_language(app: Flask) -> None:
    """Join the choice of a page's language, its switch and the filters `moment` and `bdi`."""
    get_babel(app).locale_selector = _select
    app.register_blueprint(pages)
    app.add_template_filter(moment)
    app.add_template_filter(isolated, "bdi")
    app.url_defaults(_keep_asked_for)
    app.context_processor(lambda: {
        "language": language(), "direction": direction_of(language()), "choice": _choice(),
        "choices": _offered(), "languages": LANGUAGES})


def _(text: str, **values: object) -> str:
    """A German sentence in the page's language; gettext with a type."""
    return str(gettext(text, **values))


def language() -> str:
    """The language of the page being made, one of LANGUAGES; German for Einfache Sprache."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else "de"


def register() -> Register:
    """Whether the page being made speaks Einfache Sprache."""
    return Register.PLAIN if str(get_locale()) == EASY else Register.STANDARD


def follow(reader_language: str, reader_register: str) -> None:
    """Speak as the resident wants to be written to, whose signed link opened this page.
    What the visitor chose on the pages themselves goes first."""
    plain = reader_language == "de" and reader_register == Register.PLAIN
    g.reader = PLAIN if plain else reader_language
    refresh()


def moment(when: datetime, part: str = "both") -> str:
    """A time on the town's clocks, as CLDR writes it; `part` is "both", "date" or "time"."""
    if part == "date":
        return str(format_date(when, "long"))
    time = str(format_time(when, "short"))
    if part == "time":
        return _("%(time)s Uhr", time=time)
    return _("%(date)s, %(time)s Uhr", date=format_date(when, "long"), time=time)


def isolated(name: object) -> Markup:
    """A name kept from turning the words around it, where both directions meet."""
    return Markup("<bdi>{}</bdi>").format(name)


@pages.post("/sprache")
@without_token  # it changes nothing but words, and readers need no session for a token
def switch() -> Response:
    """Remember a language and return to the page the visitor came from."""
    answer = redirect(_own_path(request.form.get("weiter", "/")), 303)
    wanted = request.form.get("sprache", "")
    if wanted in CHOICES:
        answer.set_cookie(
            _COOKIE, wanted, max_age=_COOKIE_LIFE, samesite="Lax", httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"])
    return answer


def _own_path(path: str) -> str:
    """A path on this site, whatever the form said, without the language it asked for."""
    safe = path.startswith("/") and not path.startswith("//") and path.isprintable()
    if not safe or "\\" in path:
        return "/"
    parts = urlsplit(path)
    kept = urlencode([p for p in parse_qsl(parts.query) if p[0] != "sprache"])
    return parts._replace(query=kept, fragment="").geturl()


def _select() -> str | None:
    """The page's locale; None outside of pages."""
    if not has_request_context():
        return None
    choice = _choice()
    return EASY if choice == PLAIN else locale_of(choice)


def _choice() -> str:
    """Which of CHOICES the page speaks."""
    offered = _offered()
    for wanted in (_asked_for(), request.cookies.get(_COOKIE), g.get("reader")):
        if wanted in offered:
            return str(wanted)
    # not best_match(): it takes English at 0.3 before Arabic where the browser says ar-SY
    wishes = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((code for code in wishes if code in offered and code in LANGUAGES), "de")


def _offered() -> dict[str, str]:
    return DESK_CHOICES if request.path.startswith("/redaktion") else CHOICES


def _asked_for() -> str | None:
    return request.args.get("sprache")


def _keep_asked_for(endpoint: str, values: dict[str, Any]) -> None:
    """Let the links of a page that was asked for in a language lead on in it."""
    wanted = _asked_for() if has_request_context() else None
    if wanted in CHOICES and not endpoint.startswith(_ONE_FOR_ALL):
        values.setdefault("sprache", wanted)
