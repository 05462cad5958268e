"""Deliveries on their way: numbers that move by themselves, and holding them back.

Numbers come as server-sent events (the HTML standard's `text/event-stream`). A stream keeps a
thread of the web server, so there are few at a time, and each ends after less than half a
minute: browsers come back by themselves, with the `Last-Event-ID` of what they know. Whoever
finds all streams taken asks every few seconds instead (`?einmal`); without JavaScript there
is a page that loads itself anew.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_timedelta

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db, utcnow
from civic_push.delivery import holding, kept
from civic_push.delivery.fan_out import lane_of, ring
from civic_push.delivery.models import State
from civic_push.delivery.progress import ChannelProgress, Snapshot, watched
from civic_push.staff.roles import Can
from civic_push.web.desk.counts import Count, least, told
from civic_push.web.desk.frame import ID, desk, needs, note, wanted
from civic_push.web.desk.words import _
from civic_push.web.language import moment

LIFE = 25.0  # seconds; gunicorn waits half a minute for what runs when it is to end
HEARTBEAT = 10.0  # seconds of silence after which a sign of life tells who has gone
TURN = 1.0  # seconds between two looks
RETRY = 2_000  # milliseconds until a browser comes back


def init_live(app: Flask) -> None:
    """Say how many streams this process holds open at once."""
    app.extensions["live_streams"] = BoundedSemaphore(
        max(1, app.extensions["civic_push_settings"].live_streams))


@desk.get(f"/{ID}/live")
@needs(Can.READ)
def live(number: int) -> ResponseReturnValue:
    """The numbers as a stream of events, or once, as JSON."""
    if wanted(number).state != AnnouncementState.PUBLISHED:
        abort(404)
    if "einmal" in request.args:
        return jsonify(numbers(watched(db.session(), number, utcnow())))
    streams: BoundedSemaphore = current_app.extensions["live_streams"]
    if not streams.acquire(blocking=False):
        return Response(status=503, headers={"Retry-After": "5"})
    answer = Response(stream_with_context(_events(number, request.headers.get("Last-Event-ID"))),
                      mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    answer.call_on_close(streams.release)
    return answer


def _events(number: int, known: str | None) -> Iterator[str]:
    """Events as the numbers change, for LIFE seconds or until nothing moves any more."""
    db.session.rollback()  # nothing stays open while the stream is silent
    ends = time.monotonic() + LIFE
    spoke = time.monotonic()
    yield f"retry: {RETRY}\n\n"
    while time.monotonic() < ends:
        found = numbers(watched(db.session(), number, utcnow()))
        text = json.dumps(found)
        mark = hashlib.sha256(text.encode()).hexdigest()[:16]
        if mark != known:
            yield f"id: {mark}\ndata: {text}\n\n"
            known, spoke = mark, time.monotonic()
        elif time.monotonic() - spoke >= HEARTBEAT:
            yield ":\n\n"
            spoke = time.monotonic()
        if not found["moving"]:
            return
        time.sleep(TURN)


@desk.post(f"/{ID}/unterbrechen")
@needs(Can.PUBLISH)
def hold(number: int) -> ResponseReturnValue:
    """Hold back what has not left yet, until somebody lets it go on."""
    announcement = wanted(number, Can.PUBLISH)
    if not _can_be_held(announcement):
        flash(_("Hier ist nichts anzuhalten."), "warning")
    elif holding.begin(db.session(), number, utcnow()):
        note("announcement.held", ("announcement", number))
        _settle(number)
        flash(_("Angehalten. Was noch wartet, bleibt hier, bis es weitergeht."), "success")
    return redirect(url_for("desk.watch", number=number))


@desk.post(f"/{ID}/weiter-senden")
@needs(Can.PUBLISH)
def resume(number: int) -> ResponseReturnValue:
    """Let go what was held back."""
    announcement = wanted(number, Can.PUBLISH)
    lane = lane_of(announcement.urgency)
    if holding.end(db.session(), number):
        note("announcement.resumed", ("announcement", number))
        _settle(number)
        ring(lane)
        flash(_("Es geht weiter."), "success")
    return redirect(url_for("desk.watch", number=number))


def _settle(number: int) -> None:
    db.session.commit()
    holding.settle(db.session(), number)
    kept.forget(number)


def _can_be_held(announcement: Announcement) -> bool:
    return announcement.state == AnnouncementState.PUBLISHED and announcement.closed_at is None


def numbers(snapshot: Snapshot) -> dict[str, Any]:
    """What the page shows and the stream tells of a snapshot."""
    counts = [(state, Count(number, c.public)) for c in snapshot.channels
              for state, number in c.counts.items()]
    waiting = [count for state, count in counts if state == State.WAITING]
    through = [count for state, count in counts if state != State.WAITING]
    # few, and so hidden, is no reason for what is finished to look as if it had not begun
    goal = max(1, least(through) + least(waiting))
    return {
        "headline": headline(snapshot),
        "table": render_template("desk/watch_table.html", channels=snapshot.channels,
                                 states_shown=_states(snapshot), snapshot=snapshot),
        "value": goal if _finished(snapshot) else least(through), "goal": goal,
        "moving": snapshot.moving, "held": snapshot.held}


def _finished(snapshot: Snapshot) -> bool:
    return not snapshot.moving and not any(c.count(State.WAITING) for c in snapshot.channels)


def headline(snapshot: Snapshot) -> str:
    """How things stand, in a sentence or two."""
    sent, waiting = (
        told(Count(c.count(state), c.public) for c in snapshot.channels)
        for state in (State.SENT, State.WAITING))
    words = {"sent": sent, "waiting": waiting}
    grows = _("Die Liste wächst noch.") if snapshot.spreading and not snapshot.closed else ""
    if snapshot.held:
        start = _("Angehalten: %(sent)s übergeben, %(waiting)s warten.", **words)
        return f"{start} {grows}".rstrip()
    if snapshot.moving:
        start = _("%(sent)s übergeben, %(waiting)s warten.", **words)
        return " ".join(filter(None, (start, _pace(snapshot), grows)))
    if not _finished(snapshot):
        return _("%(sent)s übergeben, %(waiting)s warten auf ihre Zeit: die nächste "
                 "Zusammenfassung, das Ende einer Ruhezeit oder einen neuen Versuch.", **words)
    return _("Fertig: %(sent)s übergeben.", **words)


def _pace(snapshot: Snapshot) -> str:
    """How fast it goes, and how long it will take."""
    rate = sum(c.per_second for c in snapshot.channels)
    if rate < 1:
        return ""
    words = {"rate": format_decimal(round(rate))}
    left = [seconds_left(c) for c in snapshot.channels if c.due]
    if snapshot.spreading or None in left:
        return _("%(rate)s in der Sekunde.", **words)
    return _("%(rate)s in der Sekunde, noch etwa %(time)s.", **words,
             time=_span(max((s for s in left if s), default=0)))


def seconds_left(channel: ChannelProgress) -> float | None:
    """When this channel will be through, at its present pace; None where it has none."""
    return channel.due / channel.per_second if channel.per_second >= 0.5 else None


def ending(channel: ChannelProgress) -> str:
    """When a channel will be through, or when its next delivery is due."""
    if channel.due:
        left = seconds_left(channel)
        return _("jetzt") if left is None else _("in etwa %(time)s", time=_span(left))
    if channel.next_due is not None:
        return moment(datetime.fromtimestamp(channel.next_due, UTC))
    return "–"


def _span(seconds: float) -> str:
    return str(format_timedelta(timedelta(seconds=max(1, round(seconds))), threshold=1.5))


def _states(snapshot: Snapshot) -> list[State]:
    """The table's columns: the usual states, and others that occur."""
    occur = {state for channel in snapshot.channels for state in channel.counts}
    return [s for s in State if s in occur or s in (State.WAITING, State.SENT)]


@desk.context_processor
def live_words() -> dict[str, object]:
    """What the table of deliveries is worded with."""
    return {"ending": ending, "total_of": lambda channel: told(
        Count(number, channel.public) for number in channel.counts.values())}
