"""From a published correction, withdrawal or all-clear to its deliveries.

It goes to whoever has got something of its chain (sent, or unknown), whatever he has
subscribed since. A correction also goes, as their first word on the matter, to those whose
delivery was cut off before its turn and to those its wider scope reaches anew. Nobody who
has heard nothing is told that something was withdrawn.

As in fan_out: chunks of contacts, each one transaction with the cursor. What a worker holds
while the chain is cut off may or may not leave. Until all of that is settled, each pass
writes what is certain and keeps no cursor; only the pass that begins with nothing open does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from sqlalchemy import ColumnElement, exists, literal, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.db import UTCDateTime, add_missing, db, give_way, utcnow
from civic_push.delivery import cutting_off
from civic_push.delivery.audiences import People, chain_before, firsts, followers, heard
from civic_push.delivery.fan_out import (
    CHUNK,
    FIRST_CHUNK,
    first_of_all,
    in_rhythm,
    lane_of,
    rhythms_of,
    ring,
    upper_of,
)
from civic_push.delivery.follow_up_outlets import write_outlets
from civic_push.delivery.models import COLUMNS, KEY, Delivery, Purpose, State
from subscriptions.models import Contact


def follow_up(announcement_id: int) -> None:
    """Job: write the deliveries of one published follow-up, ringing after the first chunk.
    The clock rings again until what workers held is settled."""
    session = db.session()
    settled, cursor = False, 0
    for chunks in count():
        announcement = _unfinished(session, announcement_id)
        if announcement is None:
            session.rollback()
            return
        chain, lane = chain_before(session, announcement), lane_of(announcement.urgency)
        if chunks == 0:
            settled = _settle(session, [a.id for a in chain])
            cursor = announcement.fan_out_cursor if settled else 0
            write_outlets(session, announcement, chain)
        upper = upper_of(session, cursor, CHUNK if chunks else FIRST_CHUNK)
        if upper is None:
            announcement.fan_out_done_at = utcnow() if settled else None
            session.commit()
            ring(lane)
            return
        _write_chunk(session, announcement, chain, cursor, upper)
        announcement.fan_out_cursor = upper if settled else 0
        session.commit()
        if chunks == 0:
            ring(lane)
        give_way(session)
        cursor = upper


def _unfinished(session: Session, announcement_id: int) -> Announcement | None:
    """The follow-up, its row locked, while there is something to do for it."""
    return session.scalar(
        select(Announcement).with_for_update().execution_options(populate_existing=True)
        .where(Announcement.id == announcement_id, Announcement.replaces_id.is_not(None),
               Announcement.state == AnnouncementState.PUBLISHED,
               Announcement.closed_at.is_(None), Announcement.fan_out_done_at.is_(None)))


def _settle(session: Session, chain: Sequence[int]) -> bool:
    """End what came back from workers and what died with one; whether nothing is open."""
    cutting_off.cut_off(session, chain, cutting_off.REPLACED)
    cutting_off.doubt(session, chain, utcnow())
    return not session.scalar(select(exists().where(
        Delivery.announcement_id.in_(chain), Delivery.state == State.WAITING)))


def _write_chunk(session: Session, announcement: Announcement, chain: Sequence[Announcement],
                 cursor: int, upper: int) -> None:
    members = (Contact.id > cursor, Contact.id <= upper)
    known = heard([a.id for a in chain], cursor, upper)
    _write(session, announcement, members, followers(announcement, known, members), True)
    if announcement.kind == AnnouncementKind.CORRECTION:
        _write(session, announcement, members,
               firsts(announcement, chain, known, members), False)


def _write(session: Session, announcement: Announcement,
           members: tuple[ColumnElement[bool], ...], people: People, at_once: bool) -> None:
    """INSERT … SELECT the deliveries of these people who have none of this yet. Who follows
    something does not wait for his digest: that would leave him wrong for so long."""
    rhythms = rhythms_of(session, members, announcement, at_once)
    if rhythms is None:
        return
    who = first_of_all(people)
    chosen = select(
        literal(announcement.id), who.c.contact_id, literal(Purpose.ANNOUNCEMENT.value),
        who.c.subscription_id, who.c.channel, rhythms.c.lane, literal(State.WAITING.value),
        rhythms.c.due_at, literal(announcement.expires_at, UTCDateTime), literal(0), literal(0),
        literal(announcement.published_at, UTCDateTime), who.c.follows_id,
    ).join_from(who, rhythms, in_rhythm(who, rhythms)).where(~exists().where(
        Delivery.announcement_id == announcement.id, Delivery.contact_id == who.c.contact_id))
    add_missing(session, Delivery, (*COLUMNS, "follows_id"), chosen, KEY)
