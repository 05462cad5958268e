"""Correcting, withdrawing, giving the all-clear."""

from __future__ import annotations

from collections.abc import Collection

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from civic_push.announcements import following
from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
)
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.audiences import reach
from civic_push.staff.roles import Can
from civic_push.web.desk.approving import sending
from civic_push.web.desk.following.case import Case
from civic_push.web.desk.following.words import KINDS, objection
from civic_push.web.desk.frame import ID, allow, desk, needs, wanted
from civic_push.web.desk.words import DEEDS, _
from civic_push.web.desk.writing import aids, filling, unsaved
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.sheets import SHEETS
from civic_push.web.desk.writing.telling import as_told, told_by_sms
from civic_push.web.desk.writing.translating import progress
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter

_DEED = "<any(korrigieren, zurueckziehen, entwarnen):deed>"
_SENDABLE = (*OPEN, AnnouncementState.SUBMITTED)
_OURS = {"desk.edit": "desk.edit_follow_up", "desk.save": "desk.edit_follow_up",
         "desk.confirm": "desk.confirm_follow_up", "desk.publish": "desk.confirm_follow_up"}
"""Pages of ordinary drafts, and the page here where a follow-up's draft is at home."""


@desk.context_processor
def words() -> dict[str, object]:
    """What the templates of these pages say besides their own text."""
    return {"follow_kinds": KINDS, "as_told": as_told, "told_by_sms": told_by_sms}


@desk.before_request
def lead_home() -> ResponseReturnValue | None:
    """A follow-up's draft has a form of its own."""
    home = _OURS.get(request.endpoint or "")
    if home is None:
        return None
    number = (request.view_args or {})["number"]
    kind = db.session.scalar(select(Announcement.kind).where(Announcement.id == number))
    if kind in (None, AnnouncementKind.ORIGINAL):
        return None
    version = request.args.get("fassung")
    return redirect(url_for(home, number=number, fassung=version))


@desk.get(f"/{ID}/{_DEED}")
@needs(Can.WRITE)
def follow(number: int, deed: str) -> ResponseReturnValue:
    """The form of a new follow-up, or the one somebody has begun."""
    case = _new(number, deed)
    if case.draft is not None:
        flash(_("Das hat schon jemand begonnen. Hier ist der Entwurf."), "info")
        if case.draft.state not in OPEN:
            return redirect(url_for("desk.watch", number=case.draft.id))
        return redirect(case.page(request.args.get("entwurf")))
    case.require()
    return filling.opened(case)


@desk.post(f"/{ID}/{_DEED}")
@needs(Can.WRITE)
def save_follow(number: int, deed: str) -> ResponseReturnValue:
    """Preview or store a new follow-up, or see what another has stored meanwhile."""
    return filling.sent(_new(number, deed))


@desk.get(f"/{ID}/folge")
@needs(Can.WRITE)
def edit_follow_up(number: int) -> ResponseReturnValue:
    """The form with a stored draft."""
    case = _stored(number)
    case.require()
    return filling.opened(case)


@desk.post(f"/{ID}/folge")
@needs(Can.WRITE)
def save_follow_up(number: int) -> ResponseReturnValue:
    """Preview or store a draft over what it was."""
    return filling.sent(_stored(number))


