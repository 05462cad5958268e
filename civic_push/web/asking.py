"""Asking inboxes to confirm, and remembering which ones a visitor still has to confirm.

A visitor must not learn whether an address was subscribed before. So the memory is sealed
inside the session cookie (its contact ids would tell), the pages say the same either way,
and answers take the same time.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import cast

import redis
from flask import current_app, session
from limits import RateLimitItemPerDay
from sqlalchemy import select

from civic_push.db import db
from civic_push.delivery import transactional
from civic_push.delivery.models import Purpose
from civic_push.web.forms import TYPED_ADDRESSES
from civic_push.web.protection import limiter
from subscriptions.models import Contact, ContactState, Subscriber
from subscriptions.seals import Seals, UnreadableAddress
from subscriptions.signup import Asked, Choices, Inbox, Wording, add_contact, ask, renew_challenge

ANSWER_SECONDS = 0.3  # every answer about an address takes at least so long
_PER_ADDRESS = RateLimitItemPerDay(transactional.DAILY_LIMIT)
_COOKIE = "waiting"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An inbox this visitor asked for. `contact_id` belongs to contacts without a typed
    address; `done` says that this visitor has confirmed it."""

    channel: str
    address: str = ""
    contact_id: int = 0
    done: bool = False


def seals() -> Seals:
    """The app's seals."""
    return cast(Seals, current_app.extensions["seals"])


def sign_up(choices: Choices, inboxes: Sequence[Inbox], wording: Wording, now: datetime) -> None:
    """Store a sign-up, send its confirmations, and remember what waits for them."""
    welcome = [inbox for inbox in inboxes if _may_ask(inbox)]
    asked = ask(db.session(), seals(), choices, welcome, wording, now).contacts
    _finish(inboxes, asked, now)


def sign_up_another(subscriber: Subscriber, inboxes: Sequence[Inbox], wording: Wording,
                    now: datetime) -> None:
    """The same for more inboxes of an existing subscriber."""
    asked = [add_contact(db.session(), seals(), subscriber, inbox, wording, now)
             for inbox in inboxes if _may_ask(inbox)]
    _finish(inboxes, asked, now)


def send(contact: Contact, purpose: Purpose, now: datetime) -> None:
    """Write one transactional message, commit, and wake a worker for it."""
    channel = contact.channel
    written = transactional.write(db.session(), contact, purpose, now)
    db.session.commit()
    if written:
        ring([channel])


def send_again(contact: Contact, now: datetime) -> None:
    """Send a newer confirmation (older ones no longer hold), or to a confirmed contact the
    note that it is known. Within the daily limit; beyond it the older one goes on to hold."""
    pending = contact.state == ContactState.PENDING
    written = transactional.write(
        db.session(), contact, Purpose.CONFIRM if pending else Purpose.KNOWN, now)
    if written and pending:
        renew_challenge(contact)
    channel = contact.channel
    db.session.commit()
    if written:
        ring([channel])


def ring(channels: Iterable[str]) -> None:
    """Wake workers. Without the queue the clock's sweep finds the rows a little later."""
    for channel in set(channels):
        transactional.ring(channel)


def find(channel: str, address: str) -> Contact | None:
    """The contact with this canonical address."""
    return db.session.scalar(select(Contact).where(
        Contact.channel == channel,
        Contact.fingerprint == seals().fingerprint(channel, address)))


def level(started: float) -> None:
    """Wait until ANSWER_SECONDS have passed since `started` (time.monotonic()), so that the
    time an answer takes says nothing about what was found. Call it outside transactions."""
    time.sleep(max(0.0, started + ANSWER_SECONDS - time.monotonic()))


def waiting() -> list[Waiting]:
    """What this visitor has asked for and may still have to confirm."""
    try:
        sealed = base64.urlsafe_b64decode(session.get(_COOKIE, ""))
        entries = json.loads(seals().open("session", sealed)) if sealed else []
        return [Waiting(**entry) for entry in entries]
    except (UnreadableAddress, binascii.Error, ValueError, TypeError):
        return []


def waiting_for(channel: str) -> Waiting | None:
    """What this visitor has asked for on one channel."""
    return next((w for w in waiting() if w.channel == channel), None)


def contact_of(entry: Waiting) -> Contact | None:
    """The contact behind a memory, whoever's it is."""
    if entry.address:
        return find(entry.channel, entry.address)
    return db.session.get(Contact, entry.contact_id)


def mark_done(entry: Waiting) -> None:
    """Remember that this visitor has confirmed an inbox."""
    _remember([replace(w, done=True) if w == entry else w for w in waiting()])


def _finish(inboxes: Sequence[Inbox], asked: Sequence[tuple[Contact, Asked]],
            now: datetime) -> None:
    """Write what must be sent, commit, ring, remember."""
    entries = [Waiting(i.channel, address=i.address) for i in inboxes if i.address]
    entries += [Waiting(contact.channel, contact_id=contact.id) for contact, _asked in asked
                if contact.channel not in TYPED_ADDRESSES]
    for contact, kind in asked:
        if contact.channel in TYPED_ADDRESSES:
            purpose = Purpose.CONFIRM if kind == Asked.PENDING else Purpose.KNOWN
            transactional.write(db.session(), contact, purpose, now)
    channels = [i.channel for i in inboxes if i.channel in TYPED_ADDRESSES]
    db.session.commit()
    ring(channels)
    _remember(entries)


def _remember(entries: list[Waiting]) -> None:
    text = json.dumps([asdict(entry) for entry in entries])
    session[_COOKIE] = base64.urlsafe_b64encode(seals().seal("session", text)).decode()


def _may_ask(inbox: Inbox) -> bool:
    """Whether this address may be written to once more today. A pending contact that is
    asked anew is a new row, so the ledger's own limit would not see it."""
    if inbox.address is None:
        return True
    mark = seals().fingerprint(inbox.channel, inbox.address).hex()
    try:
        return bool(limiter.limiter.hit(_PER_ADDRESS, "asked", mark))
    except redis.RedisError:
        return True


def is_active(entry: Waiting) -> bool:
    """Whether a contact that proves itself elsewhere (Telegram, push) has done so."""
    contact = contact_of(entry) if not entry.address else None
    return contact is not None and contact.state == ContactState.ACTIVE
