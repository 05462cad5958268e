"""Asking for messages and confirming it: double opt-in, one contact at a time."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

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

PENDING_LIFE = timedelta(days=7)  # unconfirmed contacts vanish after this
MAX_TRIES = 5  # wrong codes per challenge


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


@dataclass(frozen=True, slots=True)
class Wording:
    """The consent text that was shown."""

    version: str
    text: str


class Asked(StrEnum):
    """What an asked-for inbox turned out to be. Never shown to the visitor, who could
    otherwise learn who is subscribed."""

    PENDING = "pending"  # new, or asked again: send the confirmation
    KNOWN = "known"  # already active for somebody: tell that inbox, change nothing


@dataclass(frozen=True, slots=True)
class Request:
    """The result of a sign-up."""

    subscriber: Subscriber | None  # None where every inbox was already known
    contacts: list[tuple[Contact, Asked]] = field(default_factory=list)


def ask(session: Session, seals: Seals, choices: Choices, inboxes: Sequence[Inbox],
        wording: Wording, now: datetime) -> Request:
    """Store a sign-up: a subscriber with pending contacts and the consent asked for.

    An inbox that was pending before is asked anew with the new choices; one that is
    active stays as it is and is reported as KNOWN.
    """
    known: list[tuple[Contact, Asked]] = []
    fresh: list[tuple[Inbox, bytes | None]] = []
    for inbox in inboxes:
        fingerprint = seals.fingerprint(inbox.channel, inbox.address) if inbox.address else None
        contact = _find(session, inbox.channel, fingerprint)
        if contact is not None and contact.state == ContactState.ACTIVE:
            known.append((contact, Asked.KNOWN))
        else:
            if contact is not None:
                _forget_pending(session, contact)
            fresh.append((inbox, fingerprint))
    if not fresh:
        return Request(None, known)
    subscriber = _subscriber(session, choices, now)
    asked = [(_pending(session, seals, subscriber, inbox, mark, wording, now), Asked.PENDING)
             for inbox, mark in fresh]
    return Request(subscriber, known + asked)


def add_contact(session: Session, seals: Seals, subscriber: Subscriber, inbox: Inbox,
                wording: Wording, now: datetime) -> tuple[Contact, Asked]:
    """Ask to add one more inbox to an existing subscriber."""
    fingerprint = seals.fingerprint(inbox.channel, inbox.address) if inbox.address else None
    contact = _find(session, inbox.channel, fingerprint)
    if contact is not None and contact.state == ContactState.ACTIVE:
        return contact, Asked.KNOWN
    if contact is not None:
        _forget_pending(session, contact, keep=subscriber.id)
    return (_pending(session, seals, subscriber, inbox, fingerprint, wording, now),
            Asked.PENDING)


def confirm(session: Session, contact: Contact, how: str, now: datetime) -> bool:
    """Activate a pending contact; `how` is "link", "code", "start" or "permission".
    Return whether this call did it (a link pressed twice confirms once)."""
    done = session.execute(
        update(Contact)
        .where(Contact.id == contact.id, Contact.state == ContactState.PENDING)
        .values(state=ContactState.ACTIVE, verified_at=now, tries=0)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    session.execute(
        update(Consent)
        .where(Consent.contact_id == contact.id, Consent.confirmed_at.is_(None))
        .values(confirmed_at=now, confirmed_by=how, fingerprint=contact.fingerprint)
    )
    return True


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


def renew_challenge(contact: Contact) -> None:
    """Make older links and codes of this contact worthless, and count tries anew."""
    contact.challenge = secrets.randbits(62)
    contact.tries = 0


def vanish_unconfirmed(session: Session, now: datetime) -> int:
    """Delete contacts that were not confirmed in time, with what hangs on them.
    Return how many."""
    stale = session.scalars(
        select(Contact.id)
        .where(Contact.state == ContactState.PENDING, Contact.created_at < now - PENDING_LIFE)
        .limit(5000)
    ).all()
    if stale:
        session.execute(delete(Consent).where(Consent.contact_id.in_(stale),
                                              Consent.confirmed_at.is_(None)))
        session.execute(delete(Contact).where(Contact.id.in_(stale)))
    session.execute(delete(Subscriber).where(
        Subscriber.created_at < now - PENDING_LIFE,
        ~select(Contact.id).where(Contact.subscriber_id == Subscriber.id).exists()))
    return len(stale)


def product(choices: Choices) -> list[tuple[int | None, int | None]]:
    """The (topic, neighbourhood) pairs that choices stand for; None is "all"."""
    topics: Sequence[int | None] = sorted(set(choices.topics)) or [None]
    places: Sequence[int | None] = sorted(set(choices.neighbourhoods)) or [None]
    return [(topic, place) for topic in topics for place in places]


def _find(session: Session, channel: str, fingerprint: bytes | None) -> Contact | None:
    if fingerprint is None:
        return None
    return session.scalar(
        select(Contact).where(Contact.channel == channel, Contact.fingerprint == fingerprint))


def _forget_pending(session: Session, contact: Contact, keep: int | None = None) -> None:
    """Drop a pending contact, and its subscriber where it was the only contact."""
    session.execute(delete(Consent).where(Consent.contact_id == contact.id,
                                          Consent.confirmed_at.is_(None)))
    subscriber = contact.subscriber
    if len(subscriber.contacts) == 1 and subscriber.id != keep:
        session.delete(subscriber)
    else:
        subscriber.contacts.remove(contact)
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
             fingerprint: bytes | None, wording: Wording, now: datetime) -> Contact:
    contact = Contact(
        subscriber=subscriber, channel=inbox.channel, fingerprint=fingerprint,
        address=seals.seal(inbox.channel, inbox.address) if inbox.address else None,
        frequency=inbox.frequency, digest_hour=inbox.digest_hour,
        digest_weekday=inbox.digest_weekday, challenge=secrets.randbits(62), created_at=now)
    session.add(contact)
    session.flush()
    session.add(Consent(contact_id=contact.id, channel=inbox.channel, fingerprint=fingerprint,
                        wording_version=wording.version, wording=wording.text, asked_at=now))
    session.flush()
    return contact
