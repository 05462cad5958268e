"""Where Telegram brings its updates, if it is asked to (CIVIC_PUSH_TELEGRAM_WEBHOOK)."""

from __future__ import annotations

import hmac

from flask import Blueprint, Flask, Response, abort, jsonify, request

from civic_push.db import utcnow
from civic_push.telegram.dialogue import handle_update
from civic_push.telegram.polling import webhook_secret
from civic_push.web.protection import csrf

telegram = Blueprint("telegram", __name__)


def init_telegram(app: Flask) -> None:
    """Join the webhook to the app."""
    csrf.exempt(telegram)  # Telegram has no form of ours; it shows the secret instead
    app.register_blueprint(telegram)


@telegram.post("/telegram")
def webhook() -> Response:
    """Take an update that Telegram brings. Only Telegram knows the secret token."""
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not hmac.compare_digest(given.encode(), webhook_secret().encode()):
        abort(403)
    update = request.get_json(silent=True)
    if not isinstance(update, dict):
        abort(400)
    return jsonify(handle_update(update, utcnow()) or {})
