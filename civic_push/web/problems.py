"""Errors as application/problem+json (RFC 9457): one sentence, and what is wrong with which
member (JSON Pointer, RFC 6901) or parameter, in the client's language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.web.language import _

API = "/api/v1"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one thing that was sent. `where` is a JSON Pointer into the body,
    or with `parameter` the name of a query parameter or header."""

    where: str
    detail: str
    parameter: bool = False


@dataclass
class Problem(Exception):
    """Something the API refuses. `code` names the kind in `type`; docs/api.md lists them."""

    status: int
    code: str
    title: str
    detail: str = ""
    flaws: list[Flaw] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


def is_api() -> bool:
    """Whether it is a program of the API's that asks."""
    return request.path == API or request.path.startswith(f"{API}/")


def say(problem: Problem) -> Response:
    """A problem as it goes over the wire."""
    body: dict[str, Any] = {
        "type": f"{settings().public_url}{API}/#{problem.code}", "title": problem.title,
        "status": problem.status, "instance": request.path}
    if problem.detail:
        body["detail"] = problem.detail
    if problem.flaws:
        body["errors"] = [
            {"parameter" if flaw.parameter else "pointer": flaw.where, "detail": flaw.detail}
            for flaw in problem.flaws]
    answer = Response(json.dumps(body, ensure_ascii=False), problem.status,
                      dict(problem.headers), content_type=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def of(error: HTTPException) -> Response:
    """What Werkzeug, webargs or the rate limits refused, as a problem."""
    status = error.code or 500
    messages = (getattr(error, "data", None) or {}).get("messages")
    if status == 422 and isinstance(messages, Mapping):
        return say(invalid(list(_flaws(messages))))
    title, detail = _words(status)
    headers = {name: value for name, value in error.get_headers()
               if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    return say(Problem(status, f"http-{status}", title, detail, headers=headers))


def crash() -> Response:
    """A defect of ours."""
    title, detail = _words(500)
    return say(Problem(500, "http-500", title, detail))


def invalid(flaws: list[Flaw]) -> Problem:
    """What was sent cannot be used as it is."""
    return Problem(422, "invalid", _("Einige Angaben stimmen nicht."),
                   _("Ändern Sie, was unter „errors“ steht, und senden Sie noch einmal."), flaws)


def missing() -> Problem:
    """There is no such thing, or not for whoever asks."""
    return Problem(404, "http-404", *_words(404))


def _flaws(messages: Mapping[str, Any]) -> Iterator[Flaw]:
    """marshmallow's nested messages, one by one. The first level is where webargs looked."""
    for location, found in messages.items():
        if location == "json":
            yield from _pointed(found, "")
        else:
            for name, said in found.items():
                for flaw in _pointed(said, ""):
                    yield Flaw(str(name), flaw.detail, parameter=True)


def _pointed(found: Any, pointer: str) -> Iterator[Flaw]:
    if isinstance(found, Mapping):
        for key, inner in found.items():
            step = "" if key == "_schema" else f"/{_escaped(str(key))}"
            yield from _pointed(inner, pointer + step)
    else:
        for said in found if isinstance(found, list) else [found]:
            yield Flaw(pointer, str(said))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _words(status: int) -> tuple[str, str]:
    known = {
        400: (_("Das ist kein gültiges JSON."),
              _("Prüfen Sie den Inhalt der Anfrage; er muss UTF-8 sein.")),
        404: (_("Das gibt es nicht."), _("Prüfen Sie die Adresse.")),
        405: (_("Diese Methode gibt es hier nicht."),
              _("Der Header „Allow“ nennt, welche es gibt.")),
        413: (_("Das waren zu viele Daten auf einmal."), _("Kürzen Sie die Anfrage.")),
        415: (_("Dieses Format wird nicht gelesen."),
              _("Senden Sie JSON mit „Content-Type: application/json“.")),
        421: (_("Unter dieser Adresse gibt es die Schnittstelle nicht."),
              _("Gehen Sie zu %(address)s", address=settings().public_url)),
        429: (_("Das waren zu viele Anfragen in kurzer Zeit."),
              _("Der Header „Retry-After“ nennt, wie viele Sekunden Sie warten müssen.")),
        503: (_("Das geht gerade nicht."), _("Versuchen Sie es in einigen Minuten noch einmal.")),
    }
    if status in known:
        return known[status]
    if status < 500:
        return _("Das hat der Server nicht verstanden."), _("Prüfen Sie die Anfrage.")
    return (_("Bei uns ist ein Fehler aufgetreten."),
            _("Er wurde aufgezeichnet. Versuchen Sie es in einigen Minuten noch einmal."))
