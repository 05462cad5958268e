"""The page before an announcement leaves: publish, schedule, submit, approve, send back, and
take back what has not left yet. A follow-up has its own page before; the rest is here."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements import approval, publishing
from civic_push.announcements.approval import CannotSend, Refusal
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
)
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.staff.roles import Can
from civic_push.web.desk.approving import sending
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.translating import progress
from civic_push.web.desk.writing.write import Original
from civic_push.web.forms import Typed
from subscriptions.models import Neighbourhood, Topic

_SENDABLE = (*OPEN, AnnouncementState.SUBMITTED)

desk.context_processor(sending.words)


@desk.errorhandler(CannotSend)
def say_refusal(error: CannotSend) -> ResponseReturnValue:
    """Back to the announcement, with the reason."""
    return sending.refused(error, (request.view_args or {})["number"])


@desk.get(f"/{ID}/veroeffentlichen")
@needs(Can.WRITE)
def confirm(number: int) -> ResponseReturnValue:
    """What will leave, how many inboxes it will reach, and who may let it out."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in _SENDABLE:
        raise CannotSend(Refusal.SETTLED)
    return _page(announcement, sending.read_wish(announcement))


@desk.post(f"/{ID}/veroeffentlichen")
@needs(Can.PUBLISH)
def publish(number: int) -> ResponseReturnValue:
    """Publish, schedule or approve; a second time does nothing and says so."""
    announcement, now = wanted(number, Can.PUBLISH), utcnow()
    return _checked(announcement, now) or sending.let_out(
        announcement, sending.read_when(announcement, now)[1], now, _told(announcement))


@desk.post(f"/{ID}/einreichen")
@needs(Can.WRITE)
def submit(number: int) -> ResponseReturnValue:
    """Ask for approval."""
    announcement, now = wanted(number, Can.WRITE), utcnow()
    return _checked(announcement, now) or sending.hand_in(
        announcement, sending.read_when(announcement, now)[1], now, _told(announcement))


@desk.post(f"/{ID}/zurueckgeben")
@needs(Can.PUBLISH)
def send_back(number: int) -> ResponseReturnValue:
    """Make a draft of what was submitted, with a comment for its author."""
    announcement = wanted(number, Can.PUBLISH)
    typed = Typed(request.form)
    comment = typed.text("reason")
    if not comment:
        typed.errors["reason"] = _("Bitte schreiben Sie, was fehlt oder falsch ist.")
    elif len(comment) > sending.COMMENT_LENGTH:
        typed.errors["reason"] = _("Bitte kürzen Sie: höchstens %(most)s Zeichen.",
                                   most=sending.COMMENT_LENGTH)
    if typed.errors:
        if announcement.kind == AnnouncementKind.ORIGINAL:
            return _page(announcement, typed), 422
        flash(typed.errors["reason"], "warning")
        return redirect(url_for("desk.confirm_follow_up", number=number))
    approval.send_back(db.session(), current_user._get_current_object(), announcement, utcnow(),
                       write_forms.clean(comment))
    db.session.commit()
    transactional.ring("email")
    flash(_("Zurückgegeben. Wer sie geschrieben hat, sieht Ihren Kommentar beim Entwurf."),
          "success")
    return redirect(url_for("desk.overview"))


@desk.post(f"/{ID}/anhalten")
@needs(Can.WRITE)
def take_back(number: int) -> ResponseReturnValue:
    """Make a draft of what waits for approval or for its time; nothing has left."""
    announcement = wanted(number, Can.WRITE)
    approval.take_back(db.session(), current_user._get_current_object(), announcement, utcnow())
    db.session.commit()
    flash(_("Die Meldung ist wieder ein Entwurf. Es ist nichts hinausgegangen."), "success")
    return redirect(url_for("desk.watch", number=number))


def problems(announcement: Announcement) -> list[str]:
    """What keeps an original from leaving, as sentences."""
    session = db.session()
    errors = write_forms.check_ready(
        write_forms.show(announcement), _ids(session, Topic), _ids(session, Neighbourhood),
        utcnow())
    return list(errors.values())


def _checked(announcement: Announcement, now: datetime) -> ResponseReturnValue | None:
    """What to answer where it cannot leave as it is: somebody changed it, something is
    missing, or the time is wrong."""
    if announcement.state not in _SENDABLE:
        raise CannotSend(Refusal.SETTLED)
    if announcement.kind != AnnouncementKind.ORIGINAL:
        return redirect(url_for("desk.confirm_follow_up", number=announcement.id))
    if _seal(announcement) != request.form.get("seal"):
        flash(_("Der Entwurf wurde inzwischen geändert. Bitte prüfen Sie ihn noch einmal."),
              "warning")
        return redirect(url_for("desk.confirm", number=announcement.id))
    typed, _at = sending.read_when(announcement, now)
    if typed.errors or problems(announcement):
        return _page(announcement, typed), 422
    return None


def _page(announcement: Announcement, typed: Typed) -> str:
    written, session = write_forms.show(announcement), db.session()
    audience = publishing.audience(session, written.topics, written.neighbourhoods)
    return render_template(
        "desk/confirm.html", announcement=announcement, seal=_seal(announcement), typed=typed,
        audience=dict(sorted(audience.items())), days=settings().default_expiry_days,
        problems=problems(announcement), decides=sending.may_decide(announcement),
        translations=progress(Original(announcement), written),
        **sending.outlook(announcement))


def _seal(announcement: Announcement) -> str:
    return sending.sealed(announcement, write_forms.show(announcement).seal)


def _told(announcement: Announcement) -> dict[str, object]:
    return write_forms.told(write_forms.show(announcement))


def _ids(session: Session, kind: type[Topic] | type[Neighbourhood]) -> set[int]:
    return set(session.scalars(select(kind.id)))
