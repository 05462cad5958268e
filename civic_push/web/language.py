"""Which language a page speaks, and how it says dates."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask_babel import Babel, format_datetime, get_locale, gettext
from werkzeug.wrappers import Response

from civic_push.web.protection import without_token

LANGUAGES = {"de": "Deutsch", "en": "English"}
"""The pages' languages by code, each in its own words."""

pages = Blueprint("language", __name__)


def init_language(app: Flask) -> None:
    """Join Flask-Babel, the language switch and the template filter `moment`."""
    Babel(app, default_locale="de", default_timezone="Europe/Berlin", locale_selector=_select)
    app.register_blueprint(pages)
    app.add_template_filter(moment)
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES})


def _(text: str, **values: object) -> str:
    """A German sentence in the page's language; gettext with a type."""
    return str(gettext(text, **values))


def language() -> str:
    """The language of the page being made: "de" or "en"."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else "de"


def moment(when: datetime, part: str = "both") -> str:
    """A time on the town's clocks; `part` is "both" or "date"."""
    german = language() == "de"
    pattern = "d. MMMM y" if german else "d MMMM y"
    if part == "both":
        pattern += ", H:mm 'Uhr'" if german else ", H:mm"
    return str(format_datetime(when, pattern))


@pages.post("/sprache")
@without_token  # it changes nothing but words, and readers need no session for a token
def switch() -> Response:
    """Remember a language and return to the page the visitor came from."""
    wanted = request.form.get("sprache", "")
    if wanted in LANGUAGES:
        session["language"] = wanted
    return redirect(_own_path(request.form.get("weiter", "/")), 303)


def _own_path(path: str) -> str:
    """A path on this site, whatever the form said."""
    safe = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if safe and "\\" not in path else "/"


def _select() -> str | None:
    """`?sprache=en` for this page only, else what the visitor chose, else the browser's."""
    if not has_request_context():
        return None
    for wanted in (request.args.get("sprache"), session.get("language")):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES, default="de")
