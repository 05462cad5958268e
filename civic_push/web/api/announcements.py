"""Announcements: reading, writing, and letting them out."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from civic_push.announcements import archive, publishing
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
)
from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.staff import roles
from civic_push.staff.roles import Can
from civic_push.web.api import cursors, reading, refusals, schemas, schemas_in, shown
from civic_push.web.api.frame import ID, client, client_here, note, operation
from civic_push.web.api.storing import store
from civic_push.web.desk.writing import forms
from civic_push.web.language import _
from civic_push.web.problems import Flaw, Problem, invalid, missing
from subscriptions.models import Neighbourhood, Topic

_TAG = "announcements"
Answer = tuple[dict[str, Any], dict[str, str]]


@operation("GET", "/announcements", _TAG, needs=None, gives=schemas.Announcements,
           query=schemas_in.AnnouncementQuery, problems=(401, 422))
def list_announcements(query: dict[str, Any]) -> dict[str, Any]:
    """List announcements, newest first

    Without a token, what is published and not replaced by something newer."""
    cursor = query.pop("cursor", None)
    of = {name: value for name, value in query.items() if name != "limit"}
    after = cursors.read(cursor, of) if cursor else None
    if query["state"] == AnnouncementState.PUBLISHED:
        rows, more = _published(query, after)
    elif sees_all():
        rows, more = _unpublished(query, after)
    else:
        raise Problem(401, "token", _("Ohne Token ist nur lesbar, was veröffentlicht ist."),
                      headers={"WWW-Authenticate": "Bearer"})
    return {"items": shown.announcements(rows),
            "next": cursors.write(rows[-1].id, of) if more else None}


@operation("POST", "/announcements", _TAG, needs=Scope.WRITE, status=201,
           gives=schemas.Announcement, takes=schemas_in.AnnouncementIn)
def create_announcement(body: dict[str, Any]) -> Answer:
    """Store a new draft"""
    written, now = reading.written(body), utcnow()
    if flaws := reading.flaws(body, written, now, ready=False):
        raise invalid(flaws)
    staff = client().staff
    reading.within(staff, written.topics, written.neighbourhoods)
    draft = reading.timed(forms.to_draft(written, staff.id), body)
    return answer(store(written, draft, now), created=True)


@operation("POST", "/announcements/validate", _TAG, needs=Scope.WRITE, gives=schemas.Verdict,
           takes=schemas_in.AnnouncementIn)
def validate_announcement(body: dict[str, Any]) -> dict[str, Any]:
    """Say what publishing this would meet

    Stores nothing."""
    written = reading.written(body)
    reading.within(client().staff, written.topics, written.neighbourhoods)
    flaws = reading.flaws(body, written, utcnow(), ready=True)
    reached = publishing.audience(db.session(), written.topics, written.neighbourhoods)
    return {"ready": not flaws, "errors": [{"pointer": f.where, "detail": f.detail}
                                           for f in flaws],
            "inboxes": {name: shown.few(count) for name, count in sorted(reached.items())}}


@operation("GET", f"/announcements/{ID}", _TAG, needs=None, gives=schemas.Announcement,
           problems=(401, 404))
def read_announcement(number: int) -> Answer:
    """Read one announcement"""
    row = stored(number)
    if row is None or (row.state != AnnouncementState.PUBLISHED and not sees_all()):
        raise missing()
    return answer(number)


@operation("PUT", f"/announcements/{ID}", _TAG, needs=Scope.WRITE, gives=schemas.Announcement,
           takes=schemas_in.AnnouncementIn, problems=(404, 409, 412, 428))
def replace_announcement(body: dict[str, Any], number: int) -> Answer:
    """Replace a draft

    Needs If-Match with the ETag of what is replaced."""
    row = wanted(number, Can.WRITE)
    if not request.if_match:
        raise Problem(428, "if-match", _("Hier fehlt der Header „If-Match“."),
                      _("Lesen Sie die Meldung und senden Sie ihr ETag mit."))
    if row.kind != AnnouncementKind.ORIGINAL:
        raise Problem(409, "follow-up", _("Ein Entwurf, der einer Meldung folgt, kann hier "
                                          "nicht geändert werden."),
                      _("Löschen Sie ihn und legen Sie ihn neu an."))
    written, now = reading.written(body, forms.show(row)), utcnow()
    if flaws := reading.flaws(body, written, now, ready=False):
        raise invalid(flaws)
    staff = client().staff
    reading.within(staff, written.topics, written.neighbourhoods)
    draft = reading.timed(forms.to_draft(written, staff.id, row), body)
    return answer(store(written, draft, now, row))


@operation("DELETE", f"/announcements/{ID}", _TAG, needs=Scope.WRITE, status=204,
           problems=(404, 409, 412))
def dismiss_announcement(number: int) -> None:
    """Put a draft aside

    The desk can fetch it back."""
    wanted(number, Can.WRITE)
    db.session.execute(update(Announcement).where(Announcement.id == number)
                       .values(state=AnnouncementState.DISMISSED))
    note("announcement.moved", ("announcement", number), None, AnnouncementState.DISMISSED)
    db.session.commit()


def answer(number: int, created: bool = False) -> Answer:
    """An announcement and its ETag; for a new one its address."""
    row = stored(number)
    assert row is not None
    told = shown.announcement(row)
    headers = {"ETag": shown.etag(told)}
    if created:
        headers["Location"] = url_for("api.read_announcement", number=number)
    return told, headers


def allow(ability: Can, row: Announcement) -> None:
    """Raise Problem where an announcement lies outside a client's limits."""
    if roles.may(client().staff, ability, row):
        return
    reading.within(client().staff, [t.id for t in row.topics],
                   [n.id for n in row.neighbourhoods])
    raise Problem(403, "scope", _("Dieses Token darf das nicht."))


