"""The overview, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, logout_user
from sqlalchemy import select

from civic_push.announcements import listing
from civic_push.announcements.listing import Search, Where
from civic_push.announcements.models import AnnouncementState
from civic_push.db import db, utcnow
from civic_push.delivery import pauses, report
from civic_push.delivery.cells import Cell, cells
from civic_push.delivery.models import State
from civic_push.intake.models import Source
from civic_push.staff import sessions
from civic_push.staff.roles import Can
from civic_push.staff.security import here
from civic_push.web.desk.counts import Count, told
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _

RECENT = 5  # of each list on the overview


class Standing(NamedTuple):
    """How far one announcement has come: whether any wait or failed, and the numbers in
    words, in which small ones are hidden."""

    waits: bool
    failed: bool
    words: str


@desk.get("/")
@needs(Can.READ)
def overview() -> str:
    """What there is to do, what leaves next, what left last, and what needs looking after."""
    now, session = utcnow(), db.session()
    me = current_user._get_current_object()
    found = {name: listing.find(session, search, now, RECENT) for name, search in (
        ("mine", Search(Where.SUBMITTED, author=me.id)),
        ("to_decide", Search(Where.SUBMITTED, decider=me)),
        ("scheduled", Search(Where.SCHEDULED)), ("drafts", Search(Where.DRAFT)),
        ("published", Search(Where.PUBLISHED)))}
    counted = cells(session, [a.id for a in found["published"].rows])
    return render_template(
        "desk/overview.html", counts=listing.counts(session), states=AnnouncementState,
        standing={number: _standing(rows) for number, rows in counted.items()}, **found,
        pauses=report.pauses(session, now),
        sources=session.scalars(
            select(Source).where(Source.active, Source.errors > 0).order_by(Source.name)).all())


def _standing(rows: Sequence[Cell]) -> Standing:
    """Sums of what the announcement's own page shows channel by channel."""
    sent, waits, failed = (
        [Count(c.number, c.public) for c in rows if c.state in states]
        for states in ({State.SENT}, {State.WAITING}, set(State) - {State.SENT, State.WAITING}))
    return Standing(bool(waits), bool(failed), _(
        "%(sent)s übergeben, %(open)s warten, %(failed)s ohne Erfolg",
        sent=told(sent), open=told(waits), failed=told(failed)))


@desk.post("/kanal/<channel>/versuchen")
@needs(Can.PUBLISH)
def try_channel(channel: str) -> ResponseReturnValue:
    """Wake a channel that rests; if its provider still fails, it rests again."""
    pauses.try_now(db.session(), channel, utcnow())
    note("channel.tried", ("channel", channel))
    db.session.commit()
    flash(_("Der Kanal wird gleich wieder versucht."), "success")
    return redirect(url_for("desk.overview"))


@desk.post("/abmelden")
@needs(Can.WORK)
def sign_out() -> ResponseReturnValue:
    """End the session."""
    note("staff.signed_out", ("staff", current_user.id))
    if present := here():
        sessions.end(db.session(), current_user, present.id)
    db.session.commit()
    logout_user()
    flash(_("Sie sind abgemeldet."), "success")
    return redirect(url_for("security.login"))
