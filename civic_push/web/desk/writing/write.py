"""Writing: the form and its preview. What follows is `approving.approval`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy import select

from civic_push.announcements import publishing, unsaved, versions
from civic_push.announcements.details import complete
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.intake.models import Item
from civic_push.staff.roles import Can
from civic_push.staff.security import ask_to_sign_in
from civic_push.web.desk.frame import (
    ID,
    desk,
    give_back_text,
    needs,
    note,
    outside_limits,
    wanted,
)
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import aids
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.changes import Change, changes
from civic_push.web.desk.writing.unsaved import asked_for, form_key, offered
from civic_push.web.desk.writing.versions import version_asked_for
from civic_push.web.desk.writing.written import Written, stored
from civic_push.web.errors import stale_form
from civic_push.web.forms import topics_on_offer
from subscriptions.models import Neighbourhood, Topic

_OPEN = (AnnouncementState.DRAFT, AnnouncementState.WAITING)
_ASKED_BY_SCRIPTS = ("desk.writing_help", "desk.paste", "desk.keep_new", "desk.keep_text")


@desk.get("/neu")
@needs(Can.WRITE)
def new() -> ResponseReturnValue:
    """An empty form, a copy (`?kopie=17`), or what one had begun (`?entwurf=…`)."""
    if kept := asked_for(None):
        return show_form(stored(kept.content), key=kept.key)
    if original := request.args.get("kopie", 0, type=int):
        return show_form(write_forms.copy_of(wanted(original)))
    return show_form(Written())


@desk.post("/neu")
@needs(Can.WRITE)
def save_new() -> ResponseReturnValue:
    """Preview or store a new draft; a form that has made one already goes on with it."""
    made = versions.made_by(db.session(), form_key(), current_user.id)
    if made is None:
        return _submitted(None)
    announcement = wanted(made, Can.WRITE)
    if write_forms.read(request.form).seal == write_forms.show(announcement).seal:
        return redirect(url_for("desk.edit", number=made))
    return save(made)


@desk.get(f"/{ID}/bearbeiten")
@needs(Can.WRITE)
def edit(number: int) -> ResponseReturnValue:
    """The form with a draft or an item of the tray, with an earlier version of it
    (`?fassung=17`), or with what one had begun (`?entwurf=…`)."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in _OPEN:
        return _closed(announcement)
    if kept := asked_for(announcement):
        return show_form(stored(kept.content), announcement, key=kept.key,
                     seal=kept.seal)
    if "fassung" in request.args:
        version = version_asked_for(number)
        return show_form(stored(version.content), announcement)
    return show_form(write_forms.show(announcement), announcement)


