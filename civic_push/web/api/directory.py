"""What there is to choose from, and who asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from civic_push.db import db
from civic_push.integrations import clients
from civic_push.web.api import schemas, shown
from civic_push.web.api.frame import client_here, operation
from civic_push.web.language import _, language
from civic_push.web.problems import Problem
from subscriptions.models import Neighbourhood, Topic

_TAG = "directory"


@operation("GET", "/topics", _TAG, needs=None, gives=schemas.Topics, problems=(401,))
def list_topics() -> dict[str, Any]:
    """List the topics one can choose, in the reader's language"""
    rows = db.session.scalars(select(Topic).where(Topic.retired_at.is_(None))
                              .order_by(Topic.position, Topic.name))
    return {"items": [{"slug": row.slug, "name": row.title(language()),
                       "description": row.about(language())} for row in rows]}


@operation("GET", "/neighbourhoods", _TAG, needs=None, gives=schemas.Neighbourhoods,
           problems=(401,))
def list_neighbourhoods() -> dict[str, Any]:
    """List the Ortsteile"""
    return {"items": db.session.scalars(
        select(Neighbourhood).order_by(Neighbourhood.name)).all()}


@operation("GET", "/client", _TAG, needs=None, gives=schemas.Myself, problems=(401,))
def read_client() -> dict[str, Any]:
    """Say who the token speaks for, and what it may do"""
    found = client_here()
    if found is None:
        raise Problem(401, "token", _("Hier ist ein gültiges Token nötig."),
                      headers={"WWW-Authenticate": "Bearer"})
    return {"name": found.name, "scopes": sorted(clients.scopes_of(found)),
            "topics": [t.slug for t in found.staff.topics],
            "neighbourhoods": [n.slug for n in found.staff.neighbourhoods],
            "expires_at": shown.utc(found.expires_at)}
