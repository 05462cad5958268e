"""Stopping what has not left yet."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from civic_push.announcements import following
from civic_push.db import db, utcnow
from civic_push.delivery import kept, report
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, note, wanted
from civic_push.web.desk.words import _


@desk.get(f"/{ID}/stoppen")
@needs(Can.PUBLISH)
def ask_stop(number: int) -> ResponseReturnValue:
    """What stopping would end."""
    announcement = wanted(number, Can.PUBLISH)
    progress = report.progress(db.session(), [number]).get(number, report.Progress())
    return render_template("desk/stop.html", announcement=announcement, progress=progress)


@desk.post(f"/{ID}/stoppen")
@needs(Can.PUBLISH)
def stop(number: int) -> ResponseReturnValue:
    """End what has not left yet."""
    announcement = wanted(number, Can.PUBLISH)
    note("announcement.stopped", ("announcement", number))
    if following.stop(db.session(), announcement, utcnow()) is None:
        flash(_("Hier war nichts mehr zu stoppen."), "warning")
    else:
        kept.forget(number)
        flash(_("Gestoppt. Was noch nicht draußen war, geht nicht mehr hinaus."), "success")
    return redirect(url_for("desk.watch", number=number))
