"""When something goes wrong: one clear sentence, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.db import db
from civic_push.web import problems
from civic_push.web.language import _
from civic_push.web.protection import from_own_page


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error page says."""

    title: str
    advice: str


def init_errors(app: Flask) -> None:
    """Show our own page for every HTTP error and every exception nobody caught."""
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(500, _crash)


def problem(code: str, message: str, status: int) -> tuple[Response, int]:
    """The one JSON shape of errors."""
    return jsonify({"error": {"code": code, "message": message}}), status


def _http_error(error: HTTPException) -> Response | tuple[str, int] | tuple[Response, int]:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    if problems.is_api():
        return problems.of(error)
    return _answer(_trouble(error.code or 500), error.code or 500)


def stale_form(error: CSRFError) -> tuple[str, int] | tuple[Response, int]:
    """A form whose token no longer holds comes back with all that was typed, to be sent
    again; but only to our own page, and never a password."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    secret = any("password" in name for name, _value in fields)
    if fields and not secret and from_own_page():
        return render_template("stale_form.html", fields=fields,
                               action=request.full_path.rstrip("?")), 400
    return _answer(Trouble(
        _("Dieses Formular kann so nicht gesendet werden."),
        _("Es war zu lange offen, oder Ihr Browser lässt keine Cookies zu. Gehen Sie zurück, "
          "laden Sie die Seite neu und senden Sie das Formular noch einmal.")), 400)


def _crash(error: Exception) -> Response | tuple[str, int] | tuple[Response, int]:
    db.session.rollback()  # the page itself may need the database
    if problems.is_api():
        return problems.crash()
    return _answer(_trouble(500), 500)


def _answer(trouble: Trouble, status: int) -> tuple[str, int] | tuple[Response, int]:
    if request.is_json:
        return problem(f"http_{status}", f"{trouble.title} {trouble.advice}", status)
    return render_template("error.html", trouble=trouble, status=status), status


def _trouble(status: int) -> Trouble:
    back = _("Gehen Sie zurück und versuchen Sie es noch einmal.")
    known = {
        403: Trouble(_("Diese Seite ist nicht für Sie freigegeben."),
                     _("Melden Sie sich mit einem Konto an, das sie öffnen darf.")),
        404: Trouble(_("Diese Seite gibt es nicht."),
                     _("Prüfen Sie die Adresse, oder beginnen Sie auf der Startseite.")),
        405: Trouble(_("Diese Seite kann so nicht aufgerufen werden."), back),
        410: Trouble(_("Diese Seite gibt es nicht mehr."),
                     _("Aktuelle Meldungen finden Sie im Archiv.")),
        413: Trouble(_("Das waren zu viele Daten auf einmal."),
                     _("Kürzen Sie Ihre Eingaben und senden Sie sie noch einmal.")),
        421: Trouble(_("Unter dieser Adresse gibt es diese Seiten nicht."),
                     _("Gehen Sie zu %(address)s", address=settings().public_url)),
        429: Trouble(_("Das waren zu viele Versuche in kurzer Zeit."),
                     _("Warten Sie eine Stunde und versuchen Sie es dann noch einmal.")),
        503: Trouble(_("Das geht gerade nicht."),
                     _("Versuchen Sie es in einigen Minuten noch einmal.")),
    }
    if status in known:
        return known[status]
    if status < 500:
        return Trouble(_("Das hat der Server nicht verstanden."), back)
    return Trouble(_("Bei uns ist ein Fehler aufgetreten."),
                   _("Er wurde aufgezeichnet. Versuchen Sie es in einigen Minuten noch einmal."))
