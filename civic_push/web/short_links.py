"""Short addresses of announcements, for SMS: /m/7k, and /e/7k in Einfache Sprache.

The code is the announcement's number, so nothing is stored, and nobody's click is told from
anybody else's. (deploy/nginx.conf keeps no access log, and gunicorn writes none.)
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.wording.addresses import id_of, page_url
from subscriptions.models import Register

pages = Blueprint("short_links", __name__)


@pages.get("/m/<code>", defaults={"register": Register.STANDARD})
@pages.get("/e/<code>", defaults={"register": Register.PLAIN})
def follow(code: str, register: Register) -> Response:
    """Lead to the announcement's page, which says so itself where there is none."""
    number = id_of(code)
    if number is None:
        abort(404)
    answer = redirect(page_url(settings(), number, register=register), 302)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
