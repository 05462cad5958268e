"""Idempotency-Key: a request that is sent again is done once and answered twice.

The key is stored in the transaction of the deed itself, so that both are kept or neither; a
second request with it waits for the first (the row is the lock). Only what was done is kept:
after a refusal the same key may be tried again. Keys hold for a day.
"""

from __future__ import annotations

import hashlib

from flask import g, request
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.integrations.models import GivenAnswer
from civic_push.web.api.frame import api, client_here
from civic_push.web.language import _
from civic_push.web.problems import Flaw, Problem, invalid

HEADER = "Idempotency-Key"
_LONGEST = 255


@api.before_request
def say_again() -> Response | None:
    """Answer a request that was answered before; remember one that was not."""
    key, client = request.headers.get(HEADER), client_here()
    if request.method != "POST" or key is None or client is None:
        return None
    if not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
        raise invalid([Flaw(HEADER, _("Der Schlüssel muss 1 bis %(most)s Zeichen haben "
                                      "(ASCII).", most=_LONGEST), parameter=True)])
    digest, client_id = _digest(), client.id
    known = db.session.get(GivenAnswer, (client_id, key))
    if known is None and not _remember(client_id, key, digest):
        known = db.session.get(GivenAnswer, (client_id, key))
    if known is None:
        g.once = (client_id, key)
        return None
    return _again(known, digest)


def _again(known: GivenAnswer, digest: bytes) -> Response:
    if known.request_digest != digest:
        raise Problem(422, "key-reused", _("Dieser Idempotency-Key gehört zu einer anderen "
                                           "Anfrage."),
                      _("Nehmen Sie für jede neue Anfrage einen neuen Schlüssel."))
    if known.status is None:
        raise Problem(409, "key-in-use", _("Eine Anfrage mit diesem Idempotency-Key läuft noch, "
                                           "oder sie ist abgebrochen."),
                      _("Warten Sie kurz. Bleibt es dabei, lesen Sie nach, was daraus wurde."),
                      headers={"Retry-After": "5"})
    answer = Response(known.body, known.status, content_type="application/json")
    for name, value in (("Location", known.location), ("ETag", known.etag)):
        if value:
            answer.headers[name] = value
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _remember(client_id: int, key: str, digest: bytes) -> bool:
    """Claim the key; False where another request was quicker."""
    db.session.add(GivenAnswer(client_id=client_id, key=key, request_digest=digest,
                               created_at=utcnow()))
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


@api.after_request
def keep(response: Response) -> Response:
    """Keep what was answered to what was done; forget the key of what was refused."""
    claimed = g.pop("once", None)
    if claimed is None:
        return response
    client_id, key = claimed
    mine = (GivenAnswer.client_id == client_id, GivenAnswer.key == key)
    db.session.rollback()
    if response.status_code < 300:
        db.session.execute(update(GivenAnswer).where(*mine).values(
            status=response.status_code, body=response.get_data(as_text=True),
            location=response.headers.get("Location", ""),
            etag=response.headers.get("ETag", "")))
    else:
        db.session.execute(delete(GivenAnswer).where(*mine))
    db.session.commit()
    return response


def _digest() -> bytes:
    said = f"{request.method} {request.path}\n".encode() + request.get_data()
    return hashlib.sha256(said).digest()
