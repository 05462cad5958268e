"""Correcting, withdrawing, giving the all-clear."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from civic_push.announcements import approval, following, publishing
from civic_push.announcements.details import complete
from civic_push.announcements.differences import Part
from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.audiences import reach
from civic_push.staff.roles import Can
from civic_push.web.desk.approving import sending
from civic_push.web.desk.following import forms
from civic_push.web.desk.following.forms import FollowUp
from civic_push.web.desk.following.words import KINDS, as_told, objection, told_by_sms
from civic_push.web.desk.frame import ID, allow, desk, needs, note, outside_limits, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.forms import Typed
from subscriptions.models import Neighbourhood, Topic

DEEDS = {"korrigieren": AnnouncementKind.CORRECTION, "zurueckziehen": AnnouncementKind.WITHDRAWAL,
         "entwarnen": AnnouncementKind.ALL_CLEAR}
_DEED = "<any(korrigieren, zurueckziehen, entwarnen):deed>"
_SENDABLE = (*approval.OPEN, AnnouncementState.SUBMITTED)
_OURS = {"desk.edit": "desk.edit_follow_up", "desk.save": "desk.edit_follow_up",
         "desk.confirm": "desk.confirm_follow_up", "desk.publish": "desk.confirm_follow_up"}
"""Pages of ordinary drafts, and the page here where a follow-up's draft is at home."""


@dataclass(frozen=True, slots=True)
class Case:
    """A follow-up being written: what kind, to what, and where it is stored, if it is."""

    kind: AnnouncementKind
    last: Announcement  # the newest of the chain
    draft: Announcement | None = None

    @property
    def begun(self) -> FollowUp:
        """The form as it is before anything is typed."""
        if self.draft is not None:
            return forms.show(self.draft)
        return forms.prefilled(self.last, self.kind, utcnow())

    def changes(self, written: FollowUp) -> list[list[Part]]:
        """What a correction says otherwise."""
        correction = self.kind == AnnouncementKind.CORRECTION
        return forms.changes(self.last, written) if correction else []


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
    return redirect(url_for(home, number=number))


@desk.get(f"/{ID}/{_DEED}")
@needs(Can.WRITE)
def follow(number: int, deed: str) -> ResponseReturnValue:
    """The form of a new follow-up, or the one somebody has begun."""
    case = _case(wanted(number, Can.WRITE), DEEDS[deed])
    draft = following.open_draft(db.session(), case.last, case.kind)
    if draft is not None:
        flash(_("Das hat schon jemand begonnen. Hier ist der Entwurf."), "info")
        return redirect(url_for("desk.edit_follow_up", number=draft.id))
    return _form(case, case.begun)


@desk.post(f"/{ID}/{_DEED}")
@needs(Can.WRITE)
def save_follow(number: int, deed: str) -> ResponseReturnValue:
    """Preview or store a new follow-up."""
    return _submitted(_case(wanted(number, Can.WRITE), DEEDS[deed]))


@desk.get(f"/{ID}/folge")
@needs(Can.WRITE)
def edit_follow_up(number: int) -> ResponseReturnValue:
    """The form with a stored draft."""
    case = _stored(wanted(number, Can.WRITE))
    return _form(case, case.begun)


@desk.post(f"/{ID}/folge")
@needs(Can.WRITE)
def save_follow_up(number: int) -> ResponseReturnValue:
    """Preview or store a draft over what it was."""
    return _submitted(_stored(wanted(number, Can.WRITE)))


@desk.get(f"/{ID}/folge/veroeffentlichen")
@needs(Can.WRITE)
def confirm_follow_up(number: int) -> ResponseReturnValue:
    """What will be published, and who will get it."""
    case = _stored(wanted(number, Can.WRITE), _SENDABLE)
    assert case.draft is not None
    if errors := _errors(case, case.begun, ready=True):
        return _form(case, case.begun, errors)
    return _confirm_page(case, case.draft, sending.read_wish(case.draft))


@desk.post(f"/{ID}/folge/veroeffentlichen")
@needs(Can.PUBLISH)
def publish_follow_up(number: int) -> ResponseReturnValue:
    """Publish; a second time does nothing and says so."""
    return _send(_stored(wanted(number, Can.PUBLISH), _SENDABLE), sending.let_out)


@desk.post(f"/{ID}/folge/einreichen")
@needs(Can.WRITE)
def submit_follow_up(number: int) -> ResponseReturnValue:
    """Ask for approval."""
    return _send(_stored(wanted(number, Can.WRITE), _SENDABLE), sending.hand_in)


@desk.errorhandler(CannotFollow)
def say_why_not(error: CannotFollow) -> ResponseReturnValue:
    """Back to the newest of the chain, with the reason."""
    number, sentence = error.last.id, objection(error)
    db.session.rollback()
    flash(sentence, "warning")
    return redirect(url_for("desk.watch", number=number))


