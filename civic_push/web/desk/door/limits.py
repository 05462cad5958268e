"""Limits on guessing at the desk's door, made so that nobody can lock somebody else out.

Only failures count. A refused attempt looks the same whether the account exists or not. The
wait grows with the failures of one network at one account; a browser that somebody has
signed in with before (it keeps a signed cookie) counts on its own, so that strangers'
guesses do not touch it; passkeys are not concerned at all. No account is ever shut.
"""

from __future__ import annotations

import hmac
import secrets

from flask import after_this_request, current_app, request
from flask import session as cookie
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from civic_push.web.protection import network

# The first grows for whoever goes on. The others stop somebody who changes account or network
# with each guess, and are wide enough that nobody is kept out by somebody else's typing.
PER_BOTH = "5 per 15 minutes;10 per 2 hours;20 per day"
PER_NETWORK = "30 per 15 minutes"
PER_ACCOUNT = "50 per hour"

DEVICE = "bekannt"  # the cookie of a browser that has been signed in
_DEVICE_DAYS = 180
_SECOND_STEP = "door.check_second_step"


def account() -> str:
    """The account that is tried, by a keyed hash: Redis holds no addresses."""
    return _mark(f"account {_tried()}")[:32]


def network_and_account() -> str:
    """What the growing limit counts: a known browser by itself, others by network."""
    known = _known_device()
    return f"device {known}" if known else f"{network()} {account()}"


def known_device() -> bool:
    """Whether this browser has been signed in to the account that is tried."""
    return _known_device() is not None


def failed(response: Response) -> bool:
    """Whether an attempt counts: those that lead on are redirects."""
    return response.status_code != 302


def remember_device(staff: Staff) -> None:
    """Let the answer under way carry the cookie that makes this browser a known one."""
    nonce = secrets.token_urlsafe(12)
    value = f"{nonce}.{_mark(f'device {nonce} {staff.email}')[:32]}"

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            DEVICE, value, max_age=_DEVICE_DAYS * 86_400, path="/redaktion", httponly=True,
            secure=settings().public_url.startswith("https://"), samesite="Lax")
        return response


def _known_device() -> str | None:
    nonce, _dot, mark = request.cookies.get(DEVICE, "").partition(".")
    genuine = _mark(f"device {nonce} {_tried()}")[:32]
    return nonce if hmac.compare_digest(mark.encode(), genuine.encode()) else None


def _tried() -> str:
    """The address that is tried: the one whose password was right a step before, whatever the
    second step's form says; elsewhere what is typed."""
    if request.endpoint == _SECOND_STEP:
        return str((cookie.get("half") or {}).get("email", ""))
    return accounts.as_stored(request.form.get("email", ""))


def _mark(words: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, words.encode(errors="replace"), "sha256").hex()
