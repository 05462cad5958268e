"""Browser push: the endpoints that push.js and the service worker call.

Whoever shows a whole subscription (endpoint and both keys) owns that browser, so requests
that name one need no form token; a new sign-up needs one, because it spends consent.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from channels.base import Channel, InvalidAddress
from channels.vapid import application_server_keys
from civic_push.announcements.models import Announcement
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.delivery.endings import confirm, take_over
from civic_push.delivery.models import Purpose
from civic_push.web import asking, links
from civic_push.web.errors import problem
from civic_push.web.language import _
from civic_push.web.protection import limiter, without_token
from civic_push.web.sentences import about_address
from subscriptions.leaving import leave
from subscriptions.models import Contact, ContactState
from subscriptions.signup import link_address
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


@pages.get("/push/schluessel")
def key() -> Answer:
    """{"key": the applicationServerKey that new subscriptions are made with}."""
    return jsonify({"key": public_key()})


@pages.post("/push/anmelden")
@limiter.limit("60 per hour")
def start() -> Answer:
    """Body {"subscription": PushSubscription}: confirm the push contact this visitor signed
    up. 201, or 409 where none waits."""
    now, session, subscription = utcnow(), db.session(), _body().get("subscription")
    address = _address(subscription)
    entry = asking.waiting_for(CHANNEL)
    contact = asking.contact_of(entry) if entry else None
    if entry is None or contact is None:
        raise _Refusal("nothing_waits", _("Melden Sie sich bitte zuerst an."), 409)
    known = _contact(subscription)
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
    """Body {"subscription": PushSubscription, "revoked": true where the browser took the
    permission away}: end this browser's contact, if there is one. Browsers take permissions
    away by themselves too, so then a stand-in takes over, as when the address is gone."""
    body, now, session = _body(), utcnow(), db.session()
    contact = _contact(body.get("subscription"))
    if contact is not None:
        revoked = body.get("revoked") is True
        if revoked:
            take_over(session, [contact.id], now)
        leave(session, [contact.id], "revoked" if revoked else "stop", now)
        session.commit()
    return jsonify({"ok": True})


@pages.post("/push/wechsel")
@without_token
@limiter.limit("60 per hour")
def switch() -> Answer:
    """Body {"old": PushSubscription, "new": PushSubscription}: the browser was given a new
    subscription (the event `pushsubscriptionchange`), or made one with our newer key. 404
    where the old one is unknown."""
    body = _body()
    new = _address(body.get("new"))
    contact, taken = _contact(body.get("old")), asking.find(CHANNEL, new)
    if contact is None and taken is None:
        raise _unknown()
    if contact is not None and (taken is None or taken.id != contact.id):
        if taken is not None:
            leave(db.session(), [contact.id], "replaced", utcnow())
        else:
            link_address(db.session(), asking.seals(), contact, new)
        db.session.commit()
    return jsonify({"ok": True})


@pages.post("/push/probe")
@without_token
@limiter.limit("10 per hour")
def test() -> Answer:
    """Body {"subscription": PushSubscription}: send it a push to look at. 202, 404 where it
    is not signed up, 429 where it had enough of them today."""
    contact, now = _active(_body()), utcnow()
    written = transactional.write(db.session(), contact, Purpose.TEST, now)
    db.session.commit()
    if not written:
        raise _Refusal("enough", _("Drei Proben am Tag müssen reichen. Versuchen Sie es morgen "
                                   "wieder."), 429)
    transactional.ring(CHANNEL)
    return jsonify({"ok": True}), 202


@pages.post("/push/einstellungen")
@without_token
@limiter.limit("60 per hour")
def preferences() -> Answer:
    """Body {"subscription": PushSubscription, "about": key of a push, optional}: where this
    browser's preferences stand, as {"url": …}, at the topic the push was about. 404 where it
    is not signed up."""
    body = _body()
    contact = _active(body)
    token = links.tokens().make(TokenPurpose.MANAGE, contact.id,
                                expires_at=utcnow() + links.AT_ONCE_LIFE)
    return jsonify({"url": f"/einstellungen/{token}{_place_of(body.get('about'), contact)}"})


def public_key() -> str:
    """The applicationServerKey for pushManager.subscribe(); "" where push is not set up."""
    return next(iter(_public_keys()), "")


def _public_keys() -> list[str]:
    pem = settings().vapid_private_key
    return application_server_keys(pem) if pem else []


def _contact(subscription: Any) -> Contact | None:
    """The contact of a browser's subscription, whichever of our keys it was made with."""
    _channel()
    if not isinstance(subscription, dict):
        raise _malformed()
    spellings = (_address({**subscription, "key": key}) for key in _public_keys())
    found = (asking.find(CHANNEL, address) for address in spellings)
    return next((contact for contact in found if contact is not None), None)


def _active(body: dict[str, Any]) -> Contact:
    contact = _contact(body.get("subscription"))
    if contact is None or contact.state != ContactState.ACTIVE:
        raise _unknown()
    return contact


def _place_of(about: Any, contact: Contact) -> str:
    """Where on the preferences page the topic of a push is chosen, as "#…"; "" where that
    cannot be told. The resident's own topic comes first."""
    number = str(about).removeprefix("a")
    announcement = (db.session.get(Announcement, int(number))
                    if number.isascii() and number.isdigit() and len(number) < 19 else None)
    if announcement is None:
        return ""
    chosen = {s.topic_id for s in contact.subscriber.subscriptions}
    ids = sorted((t.id for t in announcement.topics), key=lambda i: (i not in chosen, i))
    return f"#thema-{ids[0]}" if ids else ""


def _body() -> dict[str, Any]:
    try:
        body = request.get_json()
    except HTTPException as error:
        raise _malformed() from error
    if not isinstance(body, dict):
        raise _malformed()
    return body


def _channel() -> Channel:
    channel: Channel | None = current_app.extensions["channels"].get(CHANNEL)
    if channel is None:
        raise _Refusal("not_set_up", _("Benachrichtigungen im Browser sind nicht "
                                       "eingerichtet."), 404)
    return channel


def _address(subscription: Any) -> str:
    """The canonical address of a browser's subscription."""
    channel = _channel()
    if not isinstance(subscription, dict):
        raise _malformed()
    try:
        return channel.clean(json.dumps(subscription))
    except InvalidAddress as error:
        raise _Refusal(error.code, about_address(error.code), 422) from error


def _unknown() -> _Refusal:
    return _Refusal("unknown", _("Dieser Browser ist nicht angemeldet."), 404)


def _malformed() -> _Refusal:
    return _Refusal("push_malformed", about_address("push_malformed"), 422)