def _case(announcement: Announcement, kind: AnnouncementKind,
          draft: Announcement | None = None) -> Case:
    """A follow-up to the newest of an announcement's chain. Raises CannotFollow."""
    last = following.current(db.session(), announcement)
    allow(Can.WRITE, last)
    following.check(kind, last)
    return Case(kind, last, draft)


def _send(case: Case, step: sending.Step) -> ResponseReturnValue:
    """Let a follow-up out or submit it, if nobody changed anything since it was read."""
    assert case.draft is not None
    now = utcnow()
    if request.form.get("seal") != _seal(case):
        flash(_("Inzwischen hat sich etwas geändert. Bitte prüfen Sie noch einmal."), "warning")
        return redirect(url_for("desk.confirm_follow_up", number=case.draft.id))
    if errors := _errors(case, case.begun, ready=True):
        return _form(case, case.begun, errors, 422)
    typed, at = sending.read_when(case.draft, now)
    if typed.errors:
        return _confirm_page(case, case.draft, typed), 422
    return step(case.draft, at, now, write_forms.told(case.begun))


def _confirm_page(case: Case, draft: Announcement, typed: Typed) -> str:
    return render_template(
        "desk/follow_confirm.html", announcement=draft, case=case, seal=_seal(case), typed=typed,
        reach=reach(db.session(), draft), changes=case.changes(case.begun),
        days=settings().default_expiry_days, decides=sending.may_decide(draft),
        **sending.outlook(draft))


def _stored(draft: Announcement,
            states: tuple[AnnouncementState, ...] = approval.OPEN) -> Case:
    """The case of a draft. What is published or dismissed has none: CannotFollow."""
    if draft.kind == AnnouncementKind.ORIGINAL or draft.state not in states:
        raise CannotFollow(Objection.SETTLED, draft)
    return _case(draft, AnnouncementKind(draft.kind), draft)


def _errors(case: Case, written: FollowUp, *, ready: bool) -> dict[str, str]:
    session = db.session()
    topics = set(session.scalars(select(Topic.id)))
    places = set(session.scalars(select(Neighbourhood.id)))
    errors = forms.check(written, case.kind, case.last, topics, places, utcnow(), ready=ready)
    return {**errors, **outside_limits(written.where == write_forms.TOWN, written.topics,
                                       written.neighbourhoods)}


def _submitted(case: Case) -> ResponseReturnValue:
    """What to do with a sent form: its buttons are preview, draft and next."""
    written, button = forms.read(request.form, case.kind, case.begun), request.form.get("button")
    errors = _errors(case, written, ready=button == "next")
    if button == "preview":  # what is still missing is no mistake yet
        begun = {name: text for name, text in errors.items() if written.holds(name)}
        return _form(case, written, begun, preview=True)
    if errors:
        return _form(case, written, errors, 422)
    if case.draft is not None and request.form.get("seal") != case.begun.seal:
        return _form(case, written, status=409, problem=_(
            "Jemand hat diesen Entwurf inzwischen geändert. Wenn Sie noch einmal speichern, "
            "ersetzt Ihr Text den anderen."))
    saved = _store(case, written)
    if button == "next":
        return redirect(url_for("desk.confirm_follow_up", number=saved.id))
    flash(_("Der Entwurf ist gespeichert."), "success")
    return redirect(url_for("desk.edit_follow_up", number=saved.id))


def _store(case: Case, written: FollowUp) -> Announcement:
    before = write_forms.told(case.begun) if case.draft else None
    saved = publishing.save(
        db.session(), forms.to_draft(written, case.kind, current_user.id, case.last),
        utcnow(), case.draft, follows=case.last)
    complete(saved, write_forms.details(written))
    saved.state = AnnouncementState.DRAFT  # out of the tray: somebody works on it
    note("announcement.saved", ("announcement", saved.id), before, write_forms.told(written))
    db.session.commit()
    return saved


def _form(case: Case, written: FollowUp, errors: dict[str, str] | None = None,
          status: int = 200, *, problem: str = "", preview: bool = False
          ) -> ResponseReturnValue:
    """The form as typed, with what is wrong at its fields; `problem` is about it all."""
    session = db.session()
    return render_template(
        "desk/follow.html", case=case, typed=forms.typed(written, errors or {}),
        problem=problem, seal=case.begun.seal, changes=case.changes(written),
        preview=forms.texts(written, case.kind, case.last) if preview else [],
        limits=write_forms.LENGTHS, days=settings().default_expiry_days,
        topics=session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all(),
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all()), status


def _seal(case: Case) -> str:
    """Changes with the draft and with what it would follow."""
    return f"{case.begun.seal}-{case.last.id}"