def wanted(number: int, ability: Can, states: tuple[AnnouncementState, ...] = OPEN
           ) -> Announcement:
    """The announcement that is going to be changed, its row held. Raises Problem where there
    is none, it lies outside a client's limits, is in another state or has changed."""
    row = db.session.get(Announcement, number, with_for_update=True)
    if row is None:
        raise missing()
    allow(ability, row)
    if request.if_match and not request.if_match.contains(
            shown.etag(shown.announcement(row)).strip('"')):
        raise Problem(412, "changed", _("Die Meldung wurde inzwischen geändert."),
                      _("Lesen Sie sie noch einmal und senden Sie das neue ETag mit."))
    if row.state not in states:
        raise refusals.settled(row)
    return row


def sees_all() -> bool:
    """Whether whoever asks may see what is not published."""
    found = client_here()
    return found is not None and bool(
        clients.scopes_of(found) & {Scope.READ, Scope.WRITE, Scope.PUBLISH})


def stored(number: int) -> Announcement | None:
    """The announcement as the database has it now."""
    return db.session.get(Announcement, number, populate_existing=True)


def _published(query: dict[str, Any], after: int | None) -> tuple[list[Announcement], bool]:
    places, topics = (
        _slug(query, Neighbourhood, "neighbourhood"), _slug(query, Topic, "topic"))
    found = archive.find(db.session(), archive.Search(places, topics, query["words"]),
                         query["limit"], older_than=after)
    return list(found.rows), found.older is not None


def _slug(query: dict[str, Any], kind: type[Topic] | type[Neighbourhood], name: str
          ) -> tuple[int, ...]:
    if name not in query:
        return ()
    number = db.session.scalar(select(kind.id).where(kind.slug == query[name]))
    if number is None:
        raise invalid([Flaw(name, _("„%(slug)s“ gibt es nicht.", slug=query[name]),
                            parameter=True)])
    return (number,)


def _unpublished(query: dict[str, Any], after: int | None) -> tuple[list[Announcement], bool]:
    chosen = select(Announcement).where(Announcement.state == query["state"])
    if after is not None:
        chosen = chosen.where(Announcement.id < after)
    rows = db.session.scalars(chosen.order_by(Announcement.id.desc()).limit(query["limit"] + 1)
                              .options(selectinload(Announcement.texts),
                                       selectinload(Announcement.topics),
                                       selectinload(Announcement.neighbourhoods))).all()
    return list(rows[:query["limit"]]), len(rows) > query["limit"]
