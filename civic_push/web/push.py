"""Browser push: the endpoints that push.js and the service worker call.

Whoever shows a whole subscription (endpoint and both keys) owns that browser, so requests
that name one need no form token; a new sign-up needs one, because it spends consent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from channels.base import Channel, InvalidAddress
from channels.vapid import application_server_key
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.models import Purpose
from civic_push.web import asking, links
from civic_push.web.errors import problem
from civic_push.web.language import _
from civic_push.web.protection import limiter, without_token
from civic_push.web.sentences import about_address
from subscriptions.leaving import leave
from subscriptions.models import ContactState
from subscriptions.signup import confirm, link_address
from subscriptions.tokens import Purpose as TokenPurpose

pages = Blueprint("push", __name__)

CHANNEL = "push"
Answer = Response | tuple[Response, int]


class _Refusal(Exception):
    """A request that cannot be followed."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@pages.errorhandler(_Refusal)
def refuse(error: _Refusal) -> Answer:
    """Say why, in the one JSON shape."""
    return problem(error.code, error.message, error.status)


@pages.get("/service-worker.js")
def service_worker() -> Response:
    """The service worker; it stands at the root because its folder is its scope."""
    script = Path(current_app.static_folder or "", "service-worker.js")
    return Response(script.read_bytes(), mimetype="text/javascript")


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """The web app manifest: iOS shows pushes only to sites on the home screen."""
    response = jsonify({
        "name": _("Meldungen – %(sender)s", sender=settings().sender),
        "short_name": _("Meldungen"), "lang": "de", "id": "/", "start_url": "/meldungen",
        "scope": "/", "display": "standalone", "background_color": "#ffffff",
        "theme_color": "#1a3da5", "icons": [
            {"src": f"/static/icons/icon-{size}.png", "sizes": f"{size}x{size}",
             "type": "image/png", "purpose": "any"} for size in (192, 512)]})
    response.mimetype = "application/manifest+json"
    return response


@pages.post("/push/anmelden")
@limiter.limit("60 per hour")
def start() -> Answer:
    """Body {"subscription": PushSubscription}: confirm the push contact this visitor signed
    up. 201, or 409 where none waits."""
    now, session = utcnow(), db.session()
    address = _address(_body().get("subscription"))
    entry = asking.waiting_for(CHANNEL)
    contact = asking.contact_of(entry) if entry else None
    if entry is None or contact is None:
        raise _Refusal("nothing_waits", _("Melden Sie sich bitte zuerst an."), 409)
    known = asking.find(CHANNEL, address)
    if known is not None and known.id != contact.id:
        # this browser was signed up before and now chose anew: the newer choice holds
        leave(session, [known.id], "replaced", now)
    link_address(session, asking.seals(), contact, address)
    confirm(session, contact, "permission", now)
    asking.send(contact, Purpose.WELCOME, now)
    asking.mark_done(entry)
    return jsonify({"ok": True}), 201


@pages.post("/push/abmelden")
@without_token
@limiter.limit("60 per hour")
def stop() -> Answer:
    """Body {"subscription": PushSubscription}: end this browser's contact, if there is one."""
    contact = asking.find(CHANNEL, _address(_body().get("subscription")))
    if contact is not None:
        leave(db.session(), [contact.id], "stop", utcnow())
        db.session.commit()
    return jsonify({"ok": True})


@pages.post("/push/wechsel")
@without_token
@limiter.limit("60 per hour")
def switch() -> Answer:
    """Body {"old": PushSubscription, "new": PushSubscription}: the browser was given a new
    subscription (the event `pushsubscriptionchange`). 404 where the old one is unknown."""
    body = _body()
    old, new = _address(body.get("old")), _address(body.get("new"))
    contact, taken = asking.find(CHANNEL, old), asking.find(CHANNEL, new)
    if contact is None and taken is None:
        raise _Refusal("unknown", _("Dieser Browser ist nicht angemeldet."), 404)
    if contact is not None and old != new:
        if taken is not None:
            leave(db.session(), [contact.id], "replaced", utcnow())
        else:
            link_address(db.session(), asking.seals(), contact, new)
        db.session.commit()
    return jsonify({"ok": True})


@pages.post("/push/einstellungen")
@without_token
@limiter.limit("60 per hour")
def preferences() -> Answer:
    """Body {"subscription": PushSubscription}: where this browser's preferences stand, as
    {"url": …}. 404 where it is not signed up."""
    contact = asking.find(CHANNEL, _address(_body().get("subscription")))
    if contact is None or contact.state != ContactState.ACTIVE:
        raise _Refusal("unknown", _("Dieser Browser ist nicht angemeldet."), 404)
    token = links.tokens().make(TokenPurpose.MANAGE, contact.id,
                                expires_at=utcnow() + links.MANAGE_LIFE)
    return jsonify({"url": f"/einstellungen/{token}"})


def public_key() -> str:
    """The applicationServerKey for pushManager.subscribe(); "" where push is not set up."""
    pem = settings().vapid_private_key
    return application_server_key(pem) if pem else ""


def _body() -> dict[str, Any]:
    try:
        body = request.get_json()
    except HTTPException as error:
        raise _malformed() from error
    if not isinstance(body, dict):
        raise _malformed()
    return body


def _address(subscription: Any) -> str:
    """The canonical address of a browser's subscription."""
    channel: Channel | None = current_app.extensions["channels"].get(CHANNEL)
    if channel is None:
        raise _Refusal("not_set_up", _("Benachrichtigungen im Browser sind nicht "
                                       "eingerichtet."), 404)
    if not isinstance(subscription, dict):
        raise _malformed()
    try:
        return channel.clean(json.dumps(subscription))
    except InvalidAddress as error:
        raise _Refusal(error.code, about_address(error.code), 422) from error


def _malformed() -> _Refusal:
    return _Refusal("push_malformed", about_address("push_malformed"), 422)
