"""Letting announcements out, and what becomes of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from civic_push.announcements import approval, following
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.db import db, utcnow
from civic_push.delivery import progress
from civic_push.delivery.models import State
from civic_push.integrations.clients import Scope
from civic_push.staff.roles import Can
from civic_push.web.api import reading, refusals, schemas, schemas_in, shown
from civic_push.web.api.announcements import Answer, allow, answer, stored, wanted
from civic_push.web.api.frame import ID, client, operation
from civic_push.web.desk.writing import forms
from civic_push.web.language import _
from civic_push.web.problems import Flaw, invalid, missing

_TAG = "announcements"


@operation("POST", f"/announcements/{ID}/submit", _TAG, needs=Scope.WRITE,
           gives=schemas.Announcement, takes=schemas_in.SubmissionIn, problems=(404, 409, 412))
def submit_announcement(body: dict[str, Any], number: int) -> Answer:
    """Ask a person at the desk to let it out"""
    row, now = wanted(number, Can.WRITE), utcnow()
    _check_ready(row, body["at"], now)
    with refusals.said():
        approval.submit(db.session(), client().staff, row, now, at=body["at"],
                        comment=forms.clean(body["comment"]), told=_told(row))
    db.session.commit()
    return answer(number)


@operation("POST", f"/announcements/{ID}/publish", _TAG, needs=Scope.PUBLISH,
           gives=schemas.Announcement, takes=schemas_in.PublicationIn, problems=(404, 409, 412))
def publish_announcement(body: dict[str, Any], number: int) -> Answer:
    """Let it out

    Where a second person is needed the answer is 409: submit it then. For some seconds it is
    `scheduled`, in which the desk, or take-back, can stop it."""
    row, now = wanted(number, Can.PUBLISH), utcnow()
    _check_ready(row, body["at"], now)
    with refusals.said():
        approval.release(db.session(), client().staff, row, now, at=body["at"], told=_told(row))
    return answer(number)


@operation("POST", f"/announcements/{ID}/take-back", _TAG, needs=Scope.WRITE,
           gives=schemas.Announcement, problems=(404, 409, 412))
def take_back_announcement(number: int) -> Answer:
    """Make what waits for approval or its time a draft again"""
    row = wanted(number, Can.WRITE, approval.UNDER_WAY)
    with refusals.said():
        approval.take_back(db.session(), client().staff, row, utcnow())
    db.session.commit()
    return answer(number)


@operation("GET", f"/announcements/{ID}/status", _TAG, needs=Scope.READ, gives=schemas.Status,
           problems=(404,))
def read_status(number: int) -> dict[str, Any]:
    """Count the deliveries by channel and state"""
    row = stored(number)
    if row is None:
        raise missing()
    told = {"id": number, "state": str(row.state), "published_at": shown.utc(row.published_at)}
    found = progress.watched(db.session(), number, utcnow())
    begun = found.closed or (bool(told["published_at"]) and not found.spreading)
    return {**told, "channels": shown.channels(found.channels),
            "finished": begun and not any(c.count(State.WAITING) for c in found.channels)}


def _told(row: Announcement) -> dict[str, object]:
    return forms.told(forms.show(row))


def _check_ready(row: Announcement, at: datetime | None, now: datetime) -> None:
    last = None
    if row.kind != AnnouncementKind.ORIGINAL:
        last = following.current(db.session(), row)
        allow(Can.WRITE, last)
    flaws = reading.stored_flaws(row, last, now)
    if at is not None and not now < at <= now + approval.LONGEST:
        flaws.append(Flaw("/at", _("Dieser Zeitpunkt muss in der Zukunft und innerhalb eines "
                                   "Jahres liegen.")))
    if flaws:
        raise invalid(flaws)
