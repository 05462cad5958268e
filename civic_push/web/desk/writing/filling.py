"""Filling in a sheet: it is opened, sent, stored, and given back as it was typed where
something is wrong, somebody was faster, or the page was open too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from civic_push.announcements import publishing, unsaved, versions
from civic_push.announcements.details import complete
from civic_push.announcements.following import CannotFollow
from civic_push.announcements.models import AnnouncementState
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.staff.security import ask_to_sign_in
from civic_push.web.desk.frame import (
    OutsideLimits,
    desk,
    give_back_text,
    note,
    outside_limits,
)
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import aids, images
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.changes import Change, changes
from civic_push.web.desk.writing.sheets import SHEETS, Sheet
from civic_push.web.desk.writing.translating import confirmed, progress
from civic_push.web.desk.writing.unsaved import asked_for, form_key, offered
from civic_push.web.desk.writing.versions import version_asked_for
from civic_push.web.desk.writing.written import Written, stored
from civic_push.web.errors import stale_form
from civic_push.web.forms import topics_on_offer
from subscriptions.models import Neighbourhood, Topic

_ASKED_BY_SCRIPTS = ("desk.writing_help", "desk.help_follow_up", "desk.paste", "desk.keep_new",
                     "desk.keep_text", "desk.keep_new_follow_up", "desk.keep_follow_up")


def opened(sheet: Sheet) -> ResponseReturnValue:
    """The form as it begins, with an earlier version of its draft (`?fassung=17`), or with
    what one had begun (`?entwurf=…`)."""
    if kept := asked_for(sheet):
        return show(sheet, stored(kept.content), key=kept.key, seal=kept.seal)
    if sheet.draft and "fassung" in request.args:
        return show(sheet, replace(
            stored(version_asked_for(sheet.draft.id).content), checked=[]))
    return show(sheet, sheet.begun)


def sent(sheet: Sheet) -> ResponseReturnValue:
    """What to do with a sent form: its buttons are preview, draft and next."""
    written, button = sheet.read(request.form), request.form.get("button", "draft")
    if sentence := sheet.closed():
        return show(sheet, written, status=409, problem=sentence)
    if button.startswith(aids.TAKE):
        aids.take(written, button)
        return show(sheet, written)
    errors = errors_of(sheet, written, ready=button == "next")
    if button == "preview":  # what is still missing is no mistake yet
        begun = {name: text for name, text in errors.items() if written.holds(name)}
        return show(sheet, written, begun, preview=True)
    if errors:
        return show(sheet, written, errors, 422)
    if sheet.draft and request.form.get("seal") != sheet.begun.seal != written.seal:
        return _conflict(sheet, written)
    return _store(sheet, written, button)


def errors_of(sheet: Sheet, written: Written, *, ready: bool) -> dict[str, str]:
    """What keeps a form from being stored, or with `ready` from being published."""
    session = db.session()
    topics, places = (set(session.scalars(select(kind.id))) for kind in (Topic, Neighbourhood))
    return {**sheet.check(written, topics, places, utcnow(), ready=ready),
            **outside_limits(written.where == write_forms.TOWN, written.topics,
                             written.neighbourhoods)}


@desk.errorhandler(CSRFError)
def stale_page(error: CSRFError) -> ResponseReturnValue:
    """A page that was open too long: nothing was done. A form comes back as it was typed,
    with a fresh token."""
    if not current_user.is_authenticated:
        return give_back_text() or ask_to_sign_in()
    parts = request.view_args or {}
    if make := SHEETS.get(request.endpoint or ""):
        try:
            sheet = make(**parts)
        except (HTTPException, OutsideLimits, CannotFollow):
            return stale_form(error)
        return show(sheet, sheet.read(request.form), status=400, problem=_(
            "Die Seite war lange offen. Ihr Text ist noch da, aber nicht gespeichert: Bitte "
            "speichern Sie noch einmal."))
    if request.endpoint in _ASKED_BY_SCRIPTS:
        return {"problem": _("Die Seite war lange offen. Bitte laden Sie sie neu.")}, 400
    flash(_("Die Seite war lange offen, es wurde nichts geändert. Bitte versuchen Sie es "
            "noch einmal."), "warning")
    return redirect(url_for("desk.watch", number=parts["number"]) if "number" in parts
                    else url_for("desk.overview"))


def _conflict(sheet: Sheet, written: Written) -> ResponseReturnValue:
    """Somebody was faster: show what differs. Saving again is then done knowingly, and what
    it replaces stays among the versions."""
    theirs = sheet.begun
    sentence = _("Jemand hat diesen Entwurf inzwischen geändert. Wenn Sie noch einmal "
                 "speichern, ersetzt Ihr Text den anderen.")
    return show(sheet, written, status=409, problem=sentence, seal=theirs.seal,
                conflict=changes(theirs, written))


def _store(sheet: Sheet, written: Written, button: str) -> ResponseReturnValue:
    session, now, key, before = db.session(), utcnow(), form_key(), None
    checked = confirmed(sheet, written)
    if sheet.draft:
        before = write_forms.told(sheet.begun)
        versions.record(session, sheet.draft.id, sheet.begun.content, sheet.draft.editor_id, now)
    saved = publishing.save(session, sheet.to_draft(written, current_user.id), now, sheet.draft,
                            follows=sheet.follows)
    complete(saved, write_forms.details(written))
    saved.state = AnnouncementState.DRAFT  # out of the tray: somebody works on it
    made = sheet.of(saved)
    versions.record(session, saved.id, made.begun.content, current_user.id, now, key, checked)
    unsaved.forget(session, current_user.id, key)
    note("announcement.saved", ("announcement", saved.id), before, write_forms.told(written))
    images.bring_along(sheet, written, saved)
    session.commit()
    if button == "next":
        return redirect(made.last_look())
    flash(_("Der Entwurf ist gespeichert."), "success")
    return redirect(made.page())


def show(sheet: Sheet, written: Written, errors: dict[str, str] | None = None,
         status: int = 200, *, problem: str = "", preview: bool = False, key: str = "",
         seal: str | None = None, conflict: Sequence[Change] = ()) -> tuple[str, int]:
    """The form as typed, with what is wrong at its fields; `problem` is about it all. `seal`
    is of what the writer has seen last: what the form brought, unless it is a new one."""
    session, key = db.session(), key or form_key()
    if seal is None:
        seal = request.form.get("seal", "") or (sheet.begun.seal if sheet.draft else "")
    return render_template(
        sheet.template, sheet=sheet, typed=write_forms.typed(written, errors or {}),
        problem=problem, seal=seal, form_key=key, conflict=conflict,
        unsaved=offered(sheet, key), preview=preview, help=aids.help_with(sheet, written),
        translations=progress(sheet, written), copied=images.of_copied(sheet, written),
        limits=write_forms.LENGTHS, days=settings().default_expiry_days,
        topics=topics_on_offer(session, written.topics),
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all(),
        **sheet.shown(written, preview=preview)), status