@desk.post(f"/{ID}/bearbeiten")
@needs(Can.WRITE)
def save(number: int) -> ResponseReturnValue:
    """Preview or store a draft over what it was."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in _OPEN:
        return show_form(write_forms.read(request.form), announcement, status=409,
                     problem=closed_sentence())
    return _submitted(announcement)


@desk.errorhandler(CSRFError)
def stale_page(error: CSRFError) -> ResponseReturnValue:
    """A page that was open too long: nothing was done. A form comes back as it was typed,
    with a fresh token."""
    if not current_user.is_authenticated:
        return give_back_text() or ask_to_sign_in()
    number = (request.view_args or {}).get("number")
    if request.endpoint in ("desk.save_new", "desk.save"):
        announcement = db.session.get(Announcement, number) if number else None
        sentence = _("Die Seite war lange offen. Ihr Text ist noch da, aber nicht gespeichert: "
                     "Bitte speichern Sie noch einmal.")
        return show_form(write_forms.read(request.form), announcement, status=400,
                         problem=sentence)
    if request.endpoint in ("desk.save_follow", "desk.save_follow_up"):
        return stale_form(error)
    if request.endpoint in _ASKED_BY_SCRIPTS:
        return {"problem": _("Die Seite war lange offen. Bitte laden Sie sie neu.")}, 400
    flash(_("Die Seite war lange offen, es wurde nichts geändert. Bitte versuchen Sie es "
            "noch einmal."), "warning")
    return redirect(url_for("desk.watch", number=number) if number
                    else url_for("desk.overview"))


def _submitted(announcement: Announcement | None) -> ResponseReturnValue:
    """What to do with a sent form: its buttons are preview, draft and next."""
    written, button = write_forms.read(request.form), request.form.get("button", "draft")
    if button.startswith(aids.TAKE):
        aids.take(written, button)
        return show_form(written, announcement)
    check = write_forms.check_ready if button == "next" else write_forms.check_draft
    errors = {**check(written, _ids(Topic), _ids(Neighbourhood), utcnow()),
              **outside_limits(written.where == write_forms.TOWN, written.topics,
                               written.neighbourhoods)}
    if button == "preview":  # what is still missing is no mistake yet
        begun = {name: text for name, text in errors.items() if written.holds(name)}
        return show_form(written, announcement, begun, preview=True)
    if errors:
        return show_form(written, announcement, errors, 422)
    if announcement and request.form.get("seal") != write_forms.show(announcement).seal:
        return _conflict(written, announcement)
    return _store(written, announcement, button)


def _conflict(written: Written, announcement: Announcement) -> ResponseReturnValue:
    """Somebody was faster: show what differs. Saving again is then done knowingly, and what
    it replaces stays among the versions."""
    theirs = write_forms.show(announcement)
    sentence = _("Jemand hat diesen Entwurf inzwischen geändert. Wenn Sie noch einmal "
                 "speichern, ersetzt Ihr Text den anderen.")
    return show_form(written, announcement, status=409, problem=sentence, seal=theirs.seal,
                 conflict=changes(theirs, written))


def _store(written: Written, announcement: Announcement | None, button: str
           ) -> ResponseReturnValue:
    session, now, key, before = db.session(), utcnow(), form_key(), None
    if announcement:
        stood = write_forms.show(announcement)
        before = write_forms.told(stood)
        versions.record(session, announcement.id, asdict(stood), announcement.editor_id, now)
    draft = write_forms.to_draft(written, current_user.id, announcement)
    try:
        saved = publishing.save(session, draft, now, announcement)
    except publishing.AlreadyPublished:
        db.session.rollback()
        return show_form(written, announcement, status=409, problem=closed_sentence())
    complete(saved, write_forms.details(written))
    saved.state = AnnouncementState.DRAFT  # out of the tray: somebody works on it
    versions.record(session, saved.id, asdict(write_forms.show(saved)), current_user.id, now, key)
    unsaved.forget(session, current_user.id, key)
    note("announcement.saved", ("announcement", saved.id), before, write_forms.told(written))
    session.commit()
    if button == "next":
        return redirect(url_for("desk.confirm", number=saved.id))
    flash(_("Der Entwurf ist gespeichert."), "success")
    return redirect(url_for("desk.edit", number=saved.id))


def show_form(written: Written, announcement: Announcement | None = None,
          errors: dict[str, str] | None = None, status: int = 200, *, problem: str = "",
          preview: bool = False, key: str = "", seal: str | None = None,
          conflict: Sequence[Change] = ()) -> tuple[str, int]:
    """The write form as typed, with what is wrong at its fields; `problem` is about it all.
    `seal` is of what the writer has seen last: what the form brought, unless it is a new one."""
    session, key = db.session(), key or form_key()
    if seal is None:
        seal = request.form.get("seal", "") or (
            write_forms.show(announcement).seal if announcement else "")
    return render_template(
        "desk/write.html", typed=write_forms.typed(written, errors or {}), problem=problem,
        announcement=announcement, item=_item(announcement), seal=seal, form_key=key,
        conflict=conflict, unsaved=offered(announcement, key),
        preview=preview, help=aids.help_with(written),
        audience=_audience(written) if preview and written.topics else None,
        limits=write_forms.LENGTHS, days=settings().default_expiry_days,
        topics=topics_on_offer(session, written.topics),
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all()), status


def _item(announcement: Announcement | None) -> Item | None:
    """What the source had said, where it came from one."""
    if announcement is None:
        return None
    return db.session.scalar(
        select(Item).where(Item.announcement_id == announcement.id).limit(1))


def _audience(written: Written) -> dict[str, int]:
    """Inboxes by channel, for every channel that is set up."""
    found = publishing.audience(db.session(), written.topics, written.neighbourhoods)
    return dict(sorted(found.items()))


def _ids(kind: type[Topic] | type[Neighbourhood]) -> set[int]:
    return set(db.session.scalars(select(kind.id)))


def _closed(announcement: Announcement) -> ResponseReturnValue:
    flash(closed_sentence(), "warning")
    return redirect(url_for("desk.watch", number=announcement.id))


def closed_sentence() -> str:
    """What is said where it is too late to change an announcement."""
    return _("Diese Meldung ist schon veröffentlicht oder verworfen und wurde nicht geändert.")
