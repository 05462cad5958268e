"""Reported barriers at the desk: what waits for an answer, and putting it away."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.languages import LANGUAGES
from civic_push.legal import reports
from civic_push.legal.models import BarrierReport
from civic_push.staff.roles import Can
from civic_push.web.asking import seals
from civic_push.web.desk.frame import ID, desk, needs, note
from civic_push.web.language import _
from subscriptions.seals import UnreadableAddress


@desk.get("/barrieren")
@needs(Can.PUBLISH)
def barrier_reports() -> str:
    """What was reported: the oldest unanswered first."""
    return render_template("desk/reports.html", reports=reports.latest(db.session()),
                           reply_to=_reply_to, names=LANGUAGES)


@desk.post(f"/barrieren/{ID}/beantwortet")
@needs(Can.PUBLISH)
def answer_report(number: int) -> Response:
    """Put a report away as answered; pressed twice is once."""
    report = db.session.get(BarrierReport, number, with_for_update=True)
    if report is None:
        abort(404)
    if report.answered_at is None:
        report.answered_at = utcnow()
        note("barrier_report.answer", ("barrier_report", number))
    db.session.commit()
    flash(_("Als beantwortet abgelegt. In einem halben Jahr wird die Meldung gelöscht."),
          "success")
    return redirect(url_for("desk.barrier_reports"), 303)


def _reply_to(report: BarrierReport) -> str:
    try:
        return reports.reply_address(seals(), report)
    except UnreadableAddress:
        return _("nicht lesbar")
