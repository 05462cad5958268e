"""Sending an announcement once more to those who did not get it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from civic_push.db import db, utcnow
from civic_push.delivery import again, kept
from civic_push.delivery.fan_out import lane_of, ring
from civic_push.delivery.reasons import PERHAPS_ARRIVED
from civic_push.delivery.report import Failures
from civic_push.staff.roles import Can
from civic_push.web.desk.counts import Count, told
from civic_push.web.desk.frame import ID, desk, needs, note
from civic_push.web.desk.watching.report import Report, found, tell
from civic_push.web.desk.watching.report_words import OBJECTIONS, REASONS
from civic_push.web.desk.words import STATES, _
from civic_push.web.forms import Typed

_PAID = "sms"


@desk.get(f"/{ID}/bericht/nachsenden")
@needs(Can.PUBLISH)
def ask_again(number: int) -> ResponseReturnValue:
    """Who did not get it, and to whom it could be sent once more."""
    return _form(found(number, Can.PUBLISH), Typed())


@desk.post(f"/{ID}/bericht/nachsenden")
@needs(Can.PUBLISH)
def send_again(number: int) -> ResponseReturnValue:
    """Let those that were chosen wait once more."""
    it, now = found(number, Can.PUBLISH), utcnow()
    if problem := again.objection(it.announcement, now):
        flash(OBJECTIONS[problem], "warning")
        return redirect(url_for("desk.show_report", number=number))
    chosen = [group for group in it.again if key_of(group) in request.form.getlist("was")]
    typed = Typed(request.form)
    typed.errors = _errors(chosen)
    if typed.errors:
        return _form(it, typed), 422
    lane = lane_of(it.announcement.urgency)
    count = again.send_again(db.session(), it.announcement, chosen, now)
    words = told([Count(count, all(group.public for group in chosen))])
    note("announcement.again", ("announcement", number), None,
         {"reasons": [key_of(group) for group in chosen], "count": words})
    db.session.commit()
    kept.forget(number)
    ring(lane)
    flash(_("Wird noch einmal gesendet: %(count)s.", count=words) if count else
          _("Von ihnen ist niemand mehr angemeldet. Es wurde nichts gesendet."),
          "success" if count else "warning")
    return redirect(url_for("desk.watch", number=number))


def key_of(group: Failures) -> str:
    """A group's name in the form and the trail."""
    return f"{group.channel}:{group.reason}"


def perhaps_twice(groups: Sequence[Failures]) -> bool:
    """Whether somebody may get a paid message twice."""
    return any(g.channel == _PAID and g.reason in PERHAPS_ARRIVED for g in groups)


def _errors(chosen: Sequence[Failures]) -> dict[str, str]:
    if not chosen:
        return {"was": _("Bitte wählen Sie, an wen es noch einmal gehen soll.")}
    if perhaps_twice(chosen) and request.form.get("doppelt") != "ja":
        return {"doppelt": _("Bitte bestätigen Sie, dass manche die SMS dann doppelt bekommen, "
                             "oder wählen Sie diese Gruppe ab.")}
    return {}


def _form(it: Report, typed: Typed) -> str:
    problem = again.objection(it.announcement, utcnow())
    groups = [(group, words) for group, words in tell(it.figures.failures, lambda c: told([c]))
              if group in it.again]
    return render_template(
        "desk/report_again.html", announcement=it.announcement, typed=typed, groups=groups,
        key_of=key_of, reasons=REASONS, states=STATES, perhaps=PERHAPS_ARRIVED,
        warn=perhaps_twice(it.again), objection=OBJECTIONS[problem] if problem else None)
