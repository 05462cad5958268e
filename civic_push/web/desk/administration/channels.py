"""How the ways out fare: what waits, what left, what did not; pausing and resuming them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, lazy_gettext
from flask_security import current_user

from channels import KINDS
from channels.base import Kind
from civic_push import doctor
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import health, pauses, tallies
from civic_push.delivery.health import ChannelHealth
from civic_push.delivery.report import FEW
from civic_push.doctor import Finding
from civic_push.staff.roles import Can
from civic_push.web.desk.administration.findings import sentence
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter
from subscriptions.timing import TOWN_TIME

KIND_WORDS = {
    Kind.LATER: lazy_gettext("vorläufig nicht angenommen; wird von selbst wiederholt"),
    Kind.REFUSED: lazy_gettext("abgelehnt; diese Nachrichten kommen nicht an"),
    Kind.GONE: lazy_gettext("Adresse gibt es nicht mehr; das Abo ist beendet"),
    Kind.UNKNOWN: lazy_gettext("übergeben, aber ohne Antwort; vielleicht angekommen"),
    tallies.EXPIRED: lazy_gettext("nicht rechtzeitig hinausgegangen; die Meldung galt nicht mehr"),
}
MORNING = time(6)
_LONGEST_REASON = 200
_HEIGHT, _STEP, _WIDTH = 60, 10, 8  # of the chart, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of a chart."""

    hour: datetime
    count: int
    x: int
    y: float
    height: float


@desk.get("/kanaele")
@needs(Can.ADMINISTER)
def channels() -> str:
    """Every channel, set up or not."""
    return _page()


@desk.post("/kanaele/pruefen")
@needs(Can.ADMINISTER)
@limiter.limit("6 per minute", key_func=lambda: f"doctor {current_user.id}")
def check_channels() -> str:
    """Look as `civic-push doctor` does: every channel is tried without sending anything."""
    db.session.rollback()  # it looks at the database too, and providers take their time
    return _page(list(doctor.examine(settings())))


@desk.get("/kanaele/<channel>/anhalten")
@needs(Can.ADMINISTER)
def ask_hold(channel: str) -> str:
    """Why, and for how long?"""
    return _hold_page(_known(channel), Typed())


@desk.post("/kanaele/<channel>/anhalten")
@needs(Can.ADMINISTER)
def hold_channel(channel: str) -> ResponseReturnValue:
    """Pause a channel by hand."""
    typed, now = Typed(request.form), utcnow()
    reason, until = typed.text("grund"), _until(typed.text("bis"), now)
    if not reason:
        typed.errors["grund"] = _("Schreiben Sie, warum. Das Team liest es hier und im Protokoll.")
    elif len(reason) > _LONGEST_REASON:
        typed.errors["grund"] = _("Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s "
                                  "Zeichen.", most=_LONGEST_REASON)
    if until is None:
        typed.errors["bis"] = _("Wählen Sie, wie lange der Kanal angehalten bleibt.")
    if typed.errors or until is None:
        return _hold_page(_known(channel), typed), 422
    pauses.hold(db.session(), _known(channel), reason, until, now)
    note("channel.held", ("channel", channel), None, {
        "reason": reason, "until": None if until == pauses.OPEN_END else until})
    db.session.commit()
    flash(_("Angehalten. Was auf diesem Weg hinaus soll, wartet."), "success")
    return redirect(url_for("desk.channels"), 303)


@desk.post("/kanaele/<channel>/fortsetzen")
@needs(Can.ADMINISTER)
def release_channel(channel: str) -> ResponseReturnValue:
    """End a pause made by hand; what waits leaves within seconds."""
    if pauses.release(db.session(), _known(channel)):
        note("channel.released", ("channel", channel))
        flash(_("Fortgesetzt. Was gewartet hat, geht jetzt hinaus."), "success")
    else:
        flash(_("Dieser Kanal war nicht mehr angehalten."))
    db.session.commit()
    return redirect(url_for("desk.channels"), 303)


def _page(findings: Sequence[Finding] | None = None) -> str:
    now = utcnow()
    found = health.channels(db.session(), settings(), now)
    return render_template(
        "desk/admin_channels.html", channels=sorted(found, key=lambda c: not c.ready),
        ready=health.readiness(now), bars=bars, per_second=per_second,
        kind_words=KIND_WORDS, findings=findings, sentence=sentence)


def _hold_page(channel: str, typed: Typed) -> str:
    return render_template("desk/admin_channel_hold.html", channel=channel, typed=typed)


def _known(channel: str) -> str:
    if channel not in KINDS:
        abort(404)
    return channel


def _until(choice: str, now: datetime) -> datetime | None:
    """When the pause ends by itself; None where nothing was chosen."""
    if choice == "stunde":
        return now + timedelta(hours=1)
    if choice == "morgen":
        local = now.astimezone(TOWN_TIME)
        day = local.date() + timedelta(days=local.time() >= MORNING)
        return datetime.combine(day, MORNING, TOWN_TIME)
    return pauses.OPEN_END if choice == "offen" else None


def bars(channel: ChannelHealth) -> list[Bar]:
    """A chart's bars. Numbers of residents that are not told look like the smallest that is."""
    least = 1 if channel.name == "outlet" else FEW
    shown = [(hour, count, max(count, least) if count else 0) for hour, count in channel.sent]
    scale = _HEIGHT / max(1, *(height for _hour, _count, height in shown))
    return [Bar(hour, count, number * _STEP + (_STEP - _WIDTH) // 2,
                round(_HEIGHT - height * scale, 2), round(height * scale, 2))
            for number, (hour, count, height) in enumerate(shown)]


def per_second(channel: ChannelHealth) -> str:
    """A channel's limit, in words."""
    if not channel.per_second:
        return _("keine")
    return _("%(number)s in der Sekunde", number=format_decimal(channel.per_second))
