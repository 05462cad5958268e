"""The form of the accessibility statement: report a barrier, or ask for what a page says in
another way (EU decision 2018/1523). It arrives at the desk."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from civic_push.db import db, utcnow
from civic_push.legal import reports
from civic_push.legal.models import ReportKind
from civic_push.web.asking import seals
from civic_push.web.forms import Typed
from civic_push.web.language import _, language
from civic_push.web.protection import keep_private, limiter, seconds_open, stamp

pages = Blueprint("feedback", __name__)
pages.after_request(keep_private)

HONEYPOT = "zweitname"  # people do not see this field
MIN_SECONDS = 2  # people need longer, programs do not
LONGEST = {"seite": 300, "nachricht": 4_000, "antwort": 200}  # characters


@pages.get("/barrierefreiheit/melden")
def form() -> str:
    """The empty form; `?seite=/anmelden` fills in the page it is about."""
    typed = Typed()
    typed.values["seite"] = request.args.get("seite", "")[:LONGEST["seite"]]
    typed.values["art"] = ReportKind.BARRIER
    return _show(typed, stamp(utcnow()))


@pages.post("/barrierefreiheit/melden")
@limiter.limit("10 per hour")
def submit() -> Response | tuple[str, int]:
    """Check and store it; or show it again with what was typed."""
    typed, now = Typed(request.form), utcnow()
    _check(typed)
    shown_at = typed.text("gezeigt")
    open_for = seconds_open(shown_at, now)
    if not typed.errors and (open_for is None or open_for < MIN_SECONDS):
        typed.errors["absenden"] = _("Das ging sehr schnell. Prüfen Sie Ihre Angaben und "
                                     "senden Sie sie noch einmal.")
    if typed.errors:
        return _show(typed, shown_at if open_for is not None else stamp(now)), 422
    if not typed.text(HONEYPOT):  # a program is told the same, and nothing happens
        reports.receive(
            db.session(), seals(), kind=ReportKind(typed.text("art")), page=typed.text("seite"),
            message=typed.text("nachricht"), reply_to=typed.text("antwort"),
            language=language(), form=shown_at, now=now)
        db.session.commit()
    flash(_("Danke! Ihre Nachricht ist angekommen. Wenn Sie uns gesagt haben, wie wir Sie "
            "erreichen, antworten wir innerhalb von vier Wochen."), "success")
    return redirect(url_for("public.accessibility"), 303)


def _check(typed: Typed) -> None:
    if typed.text("art") not in set(ReportKind):
        typed.errors["art"] = _("Wählen Sie, was Sie uns sagen möchten.")
    if not typed.text("nachricht"):
        typed.errors["nachricht"] = _("Schreiben Sie uns, was nicht geht oder was Sie brauchen.")
    for name, most in LONGEST.items():
        if len(typed.text(name)) > most:
            typed.errors[name] = _(
                "Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s Zeichen.", most=most)


def _show(typed: Typed, shown_at: str) -> str:
    return render_template("feedback.html", typed=typed, shown_at=shown_at, honeypot=HONEYPOT)
