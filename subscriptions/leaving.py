"""Ending contacts. What ends is deleted; only the hashed proof of consent remains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from subscriptions.models import Consent, Contact, ContactState, Subscriber

REASONS = ("too_many", "not_for_me", "unclear", "other_way", "moved")
"""Why somebody left, where they cared to say."""

NOBODY = 0
"""Stands for the contact in proofs that no longer belong to any."""

_REASON_OPEN = timedelta(days=1)  # how long after leaving a reason may be given


def leave(session: Session, contact_ids: Collection[int], reason: str, now: datetime) -> int:
    """End these contacts, and every subscriber left without one. `reason` is a word for
    the consent record: "link", "one-click", "stop", "gone", "erased". Return how many
    contacts ended; those already gone are not counted (leaving twice is no error)."""
    if not contact_ids:
        return 0
    owners = set(session.scalars(
        select(Contact.subscriber_id).where(Contact.id.in_(contact_ids))))
    session.execute(  # what was never given needs no proof
        delete(Consent).where(Consent.contact_id.in_(contact_ids), Consent.confirmed_at.is_(None))
        .execution_options(synchronize_session=False))
    _end_consents(session, contact_ids, reason, now)
    ended = session.execute(
        delete(Contact).where(Contact.id.in_(contact_ids))
        .execution_options(synchronize_session="fetch"))
    leave(session, _idle(session, owners), reason, now)
    session.execute(
        delete(Subscriber)
        .where(Subscriber.id.in_(owners),
               ~select(Contact.id).where(Contact.subscriber_id == Subscriber.id).exists())
        .execution_options(synchronize_session="fetch"))
    return int(ended.rowcount)  # type: ignore[attr-defined]


def leave_all(session: Session, subscriber_id: int, reason: str, now: datetime) -> int:
    """End every contact of a subscriber, and so the subscriber. Return how many."""
    ids = session.scalars(
        select(Contact.id).where(Contact.subscriber_id == subscriber_id)).all()
    return leave(session, ids, reason, now)


def begin_leaving(session: Session, contact: Contact, reason: str, now: datetime) -> None:
    """End a contact's consent, but keep its address for one last answer; `leave` it then."""
    _end_consents(session, [contact.id], reason, now)
    contact.state = ContactState.LEAVING
    session.flush()


def part_proofs(session: Session, years: int, now: datetime) -> int:
    """Cut proofs of ended consents loose from the ledger, so that they hold nothing but the
    hash, and delete those that ended `years` ago. Return how many were deleted."""
    session.execute(
        update(Consent)
        .where(Consent.ended_at <= now - _REASON_OPEN, Consent.contact_id != NOBODY)
        .values(contact_id=NOBODY).execution_options(synchronize_session=False))
    done = session.execute(
        delete(Consent).where(Consent.ended_at <= years_before(now, years))
        .execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def years_before(moment: datetime, years: int) -> datetime:
    """The same day so many years earlier; of a leap day, the last of February."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)


def may_give_reason(session: Session, contact_id: int, now: datetime) -> bool:
    """Whether this contact has just left and not said why yet."""
    return session.scalar(select(Consent.id).where(*_unexplained(contact_id, now)).limit(1)
                          ) is not None


def give_reason(session: Session, contact_id: int, why: str, now: datetime) -> None:
    """Note why somebody left (one of REASONS) beside how they did. Once, soon after."""
    if why in REASONS:
        session.execute(
            update(Consent).where(*_unexplained(contact_id, now))
            .values(ended_reason=Consent.ended_reason + ":" + why)
            .execution_options(synchronize_session=False))


def count_reasons(session: Session) -> dict[str, int]:
    """How often each of REASONS was given, as long as proofs are kept."""
    given = session.execute(
        select(Consent.ended_reason, func.count()).where(Consent.ended_reason.contains(":"))
        .group_by(Consent.ended_reason)).all()
    counts = dict.fromkeys(REASONS, 0)
    for reason, count in given:
        counts[reason.partition(":")[2]] += count
    return counts


def _unexplained(contact_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Consent.contact_id == contact_id, Consent.ended_at > now - _REASON_OPEN,
            ~Consent.ended_reason.contains(":"))


def _end_consents(session: Session, contact_ids: Collection[int], reason: str, now: datetime
                  ) -> None:
    session.execute(
        update(Consent)
        .where(Consent.contact_id.in_(contact_ids), Consent.ended_at.is_(None))
        .values(ended_at=now, ended_reason=reason)
        .execution_options(synchronize_session=False))


def _idle(session: Session, owners: Collection[int]) -> Sequence[int]:
    """Contacts of these subscribers that would stand in for a browser, but none is left."""
    other = aliased(Contact)
    return session.scalars(
        select(Contact.id).where(
            Contact.subscriber_id.in_(owners), Contact.stands_in.is_(True),
            ~select(other.id).where(other.subscriber_id == Contact.subscriber_id,
                                    other.stands_in.is_(False)).exists())).all()
