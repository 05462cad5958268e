"""Putting drafts aside, and restoring them."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update

from civic_push.announcements.models import OPEN, Announcement, AnnouncementState
from civic_push.db import db
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, note, page_number, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing.write import closed_sentence


@desk.post(f"/{ID}/verwerfen")
@needs(Can.WRITE)
def dismiss(number: int) -> ResponseReturnValue:
    """Put a draft or an item of the tray aside; it can be restored."""
    from_tray = wanted(number, Can.WRITE).state == AnnouncementState.WAITING
    if _move(number, OPEN, AnnouncementState.DISMISSED):
        flash(_("Verworfen. Sie finden den Text unter „Verworfen“ wieder."), "success")
    else:
        flash(closed_sentence(), "warning")
    if from_tray:
        return redirect(url_for("desk.tray", seite=page_number()))
    return redirect(url_for("desk.overview"))


@desk.post(f"/{ID}/zurueckholen")
@needs(Can.WRITE)
def restore(number: int) -> ResponseReturnValue:
    """Make a dismissed announcement a draft again."""
    wanted(number, Can.WRITE)
    if _move(number, (AnnouncementState.DISMISSED,), AnnouncementState.DRAFT):
        flash(_("Die Meldung ist wieder ein Entwurf."), "success")
    return redirect(url_for("desk.watch", number=number))


def _move(number: int, states: tuple[AnnouncementState, ...], to: AnnouncementState) -> bool:
    """Change the state where it still is one of `states`; whether this call did it."""
    done = db.session.execute(
        update(Announcement).where(Announcement.id == number, Announcement.state.in_(states))
        .values(state=to).returning(Announcement.id)).first()
    if done:
        note("announcement.moved", ("announcement", number), None, to)
    db.session.commit()
    return done is not None
