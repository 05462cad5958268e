"""Sources: the places whose news the town passes on."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from civic_push.db import db, utcnow
from civic_push.intake import adding, checking, wording
from civic_push.intake.adding import AlreadyThere, NewSource, OwnPages
from civic_push.intake.models import Source
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.web.api import reading, schemas, schemas_in, shown
from civic_push.web.api.frame import ID, client, note, operation
from civic_push.web.language import _
from civic_push.web.problems import Flaw, Problem, invalid, missing
from content_sources.entry import Unreadable
from content_sources.fetch import FetchError
from subscriptions.models import Neighbourhood, Topic

_TAG = "sources"


@operation("GET", "/sources", _TAG, needs=Scope.SOURCES, gives=schemas.Sources)
def list_sources() -> dict[str, Any]:
    """List the sources"""
    rows = db.session.scalars(select(Source).order_by(Source.name, Source.id).options(
        selectinload(Source.topics), selectinload(Source.neighbourhoods)))
    return {"items": [_shown(row) for row in rows]}


@operation("POST", "/sources", _TAG, needs=Scope.SOURCES, status=201, gives=schemas.Source,
           takes=schemas_in.SourceIn, problems=(409,))
def add_source(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a place from now on

    It is read at once; what it holds today is announced to nobody."""
    new = _read(body)
    try:
        source, count = adding.add(db.session(), new, utcnow())
    except AlreadyThere as error:
        raise Problem(409, "known", _("Diese Quelle wird schon gelesen."),
                      _("Es ist Quelle %(number)s.", number=error.source.id)) from error
    except OwnPages as error:
        raise invalid([Flaw("/url", _(
            "Das ist unsere eigene Seite: Ihre Meldungen kämen immer wieder. Nehmen Sie die "
            "Adresse einer anderen Stelle."))]) from error
    except (FetchError, Unreadable) as error:
        db.session.rollback()
        raise invalid([Flaw("/url", _(wording.sentence(error)))]) from error
    note("source.added", ("source", source.id), None, {"url": source.url, "entries": count})
    db.session.commit()
    return _shown(source), {"Location": url_for("api.list_sources")}


@operation("POST", f"/sources/{ID}/check", _TAG, needs=Scope.SOURCES, gives=schemas.Checked,
           problems=(404, 409))
def check_source(number: int) -> dict[str, Any]:
    """Look at a source now"""
    source = db.session.get(Source, number)
    if source is None:
        raise missing()
    _within(source)
    db.session.commit()  # no open transaction while we talk to a server
    found = checking.check(db.session(), number, utcnow())
    source = db.session.get(Source, number)
    if found is None or source is None:
        raise Problem(409, "inactive", _("Diese Quelle ist abgeschaltet."))
    return {"source": _shown(source), "found": found.stored.new,
            "error": _(wording.sentence(found.error)) if found.error else ""}


def _read(body: dict[str, Any]) -> NewSource:
    topics = reading.chosen(Topic, body["topics"], "topics")
    places = reading.chosen(Neighbourhood, body["neighbourhoods"], "neighbourhoods")
    if not topics:
        raise invalid([Flaw("/topics", _("Bitte wählen Sie mindestens ein Thema."))])
    reading.within(client().staff, [t.id for t in topics], [n.id for n in places])
    if body["publish"] and Scope.PUBLISH not in clients.scopes_of(client()):
        raise Problem(403, "scope", _("Dieses Token darf das nicht."),
                      _("Es fehlt: %(scope)s", scope=Scope.PUBLISH.value))
    return NewSource(body["url"], body["name"], tuple(topics), tuple(places),
                     body["interval_minutes"], body["publish"], body["titles_only"],
                     body["kind"])


def _within(source: Source) -> None:
    reading.within(client().staff, [t.id for t in source.topics],
                   [n.id for n in source.neighbourhoods])


def _shown(source: Source) -> dict[str, Any]:
    last = _(source.last_error) if source.last_error else ""
    return {**shown.source(source), "last_error": last}