@desk.post(f"/{ID}/{_DEED}/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_new_follow_up(number: int, deed: str) -> ResponseReturnValue:
    """Keep what is typed into the form of a new follow-up."""
    return unsaved.keep(_new(number, deed))


@desk.post(f"/{ID}/folge/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_follow_up(number: int) -> ResponseReturnValue:
    """Keep what is typed into the form of a draft; the draft stays as it is."""
    return unsaved.keep(_stored(number))


@desk.post(f"/{ID}/{_DEED}/schreibhilfe")
@needs(Can.WRITE)
@limiter.limit("240 per minute")
def help_follow_up(number: int, deed: str) -> ResponseReturnValue:
    """The form's help as fragments of the page, for scripts."""
    return aids.fragments(_new(number, deed))


@desk.get(f"/{ID}/folge/veroeffentlichen")
@needs(Can.WRITE)
def confirm_follow_up(number: int) -> ResponseReturnValue:
    """What will be published, and who will get it."""
    case = _stored(number, _SENDABLE)
    assert case.draft is not None
    if errors := filling.errors_of(case, case.begun, ready=True):
        return _not_ready(case, errors)
    return _confirm_page(case, case.draft, sending.read_wish(case.draft))


@desk.post(f"/{ID}/folge/veroeffentlichen")
@needs(Can.PUBLISH)
def publish_follow_up(number: int) -> ResponseReturnValue:
    """Publish; a second time does nothing and says so."""
    return _send(_stored(number, _SENDABLE, Can.PUBLISH), sending.let_out)


@desk.post(f"/{ID}/folge/einreichen")
@needs(Can.WRITE)
def submit_follow_up(number: int) -> ResponseReturnValue:
    """Ask for approval."""
    return _send(_stored(number, _SENDABLE), sending.hand_in)


@desk.errorhandler(CannotFollow)
def say_why_not(error: CannotFollow) -> ResponseReturnValue:
    """Back to the newest of the chain, with the reason."""
    number, sentence = error.last.id, objection(error)
    db.session.rollback()
    flash(sentence, "warning")
    return redirect(url_for("desk.watch", number=number))


def _new(number: int, deed: str) -> Case:
    """A follow-up to the newest of an announcement's chain; the one that was begun before."""
    last, kind = following.current(db.session(), wanted(number, Can.WRITE)), DEEDS[deed]
    allow(Can.WRITE, last)
    return Case(kind, last, following.open_draft(db.session(), last, kind))


def _stored(number: int, states: Collection[AnnouncementState] = (),
            ability: Can = Can.WRITE) -> Case:
    """The case of a draft. Raises CannotFollow for what is none, and where `states` are given
    and it is in none of them, or its chain has ended."""
    draft = wanted(number, ability)
    if draft.kind == AnnouncementKind.ORIGINAL:
        raise CannotFollow(Objection.SETTLED, draft)
    last = following.current(db.session(), draft)
    allow(Can.WRITE, last)
    case = Case(AnnouncementKind(draft.kind), last, draft)
    if states:
        case.require(states)
    return case


def _send(case: Case, step: sending.Step) -> ResponseReturnValue:
    """Let a follow-up out or submit it, if nobody changed anything since it was read."""
    assert case.draft is not None
    now = utcnow()
    if request.form.get("seal") != _seal(case, case.draft):
        flash(_("Inzwischen hat sich etwas geändert. Bitte prüfen Sie noch einmal."), "warning")
        return redirect(url_for("desk.confirm_follow_up", number=case.draft.id))
    if errors := filling.errors_of(case, case.begun, ready=True):
        return _not_ready(case, errors, 422)
    typed, at = sending.read_when(case.draft, now)
    if typed.errors:
        return _confirm_page(case, case.draft, typed), 422
    return step(case.draft, at, now, write_forms.told(case.begun))


def _not_ready(case: Case, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    """The form with what is missing in the stored draft."""
    return filling.show(case, case.begun, errors, status, seal=case.begun.seal)


def _confirm_page(case: Case, draft: Announcement, typed: Typed) -> str:
    return render_template(
        "desk/follow_confirm.html", announcement=draft, case=case, typed=typed,
        seal=_seal(case, draft), reach=reach(db.session(), draft), changes=case.changes(case.begun),
        translations=progress(case, case.begun), days=settings().default_expiry_days,
        decides=sending.may_decide(draft), **sending.outlook(draft))


def _seal(case: Case, draft: Announcement) -> str:
    """Changes with the draft and with what it would follow."""
    return f"{sending.sealed(draft, case.begun.seal)}-{case.last.id}"


SHEETS |= {"desk.save_follow": _new, "desk.save_follow_up": _stored}
