"""Limits on guessing passwords: for each network, for each account, and for both together.

Only failures count. A refused attempt gets the same page whether the account exists or not.
"""

from __future__ import annotations

import hmac

from flask import Flask, current_app, request
from flask_security.views import login
from werkzeug.wrappers import Response

from civic_push.web.protection import limiter, network

# The first is the everyday limit. The others stop somebody who changes account or network
# with each guess, and are wide enough that nobody is locked out by somebody else's typing.
PER_BOTH = "5 per 15 minutes"
PER_NETWORK = "30 per 15 minutes"
PER_ACCOUNT = "50 per hour"


def init_sign_in(app: Flask) -> None:
    """Put the limits before Flask-Security-Too's sign-in page."""
    app.view_functions["security.login"] = _limited_login


def _account() -> str:
    typed = request.form.get("email", "").strip().casefold()
    key = str(current_app.secret_key).encode()  # keyed: Redis holds no addresses
    return hmac.digest(key, f"account {typed}".encode(), "sha256").hex()[:32]


def _network_and_account() -> str:
    return f"{network()} {_account()}"


def _failed(response: Response) -> bool:
    return response.status_code != 302


# Decorated once in a process: Flask-Limiter counts each decoration, also a second app's.
_limited_login = login
for _limit, _key in ((PER_ACCOUNT, _account), (PER_NETWORK, network),
                     (PER_BOTH, _network_and_account)):
    _limited_login = limiter.limit(
        _limit, key_func=_key, methods=["POST"], deduct_when=_failed)(_limited_login)
