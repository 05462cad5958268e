"""The tray: what came from sources and waits for an editor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext, ngettext
from flask_security import current_user
from sqlalchemy import select

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db
from civic_push.intake import tray as waiting_tray
from civic_push.intake.grouping import Sign
from civic_push.intake.tray import Only
from civic_push.staff import roles
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import allow, desk, needs, note, page_number
from civic_push.web.desk.words import _
from subscriptions.models import Topic

MOST = 200  # announcements one button may be about
_LARGEST = 10**12  # longer numbers would not fit the database's integers

SIGNS = {Sign.LINK: lazy_gettext("gleicher Link"), Sign.TITLE: lazy_gettext("gleicher Titel"),
         Sign.SIMILAR: lazy_gettext("ähnlicher Titel, ähnliche Zeit")}
"""Why items stand together."""


@desk.get("/eingang")
@needs(Can.READ)
def tray() -> str:
    """What sources brought, newest first, in their own words, similar things together."""
    session, only = db.session(), _only()
    page = waiting_tray.page(session, only, page_number())
    topics = session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all()
    return render_template(
        "desk/tray.html", page=page, signs=SIGNS, topics_there=topics, only=only, query=_query(),
        filtered=only != Only(), most=waiting_tray.MOST, sources=waiting_tray.sources(session),
        named={topic.id: topic.name for topic in topics},
        suggested={number: waiting_tray.suggested(one, page.items.get(number), topics)
                   for number, one in page.announcements.items()},
        undo=[a.id for a in waiting_tray.dismissed(session, _numbers(
            request.args.get("verworfen", "").split(".")))
            if roles.may(current_user, Can.WRITE, a)])


@desk.post("/eingang")
@needs(Can.WRITE)
def act_on_tray() -> ResponseReturnValue:
    """Dismiss, take over or merge what is ticked, or what a button names after its verb; all
    of it or, where one lies outside one's limits, nothing."""
    verb, _blank, named = request.form.get("tat", "").partition(" ")
    ids = _numbers(named.split() if named else request.form.getlist("meldung"))
    found = waiting_tray.waiting(db.session(), ids)
    for announcement in found:
        allow(Can.WRITE, announcement)
    act = _ACTS.get(verb)
    if act is None or not found:
        db.session.rollback()
        flash(_("Wählen Sie zuerst Meldungen aus.") if not ids else
              _("Das hat inzwischen schon jemand erledigt."), "warning")
        return _back()
    return act(found)


@desk.post("/eingang/zurueck")
@needs(Can.WRITE)
def undo_dismissal() -> ResponseReturnValue:
    """Put what was dismissed back into the tray."""
    found = waiting_tray.dismissed(db.session(), _numbers(request.form.getlist("meldung")))
    for announcement in found:
        allow(Can.WRITE, announcement)
    waiting_tray.move(db.session(), [a.id for a in found], AnnouncementState.WAITING)
    _noted("announcement.moved", found, AnnouncementState.DISMISSED, AnnouncementState.WAITING)
    db.session.commit()
    if found:
        flash(ngettext("Eine Meldung ist wieder im Eingang.",
                       "%(num)d Meldungen sind wieder im Eingang.", len(found)), "success")
    return _back()


def _dismiss(found: Sequence[Announcement]) -> ResponseReturnValue:
    ids = [a.id for a in found]
    waiting_tray.move(db.session(), ids, AnnouncementState.DISMISSED)
    _noted("announcement.moved", found, AnnouncementState.WAITING, AnnouncementState.DISMISSED)
    db.session.commit()
    return _back(verworfen=".".join(map(str, ids)))


def _take_over(found: Sequence[Announcement]) -> ResponseReturnValue:
    waiting_tray.move(db.session(), [a.id for a in found], AnnouncementState.DRAFT,
                      current_user.id)
    _noted("announcement.moved", found, AnnouncementState.WAITING, AnnouncementState.DRAFT)
    db.session.commit()
    flash(ngettext("Eine Meldung ist jetzt ein Entwurf.",
                   "%(num)d Meldungen sind jetzt Entwürfe.", len(found)), "success")
    return _back()


def _merge(found: Sequence[Announcement]) -> ResponseReturnValue:
    if len(found) < 2 or any(a.root_id for a in found):
        db.session.rollback()
        flash(_("Zusammenführen lassen sich zwei oder mehr Meldungen, aber keine Korrekturen. "
                "Es wurde nichts geändert."), "warning")
        return _back()
    main = waiting_tray.merge(found, current_user.id)
    number = main.id
    note("announcement.merged", ("announcement", number), None,
         {"merged": [a.id for a in found if a is not main], "title": main.title})
    db.session.commit()
    flash(_("Die Meldungen sind jetzt ein Entwurf. Bitte kürzen Sie den Text."), "success")
    return redirect(url_for("desk.edit", number=number))


def _add_topics(found: Sequence[Announcement]) -> ResponseReturnValue:
    session = db.session()
    topics = session.scalars(select(Topic).order_by(Topic.position)).all()
    items = waiting_tray.items_of(session, found)
    for announcement in found:
        before = [topic.id for topic in announcement.topics]
        new = waiting_tray.suggested(announcement, items.get(announcement.id), topics)
        announcement.topics.extend(topic for topic in topics if topic.id in new)
        allow(Can.WRITE, announcement)
        note("announcement.saved", ("announcement", announcement.id), {"topics": before},
             {"topics": [topic.id for topic in announcement.topics]})
    session.commit()
    flash(_("Die vorgeschlagenen Themen sind eingetragen."), "success")
    return _back()


_ACTS = {"verwerfen": _dismiss, "uebernehmen": _take_over, "zusammenfuehren": _merge,
         "themen": _add_topics}


def _noted(action: str, found: Sequence[Announcement], before: str, after: str) -> None:
    for announcement in found:
        note(action, ("announcement", announcement.id), before, after)


def _only() -> Only:
    return Only(*(next(iter(_numbers([request.values.get(name, "")])), None)
                  for name in ("quelle", "thema")))


def _query(**more: Any) -> dict[str, Any]:
    """What an address of the tray says besides its page: the filter."""
    only = _only()
    chosen = {"quelle": only.source, "thema": only.topic, **more}
    return {name: value for name, value in chosen.items() if value}


def _back(**more: str) -> ResponseReturnValue:
    return redirect(url_for("desk.tray", seite=page_number(), **_query(**more)))


def _numbers(texts: Sequence[str]) -> list[int]:
    """Ids among what was sent, each once; what is none is left out."""
    found = dict.fromkeys(int(text) for text in texts if text.isascii() and text.isdigit()
                          and int(text) < _LARGEST)
    return list(found)[:MOST]
