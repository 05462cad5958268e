"""The desk's door: password and code, passkey, recovery code. `limits` guards it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_limiter import RequestLimit
from sqlalchemy import select

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.staff import accounts, codes, passkeys, trail
from civic_push.staff.models import Staff
from civic_push.staff.security import SignInForm, enter
from civic_push.web.desk.door import limits
from civic_push.web.desk.frame import words
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from civic_push.web.language import moment
from civic_push.web.protection import keep_private, limiter, network

HALF_WAY = 600  # seconds between the password and the code
HOME = "/redaktion/"

door = Blueprint("door", __name__, url_prefix="/redaktion")
door.after_request(keep_private)
door.context_processor(words)  # an accepted invitation shows a page of the desk


def init_sign_in(app: Flask) -> None:
    """Put our sign-in page in the place of Flask-Security-Too's, behind the limits."""
    app.register_blueprint(door)
    app.view_functions["security.login"] = _limited_sign_in


def sign_in() -> ResponseReturnValue:
    """E-mail address and password; with a second factor, its page comes next."""
    form = SignInForm()
    if not form.validate_on_submit():
        if request.method == "POST":
            _note_failure("password", limits.account())
        return _page(form)
    staff, onward = cast(Staff, form.user), safe(form.next.data)
    if staff.has_second_factor:
        cookie["half"] = {"who": staff.fs_uniquifier, "email": staff.email,
                          "at": int(time.time()), "next": onward}
        return redirect(url_for("door.second_step"))
    return come_in(staff, "password", False, onward)


@door.get("/anmelden/code")
def second_step() -> ResponseReturnValue:
    """The second factor of somebody whose password was right."""
    staff = _half_way()
    return _second_page(Typed(), staff) if staff else _begin_again()


@door.post("/anmelden/code")
@limiter.limit(limits.PER_ACCOUNT, key_func=limits.account,
               deduct_when=limits.failed, exempt_when=limits.known_device)
@limiter.limit(limits.PER_NETWORK, deduct_when=limits.failed, exempt_when=limits.known_device)
@limiter.limit(limits.PER_BOTH, key_func=limits.network_and_account,
               deduct_when=limits.failed)
def check_second_step() -> ResponseReturnValue:
    """Let in who has the app's code of this moment, or a recovery code."""
    staff, typed = _half_way(), Typed(request.form)
    if staff is None:
        return _begin_again()
    session, onward = db.session(), cookie["half"]["next"]
    if staff.totp_secret and codes.check(session, staff, staff.totp_secret, typed.text("code"),
                                         utcnow()):
        return come_in(staff, "password and code", True, onward)
    if codes.use_recovery_code(session, staff, typed.text("code")):
        return come_in(staff, "password and recovery code", True, onward)
    _note_failure("code", f"staff:{staff.id}", staff.id)
    typed.errors["code"] = _("Dieser Code stimmt nicht oder wurde schon benutzt. Bitte geben Sie "
                             "den neuesten aus Ihrer App ein oder einen Wiederherstellungscode.")
    return _second_page(typed, staff), 422


@door.post("/anmelden/passkey")
@limiter.limit("30 per 15 minutes",
               deduct_when=lambda r: "anmelden" in r.headers.get("Location", ""))
def by_passkey() -> ResponseReturnValue:
    """Let in whose device has answered the page's challenge."""
    onward = safe(request.form.get("next"))
    try:
        staff = passkeys.whose(db.session(), request.form.get("credential", ""), utcnow())
    except passkeys.BadPasskey:
        db.session.rollback()
        flash(_("Dieser Passkey wurde nicht angenommen. Bitte versuchen Sie es noch einmal oder "
                "melden Sie sich anders an."), "danger")
        return redirect(url_for("security.login", next=onward))
    return come_in(staff, "passkey", True, onward)


@door.get("/anmelden/wiederherstellen")
def recover() -> ResponseReturnValue:
    """For somebody who has lost the passkey and has no password."""
    return render_template("security/recover.html", typed=Typed())


