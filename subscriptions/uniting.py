"""What follows from a confirmation: two subscribers become one, an old contact ends.

An address that is somebody else's may be added elsewhere: the new contact then only claims
it (`Contact.claimed`). Who confirms it has shown that both are theirs, the settings from which
it was added and the inbox; before that neither side learns of the other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from subscriptions.leaving import leave
from subscriptions.models import Consent, Contact, ContactState, Subscriber
from subscriptions.seals import Seals


def settle(session: Session, contact: Contact, now: datetime) -> Contact:
    """Do what a contact that was just confirmed was to bring about. Return the contact that
    has the address now: this one, or the one that had it before."""
    replaces = contact.replaces_id
    contact.replaces_id = None
    kept = _claim(session, contact, now) if contact.claimed is not None else contact
    old = session.get(Contact, replaces) if replaces is not None else None
    if old is not None and old is not kept and old.subscriber_id == kept.subscriber_id:
        leave(session, [old.id], "replaced", now)
        session.expire(kept.subscriber)
    return kept


def is_in_use(session: Session, contact: Contact) -> bool:
    """Whether somebody gets messages at the address that a contact claims: confirming it
    unites two subscribers. False where it is nobody's yet who has shown that it is theirs."""
    return contact.claimed is not None and session.scalar(select(Contact.id).where(
        Contact.channel == contact.channel, Contact.fingerprint == contact.claimed,
        Contact.state == ContactState.ACTIVE)) is not None


def claim_address(seals: Seals, contact: Contact, address: str) -> None:
    """Let a pending contact claim an address that another subscriber has."""
    contact.address = seals.seal(contact.channel, address)
    contact.claimed = seals.fingerprint(contact.channel, address)


def unite(session: Session, subscriber: Subscriber, other: Subscriber) -> None:
    """Give all that `other` has to `subscriber`, whose language, register, quiet hours and
    pause hold from now on. Rows keep their id, so that past deliveries keep their reason."""
    have = {(s.topic_id, s.neighbourhood_id) for s in subscriber.subscriptions}
    for subscription in list(other.subscriptions):
        if (subscription.topic_id, subscription.neighbourhood_id) not in have:
            subscription.subscriber = subscriber
    for contact in list(other.contacts):
        contact.subscriber = subscriber
    session.flush()
    session.delete(other)
    session.flush()


def _claim(session: Session, contact: Contact, now: datetime) -> Contact:
    """Settle a confirmed claim with whoever has the address now."""
    mark, contact.claimed = contact.claimed, None
    holder = session.scalar(select(Contact).where(
        Contact.channel == contact.channel, Contact.fingerprint == mark))
    if holder is not None and holder.state == ContactState.ACTIVE:
        if holder.subscriber is not contact.subscriber:
            unite(session, contact.subscriber, holder.subscriber)
        return _melt(session, contact, holder)
    if holder is not None:  # asked for by somebody who did not confirm it
        leave(session, [holder.id], "replaced", now)
    contact.fingerprint = mark
    session.flush()
    return contact


def _melt(session: Session, contact: Contact, holder: Contact) -> Contact:
    """End a settled claim in favour of the holder, whose number stands in links already
    sent. The rhythm is the newer wish; both consents are its proof."""
    holder.frequency, holder.digest_hour, holder.digest_weekday = (
        contact.frequency, contact.digest_hour, contact.digest_weekday)
    session.execute(
        update(Consent).where(Consent.contact_id == contact.id)
        .values(contact_id=holder.id).execution_options(synchronize_session="fetch"))
    contact.subscriber.contacts.remove(contact)
    session.flush()
    return holder
