"""The page behind an invitation's link: choose a passkey or a password, and come in."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from civic_push.db import db, utcnow
from civic_push.staff import accounts, codes, invitations, passkeys, trail
from civic_push.staff.models import Staff
from civic_push.staff.security import enter
from civic_push.web.desk.door import limits
from civic_push.web.desk.door.account import password_sentence
from civic_push.web.desk.door.sign_in import come_in, door
from civic_push.web.desk.words import _
from civic_push.web.errors import Trouble
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter
from subscriptions.tokens import BadToken


@door.get("/einladung/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Opening the link changes nothing: mail scanners do it too."""
    staff = _invited(token)
    return _page(staff, Typed()) if staff else _stale()


@door.post("/einladung/<token>")
@limiter.limit("30 per hour", deduct_when=limits.failed)
def accept(token: str) -> ResponseReturnValue:
    """Set the account's first key and sign in. The link ends with that."""
    staff, typed = _invited(token), Typed(request.form)
    if staff is None:
        return _stale()
    if typed.text("credential") and not staff.has_second_factor:
        return _with_passkey(staff, typed)
    return _with_password(staff, typed)


def _with_passkey(staff: Staff, typed: Typed) -> ResponseReturnValue:
    try:
        passkeys.add(staff, typed.text("credential"), _("Passkey vom ersten Anmelden"), utcnow())
    except passkeys.BadPasskey:
        db.session.rollback()
        typed.errors["password"] = _("Der Passkey wurde nicht gespeichert. Bitte versuchen Sie es "
                                     "noch einmal oder wählen Sie ein Passwort.")
        return _page(staff, typed), 422
    if not invitations.use_up(db.session(), staff):
        return _stale()
    made = codes.new_recovery_codes(db.session(), staff)
    _note(staff, "passkey")
    enter(staff, "invitation and passkey", True)
    limits.remember_device(staff)
    return render_template("desk/account_codes.html", codes=made)


def _with_password(staff: Staff, typed: Typed) -> ResponseReturnValue:
    try:
        accounts.change_password(db.session(), staff, request.form.get("password", ""))
    except accounts.BadPassword as error:
        db.session.rollback()
        typed.errors["password"] = password_sentence(error)
        return _page(staff, typed), 422
    if not invitations.use_up(db.session(), staff):
        return _stale()
    _note(staff, "password")
    if staff.has_second_factor:  # the letter stands in for the password, never for that
        db.session.commit()
        flash(_("Ihr neues Passwort gilt. Bitte melden Sie sich damit an."), "success")
        return redirect(url_for("security.login"))
    flash(_("Ihr Zugang ist eingerichtet. Am besten richten Sie gleich eine zweite Sicherung "
            "ein."), "success")
    return come_in(staff, "invitation and password", False, url_for("desk.account"))


def _invited(token: str) -> Staff | None:
    try:
        return invitations.invited(
            db.session(), current_app.extensions["tokens"], token, utcnow())
    except BadToken:
        return None


def _note(staff: Staff, how: str) -> None:
    trail.record(db.session(), staff, "staff.invitation_accepted", ("staff", staff.id),
                 after={"by": how})


def _page(staff: Staff, typed: Typed) -> str:
    return render_template("security/invitation.html", invited=staff, typed=typed,
                           challenge=passkeys.ask_for_new(staff))


def _stale() -> ResponseReturnValue:
    db.session.rollback()
    return render_template("error.html", status=410, trouble=Trouble(
        _("Diese Einladung gilt nicht mehr."),
        _("Sie gilt drei Tage und nur einmal, und nur die neueste gilt. Bitten Sie in der "
          "Redaktion um eine neue, oder melden Sie sich an, wenn Ihr Zugang schon eingerichtet "
          "ist."))), 410
