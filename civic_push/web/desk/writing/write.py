"""Writing: the form of an announcement. What follows it is `approving.approval`'s."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from civic_push.announcements import publishing, versions
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementText,
)
from civic_push.announcements.publishing import Draft
from civic_push.db import db
from civic_push.intake.models import Item
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import aids, filling, unsaved
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.sheets import SHEETS, Sheet
from civic_push.web.desk.writing.unsaved import form_key
from civic_push.web.desk.writing.written import Written
from civic_push.web.protection import limiter


@dataclass(frozen=True, slots=True)
class Original(Sheet):
    """The form of an announcement that follows none."""

    template: ClassVar[str] = "desk/write.html"
    kind: ClassVar[AnnouncementKind] = AnnouncementKind.ORIGINAL  # type: ignore[misc]
    draft: Announcement | None = None

    @property
    def begun(self) -> Written:
        return write_forms.show(self.draft) if self.draft else Written()

    @property
    def mark(self) -> str:
        return str(self.draft.id) if self.draft else "neu"

    @property
    def homes(self) -> tuple[int | None, ...]:
        return (self.draft.id if self.draft else None,)

    def closed(self) -> str:
        """It is out, or somebody else's turn."""
        return closed_sentence() if self.draft and self.draft.state not in OPEN else ""

    def page(self, kept: str | None = None) -> str:
        if self.draft:
            return url_for("desk.edit", number=self.draft.id, entwurf=kept)
        return url_for("desk.new", entwurf=kept)

    def addresses(self) -> dict[str, str]:
        keep = (url_for("desk.keep_text", number=self.draft.id) if self.draft
                else url_for("desk.keep_new"))
        return {"keep": keep, "help": url_for("desk.writing_help")}

    def of(self, saved: Announcement) -> Original:
        return Original(saved)

    def last_look(self) -> str:
        assert self.draft is not None
        return url_for("desk.confirm", number=self.draft.id)

    def read(self, form: MultiDict[str, str]) -> Written:
        return write_forms.read(form)

    def check(self, written: Written, topics: Collection[int], places: Collection[int],
              now: datetime, *, ready: bool) -> dict[str, str]:
        check = write_forms.check_ready if ready else write_forms.check_draft
        return check(written, topics, places, now)

    def texts(self, written: Written) -> list[AnnouncementText]:
        return write_forms.texts(written)

    def to_draft(self, written: Written, author_id: int) -> Draft:
        return write_forms.to_draft(written, author_id, self.draft)

    def shown(self, written: Written, *, preview: bool) -> dict[str, object]:
        """The source's words, and how many inboxes it would reach."""
        item = db.session.scalar(select(Item).where(
            Item.announcement_id == self.draft.id).limit(1)) if self.draft else None
        reached = publishing.audience(
            db.session(), written.topics, written.neighbourhoods
        ) if preview and written.topics else None
        return {"item": item, "announcement": self.draft,
                "audience": None if reached is None else dict(sorted(reached.items()))}


@desk.get("/neu")
@needs(Can.WRITE)
def new() -> ResponseReturnValue:
    """An empty form, a copy (`?kopie=17`), or what one had begun (`?entwurf=…`)."""
    if original := request.args.get("kopie", 0, type=int):
        return filling.show(Original(), write_forms.copy_of(wanted(original)))
    return filling.opened(Original())


@desk.post("/neu")
@needs(Can.WRITE)
def save_new() -> ResponseReturnValue:
    """Preview or store a new draft; a form that has made one already goes on with it."""
    return filling.sent(_new_or_made())


@desk.get(f"/{ID}/bearbeiten")
@needs(Can.WRITE)
def edit(number: int) -> ResponseReturnValue:
    """The form with a draft or an item of the tray."""
    sheet = _of(number)
    if sentence := sheet.closed():
        flash(sentence, "warning")
        return redirect(url_for("desk.watch", number=number))
    return filling.opened(sheet)


@desk.post(f"/{ID}/bearbeiten")
@needs(Can.WRITE)
def save(number: int) -> ResponseReturnValue:
    """Preview or store a draft over what it was."""
    return filling.sent(_of(number))


@desk.post("/neu/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_new() -> ResponseReturnValue:
    """Keep what is typed into a form for a new announcement."""
    return unsaved.keep(Original())


@desk.post(f"/{ID}/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_text(number: int) -> ResponseReturnValue:
    """Keep what is typed into the form of a draft; the draft stays as it is."""
    return unsaved.keep(_of(number))


@desk.post("/schreibhilfe")
@needs(Can.WRITE)
@limiter.limit("240 per minute")
def writing_help() -> ResponseReturnValue:
    """The form's help as fragments of the page, for scripts."""
    return aids.fragments(Original())


def closed_sentence() -> str:
    """What is said where it is too late to change an announcement."""
    return _("Diese Meldung ist inzwischen eingereicht, veröffentlicht oder verworfen und wurde "
             "nicht geändert.")


def _of(number: int) -> Original:
    return Original(wanted(number, Can.WRITE))


def _new_or_made() -> Original:
    made = versions.made_by(db.session(), form_key(), current_user.id)
    return _of(made) if made is not None else Original()


SHEETS |= {"desk.save_new": _new_or_made, "desk.save": _of}
