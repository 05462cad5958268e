"""The overview, the lists, and the way out."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, logout_user
from sqlalchemy import select

from civic_push.announcements import listing
from civic_push.announcements.models import AnnouncementState
from civic_push.db import db, utcnow
from civic_push.delivery import pauses, report
from civic_push.intake.models import Source
from civic_push.staff import sessions
from civic_push.staff.roles import Can
from civic_push.staff.security import here
from civic_push.web.desk_frame import desk, needs, note, page_number
from civic_push.web.desk_words import _

RECENT = 5  # published announcements on the overview, with their deliveries counted

_LISTS = {"entwuerfe": AnnouncementState.DRAFT, "veroeffentlicht": AnnouncementState.PUBLISHED,
          "verworfen": AnnouncementState.DISMISSED}


@desk.get("/")
@needs(Can.READ)
def overview() -> str:
    """Drafts, the tray, what was published last, and what needs looking after."""
    now, session = utcnow(), db.session()
    published = listing.page(session, AnnouncementState.PUBLISHED, size=RECENT)
    return render_template(
        "desk/overview.html", counts=listing.counts(session), states=AnnouncementState,
        drafts=listing.page(session, AnnouncementState.DRAFT, size=RECENT), published=published,
        progress=report.progress(session, [a.id for a in published.rows]),
        pauses=report.pauses(session, now),
        sources=session.scalars(
            select(Source).where(Source.active, Source.errors > 0).order_by(Source.name)).all())


@desk.get("/meldungen/<any(entwuerfe, veroeffentlicht, verworfen):which>")
@needs(Can.READ)
def announcements(which: str) -> str:
    """One list: drafts, published or dismissed announcements."""
    found = listing.page(db.session(), _LISTS[which], page_number())
    return render_template("desk/list.html", which=which, page=found)


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
