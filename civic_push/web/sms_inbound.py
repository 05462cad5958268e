"""What the SMS gateway tells us: residents who answer STOP.

Gateways bring what they receive to an address with a secret in it. Each has a shape of its
own; a reader here knows one of them. They bring a message again until they get a 200, so
everything here may happen twice.

SMSEagle  "Callback URL" plugin, method POST: form fields sender, text, timestamp, msgid
Twilio    form fields From, Body, OptOutType …, signed (X-Twilio-Signature)
seven     JSON {"webhook_event": "sms_mo", "data": {"sender", "text", …}}
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, abort, current_app, request

from channels.base import InvalidAddress
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.delivery.endings import begin_goodbye
from civic_push.delivery.models import Purpose
from civic_push.web import asking
from civic_push.web.protection import csrf
from subscriptions.leaving import leave
from subscriptions.models import Contact, ContactState

pages = Blueprint("sms_inbound", __name__)
csrf.exempt(pages)  # gateways have no form of ours; the address holds the secret instead

CHANNEL = "sms"
_STOP = frozenset(("stop", "stopp", "ende", "abmelden", "abbestellen", "stopall",
                   "unsubscribe", "end", "quit", "cancel"))
_SHORT = 4  # words: "Bitte abmelden, danke" means it, a letter about the end of a road does not


class Heard(NamedTuple):
    """An SMS that came in. `answered`: the gateway itself has told the sender."""

    number: str
    text: str
    answered: bool = False


@pages.post("/sms/<gateway>/<secret>")
def hear(gateway: str, secret: str) -> Response:
    """Take an SMS that a gateway brings. 404 for all who do not know the address, 403 where
    a signature is wrong, 400 for what the gateway would not say."""
    expected = settings().sms_inbound_secret
    known = bool(expected) and hmac.compare_digest(secret.encode(), expected.encode())
    if gateway not in READERS or not known or CHANNEL not in current_app.extensions["channels"]:
        abort(404)
    heard = READERS[gateway]()
    if heard is not None and means_stop(heard.text):
        _stop(heard, utcnow())
    return Response("", mimetype="text/plain")


def means_stop(text: str) -> bool:
    """Whether an SMS asks us to stop: one of the words first, or in a short request."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and (words[0] in _STOP
                            or (len(words) <= _SHORT and not _STOP.isdisjoint(words)))


def twilio_signature(token: str, url: str, form: dict[str, str]) -> str:
    """What Twilio signs a request with: base64 of HMAC-SHA1 over the address and the form's
    names and values in the order of the names, keyed with the account's auth token."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def _stop(heard: Heard, now: datetime) -> None:
    """End the sender's contact and answer once. Who is not signed up gets no answer: each
    one costs money, and senders of SMS can be forged."""
    contact = _sender(heard.number)
    if contact is None or contact.state == ContactState.LEAVING:
        return
    session = db.session()
    written = (contact.state == ContactState.ACTIVE and not heard.answered
               and transactional.write(session, contact, Purpose.GOODBYE, now))
    if written:
        begin_goodbye(session, contact, now)
    else:
        leave(session, [contact.id], "stop", now)
    session.commit()
    if written:
        transactional.ring(CHANNEL)


def _sender(number: str) -> Contact | None:
    """The contact with this number, which gateways write with or without "+"."""
    digits = number.strip().removeprefix("+")
    channel = current_app.extensions["channels"][CHANNEL]
    for spelling in (f"+{digits}", digits):
        try:
            contact = asking.find(CHANNEL, channel.clean(spelling))
        except InvalidAddress:
            continue  # a short code, a landline, a name
        if contact is not None:
            return contact
    return None


def _smseagle() -> Heard:
    return Heard(_field(request.form, "sender"), _field(request.form, "text"))


def _twilio() -> Heard:
    form = request.form.to_dict()
    given = request.headers.get("X-Twilio-Signature", "")
    token = _twilio_token()
    signed = twilio_signature(token, settings().public_url + request.path, form)
    if not token or not hmac.compare_digest(given.encode(), signed.encode()):
        abort(403)
    return Heard(_field(form, "From"), _field(form, "Body"), "OptOutType" in form)


def _twilio_token() -> str:
    """The account's auth token, which stands in the gateway's URL: twilio://SID:TOKEN@…"""
    url = urlsplit(settings().sms_url.replace("{to}", ""))
    return unquote(url.password or "") if url.scheme == "twilio" else ""


def _seven() -> Heard | None:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        abort(400)
    if body.get("webhook_event") != "sms_mo":
        return None  # delivery reports and the like
    return Heard(_field(body["data"], "sender"), _field(body["data"], "text"))


def _field(values: Any, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        abort(400)
    return value


READERS: dict[str, Callable[[], Heard | None]] = {
    "smseagle": _smseagle, "twilio": _twilio, "seven": _seven}
"""Gateways by the name in their address: each reads its request, or answers 400 or 403."""