@door.post("/anmelden/wiederherstellen")
@limiter.limit(limits.PER_BOTH, key_func=limits.network_and_account,
               deduct_when=limits.failed)
@limiter.limit(limits.PER_NETWORK, deduct_when=limits.failed)
def check_recovery() -> ResponseReturnValue:
    """Let in by recovery code who signs in without a password. Where there is one, it comes
    first: a sheet of paper alone must not open the account."""
    typed, session = Typed(request.form), db.session()
    staff = session.scalar(select(Staff).where(
        Staff.email == accounts.as_stored(typed.text("email")), Staff.active,
        Staff.password.is_(None)))
    if staff and codes.use_recovery_code(session, staff, typed.text("code")):
        flash(_("Dieser Code ist verbraucht. Richten Sie am besten gleich einen neuen Passkey "
                "ein."), "warning")
        return come_in(staff, "recovery code", True, url_for("desk.account"))
    _note_failure("recovery code", limits.account())
    typed.errors["code"] = _("Adresse und Code passen nicht zusammen. Haben Sie ein Passwort, "
                             "dann melden Sie sich bitte damit an.")
    return render_template("security/recover.html", typed=typed), 422


def come_in(staff: Staff, how: str, strong: bool, onward: str) -> ResponseReturnValue:
    """Sign in and go on."""
    enter(staff, how, strong)
    limits.remember_device(staff)
    return redirect(onward)


def safe(path: str | None) -> str:
    """A page of the desk to go on to, whatever the form said."""
    good = (path or "").startswith(HOME) and (path or "").isprintable() and "\\" not in (path or "")
    return str(path) if good else HOME


def _half_way() -> Staff | None:
    """Whose password was right a moment ago."""
    half = cookie.get("half")
    if not half or time.time() - half["at"] > HALF_WAY:
        return None
    return db.session.scalar(select(Staff).where(
        Staff.fs_uniquifier == half["who"], Staff.active))


def _begin_again() -> ResponseReturnValue:
    cookie.pop("half", None)
    flash(_("Das hat zu lange gedauert. Bitte melden Sie sich noch einmal an."), "info")
    return redirect(url_for("security.login"))


def _second_page(typed: Typed, staff: Staff) -> str:
    return render_template(
        "security/second_step.html", typed=typed, app=bool(staff.totp_secret),
        challenge=passkeys.ask_for_any() if staff.passkeys else "",
        onward=cookie["half"]["next"])


def _page(form: SignInForm, problem: str = "") -> str:
    return render_template(
        "security/sign_in.html", login_user_form=form, problem=problem,
        onward=safe(form.next.data or request.args.get("next")),
        challenge=passkeys.ask_for_any(), oidc=bool(settings().oidc_issuer))


def _note_failure(how: str, who: str, number: int | None = None) -> None:
    """Failures stand in the trail by a keyed hash of what was typed: it may be anything."""
    actor = f"staff:{number}" if number else trail.STRANGER
    trail.record(db.session(), actor, "staff.sign_in_failed", ("attempt", who),
                 after={"by": how})
    db.session.commit()


def _breached(limit: RequestLimit) -> Response:
    """Say until when, and what goes on working."""
    until = datetime.fromtimestamp(limit.reset_at, UTC)
    page = _page(SignInForm(), _(
        "Das waren zu viele Versuche. Mit Passwort geht es wieder ab %(when)s. Mit einem Passkey "
        "können Sie sich sofort anmelden.", when=moment(until)))
    answer = make_response(page, 429)
    answer.headers["Retry-After"] = str(max(1, int(limit.reset_at - time.time())))
    return answer


# Decorated once in a process: Flask-Limiter counts each decoration, also a second app's.
_limited_sign_in = sign_in
for _limit, _key, _exempt in (
        (limits.PER_ACCOUNT, limits.account, limits.known_device),
        (limits.PER_NETWORK, network, limits.known_device),
        (limits.PER_BOTH, limits.network_and_account, None)):
    _limited_sign_in = limiter.limit(
        _limit, key_func=_key, methods=["POST"], deduct_when=limits.failed,
        exempt_when=_exempt, on_breach=_breached)(_limited_sign_in)
