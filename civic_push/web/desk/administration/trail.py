"""The trail, readable: who did what, when, from what to what."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import db
from civic_push.staff import accounts, trail
from civic_push.staff.models import TrailEntry
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs
from civic_push.web.desk.words import ACTION_WORDS, FIELD_WORDS, VALUE_WORDS, _
from civic_push.web.forms import Typed
from subscriptions.models import Neighbourhood, Topic
from subscriptions.timing import TOWN_TIME

SIZE = 50  # entries a page


@desk.get("/protokoll")
@needs(Can.ADMINISTER)
def show_trail() -> str:
    """Entries, newest first, filtered by person, action, thing and day; a page at a time by
    key, however long the trail is."""
    typed, session = Typed(request.args), db.session()
    query = select(TrailEntry).order_by(TrailEntry.id.desc()).limit(SIZE + 1)
    for column, name in ((TrailEntry.actor, "wer"), (TrailEntry.action, "was"),
                         (TrailEntry.kind, "art"), (TrailEntry.object_id, "nummer")):
        if typed.text(name):
            query = query.where(column == typed.text(name))
    if since := _day(typed, "von"):
        query = query.where(TrailEntry.at >= since)
    if until := _day(typed, "bis"):
        query = query.where(TrailEntry.at < until + timedelta(days=1))
    if (before := request.args.get("vor", 0, type=int)) and 0 < before < 2**62:
        query = query.where(TrailEntry.id < before)
    found = session.scalars(query).all()
    people = {trail.name_of(p): p.email for p in accounts.everybody(session)}
    return render_template(
        "desk/trail.html", typed=typed, entries=found[:SIZE], names=_names(people),
        actions=ACTION_WORDS, changes=Changes(session).of, more=len(found) > SIZE,
        carried={k: v for k, v in request.args.items() if k != "vor" and v})


class Changes:
    """Says what an entry changed, in the desk's words; Ortsteile and topics by name."""

    def __init__(self, session: Session) -> None:
        self._names = {
            name: {row.id: row.name for row in session.execute(select(kind.id, kind.name))}
            for name, kind in (("topics", Topic), ("neighbourhoods", Neighbourhood))}

    def of(self, entry: TrailEntry) -> list[tuple[str, str, str]]:
        """What changed, as (name, from, to)."""
        before, after = (value if isinstance(value, dict) else {} if value is None else
                         {"": value} for value in map(json.loads, (entry.before, entry.after)))
        return [(str(FIELD_WORDS.get(name, name)), self._said(name, before.get(name)),
                 self._said(name, after.get(name)))
                for name in sorted(before.keys() | after.keys())
                if before.get(name) != after.get(name)]

    def _said(self, name: str, value: object) -> str:
        if value in (None, "", []):
            return "–"
        if isinstance(value, bool):
            return _("ja") if value else _("nein")
        if isinstance(value, list):
            known = self._names.get(name, {})
            return ", ".join(known.get(v) or str(VALUE_WORDS.get(v, v)) for v in value)
        return str(VALUE_WORDS.get(str(value), value))


def _names(people: dict[str, str]) -> dict[str, str]:
    return {**people, trail.COMMAND: _("Befehl auf dem Server"), trail.CLOCK: _("Zeitplan"),
            trail.STRANGER: _("nicht angemeldet")}


def _day(typed: Typed, name: str) -> datetime | None:
    """The beginning of the day in this field, on the town's clocks."""
    text = typed.text(name)
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), TOWN_TIME)
    except ValueError:
        typed.errors[name] = _("Schreiben Sie das Datum so: 2026-11-18.")
        return None
