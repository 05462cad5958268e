"""For machines that watch over this one: alive, ready, and numbers for Prometheus."""

from __future__ import annotations

import hmac

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from civic_push import metrics
from civic_push.config import settings
from civic_push.db import utcnow
from civic_push.delivery import health

pages = Blueprint("monitoring", __name__)

_LOCAL = ("", "127.0.0.1", "::1")  # "": a Unix socket


@pages.get("/healthz")
def alive() -> Response:
    """200 while this process answers; asks nothing else, so that a database that is away
    restarts no web server."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when messages leave as they should, else 503; as JSON, what is missing."""
    found = health.readiness(utcnow())
    parts = {"database": found.database, "queue": found.queue,
             "transactional": found.transactional, "clock": found.clock}
    return jsonify(parts), 200 if found.whole else 503


@pages.get("/metrics")
def numbers() -> Response:
    """Prometheus' text format (0.0.4), for who brings the token; without a token in the
    settings, for this machine alone."""
    if not _welcome():
        abort(403)
    answer = Response(metrics.text(settings(), utcnow()))
    answer.headers["Content-Type"] = metrics.CONTENT_TYPE
    return answer


def _welcome() -> bool:
    token = settings().metrics_token
    if token:
        brought = request.headers.get("Authorization", "")
        return hmac.compare_digest(brought.encode(), f"Bearer {token}".encode())
    # a proxy on this machine asks for others, and says so
    passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return (request.remote_addr or "") in _LOCAL and not passed_on
