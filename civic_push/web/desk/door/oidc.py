"""Coming in through the town's identity provider, and what is said when that fails."""

from __future__ import annotations

import structlog
from flask import abort, current_app, flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from civic_push.config import settings
from civic_push.db import db, utcnow, writing
from civic_push.staff import oidc
from civic_push.staff.oidc import NotAdmitted, ProviderAway
from civic_push.web.desk.door.sign_in import come_in, door, safe
from civic_push.web.desk.words import _
from civic_push.web.protection import limiter

log = structlog.get_logger()


@door.get("/anmelden/stadtkonto")
@limiter.limit("30 per 15 minutes")
def to_provider() -> ResponseReturnValue:
    """Leave for the provider; nothing is changed but our own cookie."""
    _only_if_set_up()
    cookie["oidc next"] = safe(request.args.get("next"))
    back = settings().public_url + url_for("door.from_provider")
    try:
        return oidc.leave_for_provider(back)
    except ProviderAway as error:
        return _failed("away", error)


@door.get("/anmelden/stadtkonto/zurueck")
@limiter.limit("30 per 15 minutes")
def from_provider() -> ResponseReturnValue:
    """Come back signed in. This is the one GET that signs in: OpenID Connect returns by a
    redirect, and `state` proves that this browser asked."""
    _only_if_set_up()
    onward = safe(cookie.get("oidc next"))
    try:
        claims = oidc.claims_of_return()
        with writing(db.session()):
            return come_in(oidc.admit(db.session(), claims, utcnow()), "identity provider", True,
                           onward)
    except ProviderAway as error:
        return _failed("away", error)
    except NotAdmitted as error:
        return _failed(error.reason, error)


def _only_if_set_up() -> None:
    if "oidc" not in current_app.extensions:
        abort(404)


def _failed(reason: str, error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    log.warning("oidc sign-in failed", reason=reason, kind=type(error.__cause__ or error).__name__)
    sentences = {
        "away": _("Die Anmeldung der Stadt ist gerade nicht zu erreichen. Bitte versuchen Sie es "
                  "in einigen Minuten noch einmal oder melden Sie sich anders an."),
        "refused": _("Die Anmeldung mit dem Stadtkonto wurde abgebrochen oder ist abgelaufen. "
                     "Bitte versuchen Sie es noch einmal."),
        "unverified": _("Das Stadtkonto nennt uns keine bestätigte E-Mail-Adresse. Bitte wenden "
                        "Sie sich an die IT der Stadt."),
        "domain": _("Mit dieser E-Mail-Adresse kann man sich hier nicht anmelden. Bitte nehmen "
                    "Sie Ihr dienstliches Stadtkonto."),
        "closed": _("Ihr Konto in der Redaktion ist gesperrt. Bitte fragen Sie in der Redaktion "
                    "nach."),
        "stranger": _("Sie sind für die Redaktion noch nicht freigegeben. Bitte lassen Sie sich "
                      "dort einladen."),
    }
    flash(sentences[reason], "danger")
    return redirect(url_for("security.login"))
