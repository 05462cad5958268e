"""When a contact ends: stand-ins take over from a browser that is gone, a new address from the
one whose place it takes, and whoever leaves by SMS is told so once before the number is
deleted. Letters to the desk end, too."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from civic_push.db import UTCDateTime, add_missing
from civic_push.delivery.audiences import GOT
from civic_push.delivery.models import COLUMNS, KEY, Delivery, Lane, Purpose, State
from subscriptions import signup
from subscriptions.leaving import begin_leaving, leave
from subscriptions.models import Contact, ContactState

_NOTICE_LIFE = timedelta(hours=48)
HAD = Delivery.state.in_(GOT)
"""What a person has got, or may have got, so that a correction of it has to follow him."""
_LETTER_KEPT = timedelta(days=1)  # longer than the next one waits for it (approval_letters)


def take_over(session: Session, gone: Collection[int], now: datetime) -> None:
    """Before browsers' contacts end because they cannot be reached any more: turn on the
    contacts that stand in for them, tell each once, and give them what was not delivered, and
    what corrects what was. The caller ends `gone` and commits; the clock rings."""
    lost = aliased(Contact)
    pairs = session.execute(
        select(Contact, lost.id).join(lost, lost.subscriber_id == Contact.subscriber_id)
        .where(lost.id.in_(gone), lost.channel == "push", Contact.stands_in.is_(True),
               Contact.state == ContactState.ACTIVE)).all()
    for contact, lost_id in pairs:
        if contact.stands_in:
            contact.stands_in = False
            session.add(Delivery(
                contact_id=contact.id, purpose=Purpose.STAND_IN, channel=contact.channel,
                lane=Lane.TRANSACTIONAL, due_at=now, expires_at=now + _NOTICE_LIFE,
                created_at=now))
            session.flush()
        _inherit(session, contact, lost_id, now)
        _hand_on(session, lost_id, contact, HAD)


def _inherit(session: Session, contact: Contact, lost_id: int, now: datetime) -> None:
    """Write for `contact` the announcements that a lost one did not get. What tells of
    something that one had got before says so: the same person reads it."""
    missed = (
        select(Delivery.announcement_id, literal(contact.id), literal(Purpose.ANNOUNCEMENT.value),
               Delivery.subscription_id, literal(contact.channel), Delivery.lane,
               literal(State.WAITING.value), Delivery.due_at, Delivery.expires_at, literal(0),
               literal(0), literal(now, UTCDateTime), Delivery.follows_id)
        .where(Delivery.contact_id == lost_id, Delivery.purpose == Purpose.ANNOUNCEMENT,
               Delivery.state.in_((State.WAITING, State.GONE)), Delivery.expires_at > now))
    add_missing(session, Delivery, (*COLUMNS, "follows_id"), missed, KEY)


def confirm(session: Session, contact: Contact, how: str, now: datetime) -> Contact | None:
    """Activate a pending contact, as `subscriptions.signup` does. What waits for the one whose
    place it takes, in a digest perhaps, is for it from then on, and so is what corrects what
    that one has got. Return what `signup.confirm` does. The caller commits."""
    old = session.get(Contact, contact.replaces_id) if contact.replaces_id else None
    former = old.id if old else None
    kept = signup.confirm(session, contact, how, now)
    if former is not None and kept is not None and session.get(Contact, former) is None:
        waits = and_(Delivery.state == State.WAITING, Delivery.leased_until.is_(None))
        _hand_on(session, former, kept, or_(waits, HAD))
    return kept


def _hand_on(session: Session, former: int, contact: Contact, which: ColumnElement[bool]
             ) -> None:
    """Give a contact deliveries of a former one of the same person, but for what it has
    itself. The receipts stay behind: they are names of messages in another inbox."""
    theirs = aliased(Delivery)
    session.execute(
        update(Delivery)
        .where(Delivery.contact_id == former, Delivery.purpose == Purpose.ANNOUNCEMENT, which,
               ~exists().where(theirs.contact_id == contact.id,
                               theirs.announcement_id == Delivery.announcement_id))
        .values(contact_id=contact.id, receipt=None,
                channel=case((Delivery.state == State.WAITING, contact.channel),
                             else_=Delivery.channel))
        .execution_options(synchronize_session=False))


def begin_goodbye(session: Session, contact: Contact, now: datetime) -> None:
    """End the consent of somebody who left by SMS, and what waits for them but the answer,
    which the caller has written."""
    begin_leaving(session, contact, "stop", now)
    session.execute(
        update(Delivery)
        .where(Delivery.contact_id == contact.id, Delivery.state == State.WAITING,
               Delivery.purpose != Purpose.GOODBYE)
        .values(state=State.CANCELLED).execution_options(synchronize_session=False))


def finish_goodbyes(session: Session, now: datetime) -> int:
    """Delete the contacts that left by SMS and have been answered (or could not be).
    Return how many. The caller commits."""
    waiting = select(Delivery.id).where(
        Delivery.contact_id == Contact.id, Delivery.purpose == Purpose.GOODBYE,
        Delivery.state == State.WAITING).exists()
    done = session.scalars(
        select(Contact.id).where(Contact.state == ContactState.LEAVING, ~waiting)).all()
    return leave(session, done, "stop", now)


def forget_letters(session: Session, now: datetime) -> None:
    """Take the addresses of the town's people out of letters that left long ago; those of
    residents never stand in the ledger. The caller commits."""
    session.execute(
        update(Delivery)
        .where(Delivery.announcement_id.is_(None), Delivery.outlet.is_not(None),
               Delivery.state != State.WAITING, Delivery.due_at <= now - _LETTER_KEPT)
        .values(outlet=None).execution_options(synchronize_session=False))
