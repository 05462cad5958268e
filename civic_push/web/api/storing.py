"""Storing what a client wrote: the draft, what it has besides, its version and its line in the
trail, as when somebody saves it at the desk."""

from __future__ import annotations

from datetime import datetime

from civic_push.announcements import publishing, versions
from civic_push.announcements.details import complete
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.db import db
from civic_push.web.api.frame import client, note
from civic_push.web.desk.writing import forms
from civic_push.web.desk.writing.written import Written


def store(written: Written, draft: Draft, now: datetime, row: Announcement | None = None, *,
          follows: Announcement | None = None) -> int:
    """Store a new draft, or over `row`, and commit. Returns the announcement's id."""
    session, author, before = db.session(), client().staff.id, None
    if row is not None:
        shown = forms.show(row)
        before = forms.told(shown)
        versions.record(session, row.id, shown.content, row.editor_id, now)
    saved = publishing.save(session, draft, now, row, follows=follows)
    complete(saved, forms.details(written))
    saved.state = AnnouncementState.DRAFT  # out of the tray: somebody works on it
    made, number = forms.show(saved), saved.id
    versions.record(session, number, made.content, author, now)
    note("announcement.saved", ("announcement", number), before, forms.told(made))
    session.commit()
    return number
