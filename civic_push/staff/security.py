"""Sign-in at the desk: Flask-Security-Too on our tables, with our words, steps and limits.

There is no registration: accounts are made on the server (`civic-push staff add`) or by
invitation. A wrong password and an unknown address get the same answer in the same time. Who
is signed in has a row in `desk_session`; the pages that lead there are `web.desk.door.sign_in`'s.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Response, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from flask_security import Security, SQLAlchemyUserDatastore, login_user
from flask_security.core import _user_loader
from flask_security.forms import LoginForm

from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.staff import accounts, roles, sessions, trail
from civic_push.staff.models import DeskSession, Role, Staff

SIGN_IN_PATH = "/redaktion/anmelden"


class SignInForm(LoginForm):
    """E-mail and password, answered in one sentence that does not say which was wrong."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Check the credentials; put one sentence into `form_errors` where they fail."""
        self.email.data = accounts.as_stored(self.email.data or "")
        if super().validate(**kwargs):
            return True
        if self.next.errors:  # an address of somebody else's to go on to: go to the desk
            self.next.data = ""
        for field in self:
            field.errors = []
        self.form_errors = [gettext("E-Mail-Adresse oder Passwort stimmen nicht.")]
        return False


def init_security(app: Flask) -> None:
    """Join staff accounts and the sign-in page to the app; `web.desk.door.sign_in` adds limits."""
    app.config.from_mapping(_settings(app.config["SECRET_KEY"]))
    security = Security(app, SQLAlchemyUserDatastore(db, Staff, Role), login_form=SignInForm)
    security.want_json(lambda _request: False)
    security.unauthn_handler(ask_to_sign_in)
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]  # Flask-Login adds it


def _settings(secret: str) -> dict[str, Any]:
    return {
        "SECURITY_PASSWORD_SALT": _derived(secret, "password"),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_LENGTH_MIN": 12,
        "SECURITY_LOGIN_URL": SIGN_IN_PATH,
        "SECURITY_LOGIN_USER_TEMPLATE": "security/sign_in.html",
        "SECURITY_LOGOUT_METHODS": None,  # the desk has its own, guarded like its pages
        "SECURITY_POST_LOGIN_VIEW": "/redaktion/",
        "SECURITY_FRESHNESS": timedelta(minutes=-1),  # no second sign-in within a session
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        **{f"SECURITY_{name}_SALT": _derived(secret, name.lower()) for name in (
            "REMEMBER", "LOGIN", "RESET", "CONFIRM", "CHANGE", "CHANGE_EMAIL",
            "TWO_FACTOR_SETUP", "TWO_FACTOR_VALIDITY", "US_SETUP", "WAN", "REFRESH_TOKEN")},
    }


def _derived(secret: str, purpose: str) -> str:
    """A secret of its own for each purpose, from the app's one secret."""
    return hmac.new(secret.encode(), f"staff:{purpose}".encode(), hashlib.sha256).hexdigest()


def ask_to_sign_in(_mechanisms: object = None, headers: object = None) -> Response:
    """Send a stranger to the sign-in page, and from there back to the page he asked for."""
    flash(gettext("Bitte melden Sie sich an."), "info")
    # only a page can be gone on to; what was posted would be asked for with GET
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return cast(Response, redirect(url_for("security.login", next=back)))


def enter(staff: Staff, how: str, strong: bool) -> None:
    """Sign somebody in: a new session, known to the database, and the trail's entry. `strong`:
    by two factors, a passkey or the municipal identity provider. Commits."""
    now, kept = utcnow(), {k: session[k] for k in ("language", "_flashes") if k in session}
    session.clear()  # nothing of a stranger's cookie goes on as somebody's
    session.update(kept)
    session["desk"] = sessions.begin(
        db.session(), staff, strong, sessions.device_of(request.user_agent.string), now)
    session.permanent = True  # the cookie ends PERMANENT_SESSION_LIFETIME after the last page
    trail.record(db.session(), staff, "staff.signed_in", ("staff", staff.id), after={"by": how})
    login_user(staff, authn_via=[how])
    db.session.commit()


def here() -> DeskSession | None:
    """The session of the browser that asks, where somebody is signed in with it."""
    return cast("DeskSession | None", g.get("desk_session"))


def lacks_second_factor(staff: Staff) -> bool:
    """Whether somebody may do no more, in this session, than get himself a second factor."""
    present = here()
    return (settings().second_factor == "required" and roles.needs_second_factor(staff)
            and not (present is not None and present.strong))


def _load(number: str) -> Staff | None:
    """Flask-Security's account for a cookie, if the session has not been ended."""
    g.desk_session = sessions.alive(db.session(), session.get("desk", ""), utcnow())
    known = _user_loader(number) if g.desk_session else None  # type: ignore[no-untyped-call]
    staff = cast("Staff | None", known)
    return staff if staff and staff.id == g.desk_session.staff_id else None
