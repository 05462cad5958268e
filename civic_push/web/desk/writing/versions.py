"""The versions of a draft: who saved what and when, and what was different."""

from __future__ import annotations

from collections.abc import Iterable

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from civic_push.announcements import versions
from civic_push.announcements.models import OPEN
from civic_push.announcements.writing_models import AnnouncementVersion
from civic_push.db import db
from civic_push.languages import LANGUAGES
from civic_push.staff.models import Staff
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.writing.changes import changes
from civic_push.web.desk.writing.written import Written, stored


@desk.get(f"/{ID}/fassungen")
@needs(Can.READ)
def show_versions(number: int) -> ResponseReturnValue:
    """All versions; one of them, `?fassung=…` or the newest, beside the one before it."""
    announcement, found = wanted(number), versions.all_of(db.session(), number)
    shown = version_asked_for(number) if "fassung" in request.args else next(iter(found), None)
    before = next((one for one in found if shown and one.id < shown.id), None)
    then, now = (stored(one.content) if one else Written(where="town") for one in (before, shown))
    return render_template(
        "desk/versions.html", announcement=announcement, versions=found, shown=shown,
        before=before, names=author_names(found), editable=announcement.state in OPEN,
        changes=changes(then, now), checked=[LANGUAGES[language] for language in now.checked])


def version_asked_for(number: int) -> AnnouncementVersion:
    """The version that `?fassung=…` names; 404 where the announcement has none such."""
    asked = request.args.get("fassung", 0, type=int)
    found = next((v for v in versions.all_of(db.session(), number) if v.id == asked), None)
    if found is None:
        abort(404)
    return found


def author_names(found: Iterable[AnnouncementVersion]) -> dict[int, str]:
    """Who wrote these versions, by id."""
    ids = {version.author_id for version in found}
    return {row.id: row.email for row in db.session.execute(
        select(Staff.id, Staff.email).where(Staff.id.in_(ids - {None})))}
