"""One's own account: password, passkeys, app, recovery codes, and where one is signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import segno
from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_security import current_user

from civic_push.db import db, utcnow
from civic_push.staff import accounts, codes, passkeys, sessions
from civic_push.staff.models import Passkey, Staff
from civic_push.staff.roles import Can
from civic_push.staff.security import here, lacks_second_factor
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter

_View = Callable[..., ResponseReturnValue]


def fresh(view: _View) -> _View:
    """For what changes somebody's keys: a session left open on a desk must not do."""
    @wraps(view)
    def guarded(**values: object) -> ResponseReturnValue:
        present = here()
        if present is None or utcnow() - present.created_at > sessions.FRESH:
            flash(_("Bitte melden Sie sich noch einmal an, bevor Sie Ihren Zugang ändern."),
                  "info")
            return redirect(url_for("security.login", next=url_for("desk.account")))
        return view(**values)
    return guarded


@desk.get("/konto")
@needs(Can.WORK)
def account() -> ResponseReturnValue:
    """All about one's own account."""
    return _page(Typed())


@desk.post("/konto/passwort")
@needs(Can.WORK)
@limiter.limit("10 per hour", key_func=lambda: f"password {current_user.id}",
               deduct_when=lambda r: r.status_code != 302)
@fresh
def change_password() -> ResponseReturnValue:
    """Set a new password; other browsers are signed out."""
    typed, staff = Typed(request.form), _me()
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if staff.password and not staff.verify_and_update_password(old):
        typed.errors["old"] = _("Das ist nicht Ihr jetziges Passwort.")
    else:
        try:
            accounts.change_password(db.session(), staff, new, keep=_present_id())
        except accounts.BadPassword as error:
            typed.errors["new"] = password_sentence(error)
    if typed.errors:
        db.session.rollback()
        return _page(typed), 422
    return _changed("staff.password_changed",
                    _("Ihr Passwort ist geändert. Andere Geräte sind abgemeldet."))


@desk.get("/konto/app")
@needs(Can.WORK)
@fresh
def set_up_app() -> ResponseReturnValue:
    """The QR code for an authenticator app, and a field for its first code."""
    return _app_page(Typed())


@desk.post("/konto/app")
@needs(Can.WORK)
@fresh
def keep_app() -> ResponseReturnValue:
    """Switch the app's codes on, once one of them was right."""
    typed, staff, sealed = Typed(request.form), _me(), cookie.get("new totp", "")
    if not sealed or not codes.check(db.session(), staff, sealed, typed.text("code"), utcnow()):
        typed.errors["code"] = _("Dieser Code stimmt nicht. Geben Sie die sechs Ziffern ein, die "
                                 "Ihre App jetzt zeigt.")
        return _app_page(typed), 422
    staff.totp_secret = cookie.pop("new totp")
    return _gained("staff.app_added")


@desk.post("/konto/app/entfernen")
@needs(Can.WORK)
@fresh
def remove_app() -> ResponseReturnValue:
    """Switch the app's codes off."""
    _me().totp_secret = None
    return _changed("staff.app_removed", _("Die App wird nicht mehr gefragt."))


@desk.post("/konto/passkey")
@needs(Can.WORK)
@fresh
def add_passkey() -> ResponseReturnValue:
    """Keep a passkey that this browser has just made."""
    try:
        passkeys.add(_me(), request.form.get("credential", ""),
                     Typed(request.form).text("name") or _device(), utcnow())
    except passkeys.BadPasskey:
        db.session.rollback()
        flash(_("Der Passkey wurde nicht gespeichert. Bitte versuchen Sie es noch einmal."),
              "danger")
        return redirect(url_for("desk.account"))
    return _gained("staff.passkey_added")


@desk.post("/konto/passkey/<int(max=999999999):number>/entfernen")
@needs(Can.WORK)
@fresh
def remove_passkey(number: int) -> ResponseReturnValue:
    """Let a passkey open nothing any more."""
    staff = _me()
    found = db.session.get(Passkey, number)
    if found is not None and found.staff_id == staff.id:
        if not staff.password and len(staff.passkeys) == 1:
            flash(_("Das ist Ihr einziger Zugang. Richten Sie zuerst einen anderen Passkey oder "
                    "ein Passwort ein."), "warning")
            return redirect(url_for("desk.account"))
        staff.passkeys.remove(found)
    return _changed("staff.passkey_removed", _("Der Passkey ist entfernt."))


@desk.post("/konto/codes")
@needs(Can.WORK)
@fresh
def new_codes() -> ResponseReturnValue:
    """Hand out recovery codes, shown only now."""
    return _show_codes("staff.codes_made")


@desk.post("/konto/sitzungen/<int(max=999999999999):number>/beenden")
@needs(Can.WORK)
def end_session(number: int) -> ResponseReturnValue:
    """Sign one browser out."""
    sessions.end(db.session(), _me(), number)
    return _changed("staff.session_ended", _("Dieses Gerät ist abgemeldet."))


@desk.post("/konto/sitzungen/andere")
@needs(Can.WORK)
def end_others() -> ResponseReturnValue:
    """Sign every other browser out."""
    sessions.end(db.session(), _me(), keep=_present_id())
    return _changed("staff.sessions_ended", _("Alle anderen Geräte sind abgemeldet."))


def password_sentence(error: accounts.BadPassword) -> str:
    """Why a password will not do, and what to do."""
    if error.length:
        return _("Bitte wählen Sie ein Passwort mit mindestens 12 und höchstens 200 Zeichen.")
    return _("Dieses Passwort ist leicht zu erraten. Nehmen Sie zum Beispiel vier Wörter, die "
             "nichts miteinander zu tun haben.")


def _me() -> Staff:
    staff: Staff = current_user._get_current_object()
    return staff


def _present_id() -> int:
    present = here()
    assert present is not None  # only_staff has seen to that
    return present.id


def _device() -> str:
    return sessions.device_of(request.user_agent.string) or _("Passkey")


def _page(typed: Typed) -> str:
    staff, session = _me(), db.session()
    return render_template(
        "desk/account.html", typed=typed, mine=staff, present=_present_id(),
        sessions=sessions.of(session, staff, utcnow()), must=lacks_second_factor(staff),
        codes_left=codes.recovery_codes_left(session, staff),
        challenge=passkeys.ask_for_new(staff))


def _app_page(typed: Typed) -> str:
    sealed = cookie.setdefault("new totp", codes.new_secret())
    picture = segno.make(codes.address(sealed, _me().email), error="m")
    return render_template(
        "desk/account_app.html", typed=typed, key=codes.readable(sealed),
        picture=picture.svg_data_uri(scale=5, border=4, light="#fff"))


def _gained(action: str) -> ResponseReturnValue:
    """A second factor was added: this session now has shown it, and there must be codes."""
    present, staff = here(), _me()
    assert present is not None
    present.strong = True
    if codes.recovery_codes_left(db.session(), staff):
        return _changed(action, _("Gespeichert. Damit können Sie sich ab jetzt anmelden."))
    return _show_codes(action)


def _show_codes(action: str) -> ResponseReturnValue:
    staff = _me()
    made = codes.new_recovery_codes(db.session(), staff)
    note(action, ("staff", staff.id))
    db.session.commit()
    return render_template("desk/account_codes.html", codes=made)


def _changed(action: str, sentence: str) -> ResponseReturnValue:
    note(action, ("staff", _me().id))
    db.session.commit()
    flash(sentence, "success")
    return redirect(url_for("desk.account"))
