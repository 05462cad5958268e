"""Correcting, withdrawing, all-clear: a draft that follows, to be published like any other."""

from __future__ import annotations

from typing import Any

from civic_push.announcements import following
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.db import db, utcnow
from civic_push.integrations.clients import Scope
from civic_push.staff.roles import Can
from civic_push.web.api import reading, refusals, schemas, schemas_in
from civic_push.web.api.announcements import Answer, allow, answer, wanted
from civic_push.web.api.frame import ID, client, operation
from civic_push.web.api.storing import store
from civic_push.web.desk.following import forms
from civic_push.web.desk.writing.written import Written
from civic_push.web.language import _
from civic_push.web.problems import Problem, invalid
from subscriptions.models import Neighbourhood, Topic

_TAG = "follow-ups"
_PUBLISHED = (AnnouncementState.PUBLISHED,)


@operation("POST", f"/announcements/{ID}/correct", _TAG, needs=Scope.WRITE, status=201,
           gives=schemas.Announcement, takes=schemas_in.CorrectionIn, problems=(404, 409, 412))
def correct(body: dict[str, Any], number: int) -> Answer:
    """Begin a correction

    A draft that follows the newest of its chain; publish it, and whoever got the original
    gets it."""
    kind, last = AnnouncementKind.CORRECTION, _last(number, AnnouncementKind.CORRECTION)
    written = reading.correction(body, last)
    return _stored(body, written, kind, last)


@operation("POST", f"/announcements/{ID}/withdraw", _TAG, needs=Scope.WRITE, status=201,
           gives=schemas.Announcement, takes=schemas_in.WithdrawalIn, problems=(404, 409, 412))
def withdraw(body: dict[str, Any], number: int) -> Answer:
    """Begin a withdrawal"""
    return _briefly(body, number, AnnouncementKind.WITHDRAWAL)


@operation("POST", f"/announcements/{ID}/all-clear", _TAG, needs=Scope.WRITE, status=201,
           gives=schemas.Announcement, takes=schemas_in.WithdrawalIn, problems=(404, 409, 412))
def give_all_clear(body: dict[str, Any], number: int) -> Answer:
    """Begin an all-clear of a danger"""
    return _briefly(body, number, AnnouncementKind.ALL_CLEAR)


def _briefly(body: dict[str, Any], number: int, kind: AnnouncementKind) -> Answer:
    last = _last(number, kind)
    written = reading.takes_back(body, last, forms.prefilled(last, kind, utcnow()))
    return _stored(body, written, kind, last)


def _last(number: int, kind: AnnouncementKind) -> Announcement:
    """The newest of the chain, which may be followed so. Raises Problem."""
    last = following.current(db.session(), wanted(number, Can.WRITE, _PUBLISHED))
    allow(Can.WRITE, last)  # it may reach further than what the client has named
    with refusals.said():
        following.check(kind, last)
    begun = following.open_draft(db.session(), last, kind)
    if begun is not None:
        raise Problem(409, "begun", _("Das hat schon jemand begonnen."),
                      _("Es ist Meldung %(number)s.", number=begun.id))
    return last


def _stored(body: dict[str, Any], written: Written, kind: AnnouncementKind, last: Announcement
            ) -> Answer:
    now, staff = utcnow(), client().staff
    errors = forms.check(written, kind, last, reading.ids(Topic), reading.ids(Neighbourhood),
                         now, ready=True)
    if flaws := reading.pointed(errors) + reading.times(body, now):
        raise invalid(flaws)
    reading.within(staff, written.topics, written.neighbourhoods)
    draft: Draft = forms.to_draft(written, kind, staff.id, last)
    if body.get("expires_at") or kind == AnnouncementKind.CORRECTION:
        draft = reading.timed(draft, body)
    return answer(store(written, draft, now, follows=last), created=True)
