"""Who must hear of a follow-up: the SELECTs, for writing deliveries and for counting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.db import BigId
from civic_push.delivery import cutting_off
from civic_push.delivery.models import Delivery, State
from subscriptions.matching import recipients
from subscriptions.models import Contact, ContactState, Subscriber

People = Select[*tuple[Any, ...]]
"""One row a contact: the columns of `recipients`, and `follows_id`."""

GOT = (State.SENT, State.UNKNOWN)  # has it, or may have it
CUT_OFF = and_(Delivery.state == State.CANCELLED,
               Delivery.error.in_((cutting_off.REPLACED, cutting_off.STOPPED)))
_MAY_COST = "sms"  # money and patience: a follow-up to an information is not worth it


@dataclass(slots=True)
class Reach:
    """How many inboxes of one channel a follow-up is for."""

    following: int = 0  # have got the original
    first: int = 0  # get this as the first of it


def chain_before(session: Session, announcement: Announcement) -> list[Announcement]:
    """All published before a follow-up in its chain, the original first."""
    root = announcement.chain_id
    return list(session.scalars(
        select(Announcement)
        .where(or_(Announcement.id == root, Announcement.root_id == root),
               Announcement.id != announcement.id,
               Announcement.state == AnnouncementState.PUBLISHED)
        .order_by(Announcement.published_at, Announcement.id)))


def heard(chain: Sequence[int], after: int = 0, upper: int | None = None,
          waiting_is_cut_off: bool = False) -> Subquery:
    """What became of a chain's deliveries, one row a contact: `follows_id`, the newest one
    he (perhaps) got; whether any was `cut_off`, is still `open`, or `failed`."""
    waits = Delivery.state == State.WAITING
    cut_off = or_(CUT_OFF, waits) if waiting_is_cut_off else CUT_OFF
    still_open = literal(0) if waiting_is_cut_off else _any(waits)
    within = [Delivery.contact_id > after] + (
        [Delivery.contact_id <= upper] if upper is not None else [])
    return (
        select(Delivery.contact_id,
               func.max(case((Delivery.state.in_(GOT), Delivery.id))).label("follows_id"),
               func.max(Delivery.subscription_id).label("subscription_id"),
               _any(cut_off).label("cut_off"), still_open.label("open"),
               _any(Delivery.state.in_((State.REFUSED, State.GONE, State.EXPIRED))
                    ).label("failed"))
        .where(Delivery.announcement_id.in_(chain), *within)
        .group_by(Delivery.contact_id).subquery("heard"))


def followers(announcement: Announcement, known: Subquery,
              members: Iterable[ColumnElement[bool]] = ()) -> People:
    """Who has got something of the chain and is still there, whatever he subscribed since."""
    worth = [Contact.channel != _MAY_COST] if announcement.urgency == Urgency.INFO else []
    return (
        select(Contact.id.label("contact_id"), Contact.channel, Contact.frequency,
               Contact.digest_hour, Contact.digest_weekday, Subscriber.quiet_from,
               Subscriber.quiet_to, known.c.subscription_id, known.c.follows_id)
        .join(known, known.c.contact_id == Contact.id)
        .join(Subscriber, Subscriber.id == Contact.subscriber_id)
        .where(Contact.state == ContactState.ACTIVE, known.c.follows_id.is_not(None),
               known.c.open == 0, *members, *worth))


def firsts(announcement: Announcement, chain: Sequence[Announcement], known: Subquery,
           members: Sequence[ColumnElement[bool]] = ()) -> People:
    """Who asked for what a correction is about and has heard nothing of it: cut off before
    their turn, not reached before their announcement was closed, or new in a wider scope."""
    paused_at = None if announcement.urgency == Urgency.DANGER else announcement.published_at
    matched = _asked_for(announcement, members, paused_at).subquery("matched")
    unreached = min((a.fan_out_cursor for a in chain if a.fan_out_done_at is None), default=None)
    new: ColumnElement[bool] = and_(*(
        not_(matched.c.contact_id.in_(
            select(_asked_for(a, members).subquery().c.contact_id))) for a in chain))
    if unreached is not None:
        new = or_(new, matched.c.contact_id > unreached)
    cut_off = and_(known.c.cut_off == 1, known.c.follows_id.is_(None), known.c.open == 0,
                   known.c.failed == 0)
    return (
        select(*matched.c, literal(None, BigId).label("follows_id"))
        .outerjoin(known, known.c.contact_id == matched.c.contact_id)
        .where(or_(cut_off, and_(known.c.contact_id.is_(None), new))))


def reach(session: Session, announcement: Announcement) -> dict[str, Reach]:
    """How many inboxes a follow-up would reach now, by channel."""
    chain = chain_before(session, announcement)
    known = heard([a.id for a in chain], waiting_is_cut_off=True)
    found: dict[str, Reach] = {}
    for channel, number in _counted(session, followers(announcement, known)):
        found.setdefault(channel, Reach()).following = number
    if announcement.kind == AnnouncementKind.CORRECTION:
        for channel, number in _counted(session, firsts(announcement, chain, known)):
            found.setdefault(channel, Reach()).first = number
    return dict(sorted(found.items()))


def _asked_for(announcement: Announcement, members: Iterable[ColumnElement[bool]],
               paused_at: datetime | None = None) -> People:
    return recipients([t.id for t in announcement.topics],
                      [n.id for n in announcement.neighbourhoods], paused_at).where(*members)


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where one row of the group fulfils it, else 0."""
    return func.max(case((condition, 1), else_=0))


def _counted(session: Session, people: People) -> list[tuple[str, int]]:
    who = people.subquery()
    return [(channel, number) for channel, number in session.execute(
        select(who.c.channel, func.count()).group_by(who.c.channel))]
