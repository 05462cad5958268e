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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import cast

from flask import current_app, session
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from civic_push.db import db
from civic_push.delivery import transactional
from civic_push.delivery.models import Purpose
from civic_push.web.forms import TYPED_ADDRESSES
from civic_push.web.links import WAITING
from subscriptions.codes import UNSENT, renew_challenge
from subscriptions.knocking import may_knock
from subscriptions.models import Contact, ContactState, Subscriber
from subscriptions.seals import Seals, UnreadableAddress
from subscriptions.signup import Asked, Choices, Inbox, Wording, add_contact, ask
from subscriptions.uniting import is_in_use

ANSWER_SECONDS = 0.3  # every answer about an address takes at least so long
ON_REQUEST = 3  # codes an inbox may get in a day, the first one included
OWN, COUNTER = WAITING, "counter"
"""Where a visitor's memory is kept: a resident's own, and a clerk's of the last resident."""

_Asked = Sequence[tuple[Contact, Asked]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An inbox this visitor asked for. `contact_id` belongs to contacts that are not
    found by a typed address; `done` says that this visitor has confirmed it."""

    channel: str
    address: str = ""
    contact_id: int = 0
    done: bool = False


def seals() -> Seals:
    """The app's seals."""
    return cast(Seals, current_app.extensions["seals"])


def sign_up(choices: Choices, inboxes: Sequence[Inbox], wording: Wording, now: datetime,
            memory: str = OWN) -> None:
    """Store a sign-up, send its confirmations, and remember what waits for them."""
    own = _own_subscribers(memory)
    asked = _again_if_at_once(
        lambda: ask(db.session(), seals(), choices, inboxes, wording, now, own))
    _finish(inboxes, asked, now, memory)


def sign_up_another(subscriber: Subscriber, inboxes: Sequence[Inbox], wording: Wording,
                    now: datetime, replaces_id: int | None = None) -> None:
    """The same for more inboxes of an existing subscriber, or one in place of another."""
    asked = _again_if_at_once(lambda: [
        (add_contact(db.session(), seals(), subscriber, inbox, wording, now, replaces_id),
         Asked.PENDING) for inbox in inboxes])
    _finish(inboxes, asked, now, OWN, own=True)


def ask_again(contact: Contact, now: datetime) -> None:
    """Send the confirmation of one's own pending contact again, and wait for that one."""
    address = ""
    if contact.channel in TYPED_ADDRESSES and contact.address is not None:
        address = seals().open(contact.channel, contact.address)
    entry = Waiting(contact.channel, address, contact.id)
    if address:
        send_again(contact, now)
    _remember([entry], OWN)


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
    written = _write_if_welcome(contact, contact.state == ContactState.PENDING, now, ON_REQUEST)
    channel = contact.channel
    db.session.commit()
    if written:
        ring([channel])


def remind(contact: Contact, now: datetime) -> None:
    """Send a pending contact its confirmation once more, because anybody asked: as often as
    for a sign-up, and older ones go on to hold."""
    written = _write_if_welcome(contact, True, now, 1, renew=False)
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


def waiting(memory: str = OWN) -> list[Waiting]:
    """What this visitor has asked for and may still have to confirm."""
    try:
        sealed = base64.urlsafe_b64decode(session.get(memory, ""))
        entries = json.loads(seals().open("session", sealed)) if sealed else []
        return [Waiting(**entry) for entry in entries]
    except (UnreadableAddress, binascii.Error, ValueError, TypeError):
        return []


def waiting_for(channel: str, memory: str = OWN) -> Waiting | None:
    """What this visitor has asked for on one channel."""
    return next((w for w in waiting(memory) if w.channel == channel), None)


def contact_of(entry: Waiting) -> Contact | None:
    """The contact behind a memory, whoever's it is."""
    if entry.address and not entry.contact_id:
        return find(entry.channel, entry.address)
    return db.session.get(Contact, entry.contact_id)


def mark_done(entry: Waiting, memory: str = OWN) -> None:
    """Remember that this visitor has confirmed an inbox."""
    _remember([replace(w, done=True) if w == entry else w for w in waiting(memory)], memory)


def _again_if_at_once(ask_all: Callable[[], _Asked]) -> _Asked:
    """Ask; where the same address was stored in the same moment (a button pressed twice),
    ask once more, and find it."""
    try:
        return ask_all()
    except IntegrityError:
        db.session.rollback()
        return ask_all()


def _finish(inboxes: Sequence[Inbox], asked: _Asked, now: datetime, memory: str,
            own: bool = False) -> None:
    """Write what must be sent, commit, ring, remember. `own`: for a confirmed resident."""
    # the address of a claim would lead to the contact that has it now; with a number for
    # each, the cookie is as long as without claims
    ids = {contact.channel: contact.id for contact, _kind in asked} if own else {}
    entries = [Waiting(i.channel, i.address, ids.get(i.channel, 0))
               for i in inboxes if i.address]
    entries += [Waiting(contact.channel, contact_id=contact.id) for contact, _kind in asked
                if contact.channel not in TYPED_ADDRESSES]
    for contact, kind in asked:
        if contact.channel in TYPED_ADDRESSES:
            _tell(contact, kind, now, ON_REQUEST if own else 1)
    channels = [i.channel for i in inboxes if i.channel in TYPED_ADDRESSES]
    db.session.commit()
    ring(channels)
    _remember(entries, memory)


def _tell(contact: Contact, kind: Asked, now: datetime, limit: int) -> None:
    """Send a confirmation or the note that the address is known, unless the address had its
    messages today: one that strangers ask for, some that a confirmed resident does. Then the
    older confirmation goes on to hold, for the newer choices."""
    _write_if_welcome(contact, kind == Asked.PENDING, now, limit)


def _write_if_welcome(contact: Contact, pending: bool, now: datetime, limit: int,
                      renew: bool = True) -> bool:
    mark = contact.fingerprint or contact.claimed
    if mark is not None and not may_knock(db.session(), mark, now, limit):
        return False
    purpose = _confirmation(contact) if pending else Purpose.KNOWN
    written = transactional.write(db.session(), contact, purpose, now)
    if written and pending and (renew or contact.challenge == UNSENT):
        renew_challenge(contact)
    return written


def _confirmation(contact: Contact) -> Purpose:
    """What asks a pending contact to confirm; one whose address is in use elsewhere is told."""
    return Purpose.UNITE if is_in_use(db.session(), contact) else Purpose.CONFIRM


def _own_subscribers(memory: str) -> set[int]:
    """The subscribers this visitor is known to be: those of contacts that no typed address
    leads to, because anybody may type one, and so move it."""
    found = (contact_of(entry) for entry in waiting(memory) if not entry.address)
    return {contact.subscriber_id for contact in found if contact is not None}


def _remember(entries: list[Waiting], memory: str) -> None:
    text = json.dumps([asdict(entry) for entry in entries])
    session[memory] = base64.urlsafe_b64encode(seals().seal("session", text)).decode()


def is_active(entry: Waiting) -> bool:
    """Whether a contact that proves itself elsewhere (Telegram, push) has done so."""
    contact = contact_of(entry) if not entry.address else None
    return contact is not None and contact.state == ContactState.ACTIVE
