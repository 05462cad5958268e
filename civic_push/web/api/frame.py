"""What all operations of the API share: who may come in, and how an operation is declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import marshmallow as ma
from flask import Blueprint, abort, current_app, g, request
from flask_smorest import Blueprint as Described
from sqlalchemy import update
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.integrations.models import Client
from civic_push.staff import trail
from civic_push.web.language import _
from civic_push.web.problems import API, Problem, say
from civic_push.web.protection import csrf, limiter, network

HOST_CLIENT = "civic_push.client"  # in the WSGI environment, where no request can put it
MOST_BYTES = 1_000_000  # all texts in all languages, even where JSON spells letters as \u…
_PER_CLIENT, _PER_NETWORK = "600 per minute", "120 per minute"
ID = "<int(max=999999999999):number>"  # longer numbers would not fit the database's integers

described: Any = Described("api", __name__, url_prefix=API)
api: Blueprint = described  # what Flask knows of it has types
csrf.exempt(api)  # no cookie speaks for a client: nobody can make a browser ask in its name
api.register_error_handler(Problem, say)

_View = TypeVar("_View", bound=Callable[..., Any])


def operation(method: str, rule: str, tag: str, *, needs: Scope | None, status: int = 200,
              gives: type[ma.Schema] | ma.Schema | None = None,
              takes: type[ma.Schema] | None = None, query: type[ma.Schema] | None = None,
              problems: Sequence[int] = ()) -> Callable[[_View], _View]:
    """Declare one operation: its address, the scope it needs (None: open to everybody), what
    it takes and gives, and with which errors besides the common ones it may refuse."""
    def declare(view: _View) -> _View:
        done: Any = view
        if takes is not None:
            done = described.arguments(takes, location="json")(done)
        if query is not None:
            done = described.arguments(query, location="query")(done)
        done = described.response(status, gives)(done)
        done.needs, done.problems = needs, tuple(problems)
        described.route(rule, methods=[method], tags=[tag])(done)
        return view
    return declare


@api.before_request
def come_in() -> None:
    """Refuse strangers where a token is needed, and clients that may not do this."""
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)
    view: Any = current_app.view_functions[request.endpoint or ""]
    needed: Scope | None = view.needs
    client = client_here()
    if client is None and ("Authorization" in request.headers or needed is not None):
        raise Problem(401, "token", _("Hier ist ein gültiges Token nötig."),
                      _("Senden Sie „Authorization: Bearer …“. Wer die Schnittstelle verwaltet, "
                        "gibt Ihnen ein neues."), headers={"WWW-Authenticate": "Bearer"})
    if needed is not None and client is not None and needed not in clients.scopes_of(client):
        raise Problem(403, "scope", _("Dieses Token darf das nicht."),
                      _("Es fehlt: %(scope)s", scope=needed.value))
    if request.method in ("POST", "PUT") and request.content_length and not request.is_json:
        raise Problem(415, "http-415", _("Dieses Format wird nicht gelesen."),
                      _("Senden Sie JSON mit „Content-Type: application/json“."))


def client_here() -> Client | None:
    """The client that asks, found once for each request."""
    if "api_client" not in g:
        g.api_client = _found(utcnow())
    found: Client | None = g.api_client
    return found


def client() -> Client:
    """The client that asks, where a scope was needed."""
    found = client_here()
    assert found is not None, "come_in lets only clients in"
    return found


def note(action: str, object_: tuple[str, object], before: object = None,
         after: object = None) -> None:
    """Write what the client does into the trail, in the open transaction."""
    trail.record(db.session(), client().staff, action, object_, before, after)


def _found(now: datetime) -> Client | None:
    if number := request.environ.get(HOST_CLIENT):
        return clients.by_number(db.session(), int(number))
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        return None
    return clients.by_token(db.session(), sent.token, now)


def _caller() -> str:
    """Whom the rate limit counts: a client by number, a stranger by network."""
    found = client_here()
    return f"api client {found.id}" if found else network()


limiter.limit(lambda: _PER_CLIENT if client_here() else _PER_NETWORK, key_func=_caller)(api)


@api.after_request
def finish(response: Response) -> Response:
    """Rate limit and cache headers, and when a client was last heard of."""
    if (limit := limiter.current_limit) is not None:
        seconds = max(0, int(limit.reset_at - utcnow().timestamp()) + 1)
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(0, limit.remaining))
        response.headers["RateLimit-Reset"] = str(seconds)
        if response.status_code == 429:
            response.headers["Retry-After"] = str(seconds)
    if client_here() is None and request.method == "GET" and response.status_code == 200:
        # public by nature, and no cookie counts here: any page may read it
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers.setdefault("Cache-Control", "public, max-age=60")
    response.headers.setdefault("Cache-Control", "no-store")
    if request.method == "GET" and "ETag" in response.headers:
        response.make_conditional(request)
    response.vary.update(("Authorization", "Accept-Language"))
    _note_presence()
    return response


def _note_presence() -> None:
    found, now = client_here(), utcnow()
    if found is None or (found.used_at and now - found.used_at < clients.NOTED_EVERY):
        return
    number = found.id
    db.session.rollback()  # what was to be kept has been committed
    with db.engine.begin() as connection:  # one statement: it may wait for its turn
        connection.execute(update(Client).where(Client.id == number).values(used_at=now))
