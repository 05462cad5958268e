"""Asking for messages and confirming it: double opt-in, one contact at a time."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from subscriptions.codes import UNSENT
from subscriptions.models import (
    Consent,
    Contact,
    ContactState,
    Frequency,
    Register,
    Subscriber,
    Subscription,
)
from subscriptions.seals import Seals
from subscriptions.uniting import settle
from subscriptions.vanishing import unconfirmed


@dataclass(frozen=True, slots=True)
class Choices:
    """What a resident wants, whichever inbox it comes to. Ids; an empty list of topics
    means all of them, an empty list of neighbourhoods the whole town."""

    topics: Sequence[int] = ()
    neighbourhoods: Sequence[int] = ()
    language: str = "de"
    register: Register = Register.STANDARD
    quiet_from: int | None = None
    quiet_to: int | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """One contact as asked for. `address` is canonical; None for Telegram, whose chat is
    known only when the resident presses "start"."""

    channel: str
    address: str | None
    frequency: Frequency = Frequency.NOW
    digest_hour: int = 18
    digest_weekday: int = 4


class Given(StrEnum):
    """How a consent text reached the resident."""

    PAGE = "page"
    PRINTED = "printed"  # handed over at the counter
    READ_OUT = "read out"  # at the counter


@dataclass(frozen=True, slots=True)
class Wording:
    """The consent text that was shown, how, and by which clerk (none: by a page)."""

    version: str
    text: str
    given: Given = Given.PAGE
    staff_id: int | None = None


class Asked(StrEnum):
    """What an asked-for inbox turned out to be. Never shown to the visitor, who could
    otherwise learn who is subscribed."""

    PENDING = "pending"  # new, or asked again: send the confirmation
    KNOWN = "known"  # already active for somebody: tell that inbox, change nothing


def ask(session: Session, seals: Seals, choices: Choices, inboxes: Sequence[Inbox],
        wording: Wording, now: datetime, own: Collection[int] = ()
        ) -> list[tuple[Contact, Asked]]:
    """Store a sign-up: pending contacts of a subscriber, with the consent asked for. Return a
    contact for each inbox, and what it asks for.

    An inbox that was pending before is asked anew with the new choices, but stays the same
    contact: that is how the ledger can tell how often it was written to. It comes together
    only with what it was together with before: somebody else may be asking. `own` are
    subscribers whom this visitor is known to be. An active one stays, reported as KNOWN.
    """
    asked: list[tuple[Contact, Asked]] = []
    groups: dict[int | None, list[tuple[Inbox, Contact | None]]] = {}
    for inbox in inboxes:
        contact = _find(session, inbox.channel, _fingerprint(seals, inbox))
        if contact is not None and contact.state == ContactState.ACTIVE:
            asked.append((contact, Asked.KNOWN))
        else:
            before = contact.subscriber_id if contact is not None else None
            groups.setdefault(None if before in own else before, []).append((inbox, contact))
    for group in groups.values():
        subscriber = _subscriber(session, choices, now)
        asked.extend(
            (_pending(session, seals, subscriber, inbox, contact, wording, now), Asked.PENDING)
            for inbox, contact in group)
    return asked


def add_contact(session: Session, seals: Seals, subscriber: Subscriber, inbox: Inbox,
                wording: Wording, now: datetime, replaces_id: int | None = None) -> Contact:
    """Ask to add one more inbox to an existing subscriber, in place of its contact
    `replaces_id` if given. An address that is another subscriber's, confirmed or not, is
    claimed only: nothing about the contact that this returns tells who has it."""
    mark = _fingerprint(seals, inbox)
    contact = _find(session, inbox.channel, mark)
    claims = contact is not None and (contact.state == ContactState.ACTIVE
                                      or contact.subscriber_id != subscriber.id)
    if claims:
        contact = session.scalar(select(Contact).where(
            Contact.subscriber_id == subscriber.id, Contact.channel == inbox.channel,
            Contact.claimed == mark))
    contact = _pending(session, seals, subscriber, inbox, contact, wording, now, claims)
    contact.replaces_id = replaces_id
    session.flush()
    return contact


def confirm(session: Session, contact: Contact, how: str, now: datetime) -> Contact | None:
    """Activate a pending contact; `how` is "link", "code", "start" or "permission".
    Return who has the address now (see `settle`), None where another call did it (a link
    pressed twice confirms once)."""
    done = session.execute(
        update(Contact)
        .where(Contact.id == contact.id, Contact.state == ContactState.PENDING)
        .values(state=ContactState.ACTIVE, verified_at=now, tries=0)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return None
    session.execute(
        update(Consent)
        .where(Consent.contact_id == contact.id, Consent.confirmed_at.is_(None))
        .values(confirmed_at=now, confirmed_by=how,
                fingerprint=contact.fingerprint or contact.claimed)
    )
    return settle(session, contact, now)


def link_address(session: Session, seals: Seals, contact: Contact, address: str) -> bool:
    """Give a pending contact the address it proved to own (Telegram's chat id). Return
    False where that address already belongs to another active contact."""
    fingerprint = seals.fingerprint(contact.channel, address)
    other = _find(session, contact.channel, fingerprint)
    if other is not None and other.id != contact.id:
        if other.state == ContactState.ACTIVE:
            return False
        _forget_pending(session, other)
    contact.address = seals.seal(contact.channel, address)
    contact.fingerprint = fingerprint
    session.flush()
    return True


def product(choices: Choices) -> list[tuple[int | None, int | None]]:
    """The (topic, neighbourhood) pairs that choices stand for; None is "all"."""
    topics: Sequence[int | None] = sorted(set(choices.topics)) or [None]
    places: Sequence[int | None] = sorted(set(choices.neighbourhoods)) or [None]
    return [(topic, place) for topic in topics for place in places]


def _fingerprint(seals: Seals, inbox: Inbox) -> bytes | None:
    return seals.fingerprint(inbox.channel, inbox.address) if inbox.address else None


def _find(session: Session, channel: str, fingerprint: bytes | None) -> Contact | None:
    if fingerprint is None:
        return None
    return session.scalar(
        select(Contact).where(Contact.channel == channel, Contact.fingerprint == fingerprint))


def _forget_pending(session: Session, contact: Contact) -> None:
    """Drop a pending contact, and its subscriber where it was the only contact."""
    owner = contact.subscriber
    session.execute(unconfirmed([contact.id]))
    owner.contacts.remove(contact)
    if not owner.contacts:
        session.delete(owner)
    session.flush()


def _subscriber(session: Session, choices: Choices, now: datetime) -> Subscriber:
    subscriber = Subscriber(
        language=choices.language, register=choices.register, quiet_from=choices.quiet_from,
        quiet_to=choices.quiet_to, created_at=now,
        subscriptions=[Subscription(topic_id=topic, neighbourhood_id=place)
                       for topic, place in product(choices)])
    session.add(subscriber)
    session.flush()
    return subscriber


def _pending(session: Session, seals: Seals, subscriber: Subscriber, inbox: Inbox,
             contact: Contact | None, wording: Wording, now: datetime,
             claims: bool = False) -> Contact:
    """A pending contact of `subscriber` with the consent asked for: a new one (which only
    claims its address where that is in use), or the one that waits already."""
    if contact is None:
        mark = _fingerprint(seals, inbox)
        contact = Contact(
            subscriber=subscriber, channel=inbox.channel,
            fingerprint=None if claims else mark, claimed=mark if claims else None,
            challenge=UNSENT if inbox.address else secrets.randbits(62),  # for a start link
            address=seals.seal(inbox.channel, inbox.address) if inbox.address else None)
        session.add(contact)
    else:
        session.execute(unconfirmed([contact.id]))
        _move(session, contact, subscriber)
    contact.frequency, contact.created_at = inbox.frequency, now
    contact.digest_hour, contact.digest_weekday = inbox.digest_hour, inbox.digest_weekday
    session.flush()
    session.add(Consent(
        contact_id=contact.id, channel=inbox.channel,
        fingerprint=contact.fingerprint or contact.claimed, wording_version=wording.version,
        wording=wording.text, given=wording.given, staff_id=wording.staff_id, asked_at=now))
    session.flush()
    return contact


def _move(session: Session, contact: Contact, subscriber: Subscriber) -> None:
    """Give a pending contact to another subscriber; whom it leaves without any, goes."""
    before = contact.subscriber
    if before is subscriber:
        return
    contact.subscriber = subscriber
    session.flush()
    if not before.contacts:
        session.delete(before)
        session.flush()
