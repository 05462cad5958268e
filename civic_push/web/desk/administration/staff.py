"""Administrators: who works at the desk, as what, and for which Ortsteile and topics."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.staff import accounts, invitations, sessions
from civic_push.staff.models import Staff
from civic_push.staff.roles import ROLES, Can
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import ROLE_WORDS, _
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter
from subscriptions.models import Neighbourhood, Topic

_NUMBER = "<int(max=999999999):number>"


@desk.get("/team")
@needs(Can.ADMINISTER)
def team() -> str:
    """Everybody, with roles, limits and how well the account is secured."""
    return render_template("desk/team.html", people=accounts.everybody(db.session()),
                           role_words=ROLE_WORDS)


@desk.get("/team/einladen")
@needs(Can.ADMINISTER)
def invite() -> str:
    """An empty invitation."""
    return _page("desk/team_invite.html", Typed())


@desk.post("/team/einladen")
@needs(Can.ADMINISTER)
@limiter.limit("60 per hour", key_func=lambda: f"invitations {current_user.id}")
def send_invitation() -> ResponseReturnValue:
    """Make the account and send its letter."""
    typed = Typed(request.form)
    _check_roles(typed)
    try:
        staff = invitations.invite(db.session(), typed.text("email"), _roles(typed), utcnow())
        accounts.change(db.session(), staff, _roles(typed), *_limits(typed))
    except accounts.AccountExists:
        typed.errors["email"] = _("Diese Adresse hat schon ein Konto.")
    except accounts.BadAccount:
        typed.errors["email"] = _("Schreiben Sie die E-Mail-Adresse so: name@stadt.de.")
    if typed.errors:
        db.session.rollback()
        return _page("desk/team_invite.html", typed), 422
    return _sent("staff.invited", staff, _("Die Einladung ist unterwegs an %(email)s."))


@desk.get(f"/team/{_NUMBER}")
@needs(Can.ADMINISTER)
def person(number: int) -> str:
    """One account."""
    staff = _wanted(number)
    chosen = MultiDict[str, str]()
    chosen.setlist("roles", [role.name for role in staff.roles])
    chosen.setlist("places", [str(n.id) for n in staff.neighbourhoods])
    chosen.setlist("topics", [str(t.id) for t in staff.topics])
    return _page("desk/team_person.html", Typed(chosen), staff)


@desk.post(f"/team/{_NUMBER}")
@needs(Can.ADMINISTER)
def change_person(number: int) -> ResponseReturnValue:
    """Set roles and limits. They hold from the next page on."""
    staff, typed = _wanted(number), Typed(request.form)
    before = accounts.told(staff)
    _check_roles(typed)
    try:
        if not typed.errors:
            accounts.change(db.session(), staff, _roles(typed), *_limits(typed))
    except accounts.LastAdministrator:
        typed.errors["roles"] = _last_administrator()
    if typed.errors:
        db.session.rollback()
        return _page("desk/team_person.html", typed, _wanted(number)), 422
    note("staff.changed", ("staff", number), before, accounts.told(staff))
    db.session.commit()
    flash(_("Gespeichert."), "success")
    return redirect(url_for("desk.person", number=number))


@desk.post(f"/team/{_NUMBER}/sperren")
@needs(Can.ADMINISTER)
def close_account(number: int) -> ResponseReturnValue:
    """Close an account; its sessions end at once."""
    staff = _wanted(number)
    try:
        accounts.disable(db.session(), staff)
    except accounts.LastAdministrator:
        db.session.rollback()
        flash(_last_administrator(), "warning")
        return redirect(url_for("desk.person", number=number))
    return _done("staff.closed", staff, _("Das Konto ist gesperrt und überall abgemeldet."))


@desk.post(f"/team/{_NUMBER}/freigeben")
@needs(Can.ADMINISTER)
def open_account(number: int) -> ResponseReturnValue:
    """Open a closed account again, with the keys it had."""
    staff = _wanted(number)
    staff.active = True
    return _done("staff.opened", staff, _("Das Konto ist wieder freigegeben."))


@desk.post(f"/team/{_NUMBER}/abmelden")
@needs(Can.ADMINISTER)
def sign_person_out(number: int) -> ResponseReturnValue:
    """End all of somebody's sessions."""
    staff = _wanted(number)
    sessions.end(db.session(), staff)
    return _done("staff.sessions_ended", staff, _("Das Konto ist überall abgemeldet."))


@desk.post(f"/team/{_NUMBER}/einladen")
@needs(Can.ADMINISTER)
@limiter.limit("60 per hour", key_func=lambda: f"invitations {current_user.id}")
def invite_again(number: int) -> ResponseReturnValue:
    """Send a new link; older ones end. Keys stay as they are."""
    staff = _wanted(number)
    if not staff.active:
        return redirect(url_for("desk.person", number=number))
    invitations.write_letter(db.session(), staff, utcnow())
    return _sent("staff.invited_again", staff, _("Ein neuer Link ist unterwegs an %(email)s."))


@desk.post(f"/team/{_NUMBER}/zuruecksetzen")
@needs(Can.ADMINISTER)
def reset_person(number: int) -> ResponseReturnValue:
    """Take every key away and send a link for new ones: all was lost, or fell into wrong
    hands."""
    staff = _wanted(number)
    if staff.id == current_user.id or not staff.active:
        flash(_("Ihr eigenes Konto ändern Sie unter „Mein Konto“."), "warning")
        return redirect(url_for("desk.person", number=number))
    accounts.reset(db.session(), staff)
    invitations.write_letter(db.session(), staff, utcnow())
    return _sent("staff.reset", staff,
                 _("Passwort, Passkeys und Codes gelten nicht mehr. Ein Link für neue ist "
                   "unterwegs an %(email)s."))


def _wanted(number: int) -> Staff:
    found = db.session.get(Staff, number, with_for_update=request.method == "POST")
    return found if found and not found.machine else abort(404)


def _check_roles(typed: Typed) -> None:
    if not _roles(typed):
        typed.errors["roles"] = _("Bitte wählen Sie mindestens eine Aufgabe.")


def _roles(typed: Typed) -> list[str]:
    return [name for name in ROLES if typed.ticked("roles", name)]


def _limits(typed: Typed) -> tuple[list[int], list[int]]:
    """The chosen topics and Ortsteile; none: no limit."""
    def numbers(name: str) -> list[int]:
        return [int(v) for v in typed.values.getlist(name) if v.isascii() and v.isdigit()
                and len(v) < 10]
    return numbers("topics"), numbers("places")


def _last_administrator() -> str:
    return _("Das ist das letzte Konto mit der Aufgabe „Verwaltung“. Geben Sie sie zuerst jemand "
             "anderem.")


def _page(template: str, typed: Typed, staff: Staff | None = None) -> str:
    session = db.session()
    return render_template(
        template, typed=typed, person=staff, role_words=ROLE_WORDS,
        open_sessions=len(sessions.of(session, staff, utcnow())) if staff else 0,
        topics=session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all(),
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all())


def _sent(action: str, staff: Staff, sentence: str) -> ResponseReturnValue:
    sentence = sentence % {"email": staff.email}
    answer = _done(action, staff, sentence)
    transactional.ring("email")
    return answer


def _done(action: str, staff: Staff, sentence: str) -> ResponseReturnValue:
    number = staff.id
    note(action, ("staff", number), after=accounts.told(staff))
    db.session.commit()
    flash(sentence, "success")
    return redirect(url_for("desk.person", number=number))
