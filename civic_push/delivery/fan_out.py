"""From one published announcement to one waiting delivery for each contact.

Set-wise, in chunks of contacts by id. A chunk and the cursor that says how far it came are
one transaction under the announcement's row lock: killed at any point it goes on where it
was, and two jobs for one announcement take turns. No chunk is ever written twice; what a
stand-in inherited meanwhile (`endings`) is passed over.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from itertools import count
from typing import Any

from flask import current_app
from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    column,
    func,
    insert,
    literal,
    select,
    text,
    values,
)
from sqlalchemy.orm import Session

from channels.base import Urgency
from channels.outlet import wants
from civic_push import tasks
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.config import settings
from civic_push.db import UTCDateTime, add_missing, db, give_way, is_sqlite, utcnow
from civic_push.delivery.drain import drain
from civic_push.delivery.holding import lane_prefix
from civic_push.delivery.models import COLUMNS, KEY, Delivery, Lane, Purpose, State
from subscriptions.matching import recipients
from subscriptions.models import Contact, ContactState, Frequency, Subscriber
from subscriptions.timing import Rhythm, due_at

FIRST_CHUNK = 2_000  # contacts; small, so that the first message leaves at once
CHUNK = 5_000  # a few hundredths of a second, in which nobody else writes to SQLite
_NEVER = -1  # stands for "no quiet hours" in a join, where NULL would equal nothing


def lane_of(urgency: str) -> Lane:
    """The lane of an announcement that does not wait for a digest."""
    return Lane.NORMAL if urgency == Urgency.INFO else Lane.URGENT


def fan_out(announcement_id: int) -> None:
    """Job: write the deliveries of one published announcement, ringing after each chunk."""
    session = db.session()
    for chunks in count():
        announcement = session.get(Announcement, announcement_id, with_for_update=True,
                                   populate_existing=True)
        if (announcement is None or announcement.state != AnnouncementState.PUBLISHED
                or announcement.kind != AnnouncementKind.ORIGINAL
                or announcement.closed_at is not None
                or announcement.fan_out_done_at is not None):
            session.rollback()
            return
        if announcement.fan_out_cursor == 0:
            _write_outlets(session, announcement)
        upper = upper_of(session, announcement.fan_out_cursor,
                         CHUNK if chunks else FIRST_CHUNK)
        lane = lane_of(announcement.urgency)
        if upper is None:
            announcement.fan_out_done_at = utcnow()
            session.commit()
            ring(lane)
            return
        _write_chunk(session, announcement, upper)
        announcement.fan_out_cursor = upper
        session.commit()
        if chunks == 0:
            ring(lane)
        elif chunks == 1 and not is_sqlite(session.connection()):
            # after a large insert PostgreSQL's planner believes the table is still small; a
            # tenth of the usual sample shows that it is not
            session.execute(text("SET LOCAL default_statistics_target = 10"))
            session.execute(text("ANALYZE delivery"))
            session.commit()
        give_way(session)


def ring(lane: Lane) -> None:
    """Wake workers for every channel; digests and quiet hours are rung by the clock."""
    tasks.ring(lane, drain, *((channel, lane) for channel in current_app.extensions["channels"]))


def upper_of(session: Session, cursor: int, size: int) -> int | None:
    """The last contact id of the next chunk, or None when there is no contact left."""
    ids = select(Contact.id).where(Contact.id > cursor).order_by(Contact.id).limit(size)
    upper: int | None = session.scalar(select(func.max(ids.subquery().c.id)))
    return upper


def _write_chunk(session: Session, announcement: Announcement, upper: int) -> None:
    """INSERT … SELECT the deliveries of contacts after the cursor, up to `upper`."""
    assert announcement.published_at is not None
    assert announcement.expires_at is not None
    members = (Contact.id > announcement.fan_out_cursor, Contact.id <= upper)
    danger = announcement.urgency == Urgency.DANGER  # comes through a pause, too
    matched = first_of_all(recipients([t.id for t in announcement.topics],
                                      [n.id for n in announcement.neighbourhoods],
                                      None if danger else announcement.published_at
                                      ).where(*members))
    rhythms = rhythms_of(session, members, announcement)
    if rhythms is None:
        return
    chosen = select(
        literal(announcement.id), matched.c.contact_id, literal(Purpose.ANNOUNCEMENT.value),
        matched.c.subscription_id, matched.c.channel, rhythms.c.lane,
        literal(State.WAITING.value), rhythms.c.due_at,
        literal(announcement.expires_at, UTCDateTime), literal(0), literal(0),
        literal(announcement.published_at, UTCDateTime),
    ).join_from(matched, rhythms, in_rhythm(matched, rhythms))
    add_missing(session, Delivery, COLUMNS, chosen, KEY)


def first_of_all(people: Select[*tuple[Any, ...]]) -> CTE:
    """These people, looked up before anything is joined to them. PostgreSQL believes that
    hardly anybody has a given rhythm, and would go through the whole town for each chunk."""
    return people.cte("people").prefix_with("MATERIALIZED", dialect="postgresql")


def in_rhythm(people: FromClause, rhythms: CTE) -> ColumnElement[bool]:
    """Whose rhythm (the columns of `recipients`) it is."""
    return and_(
        people.c.frequency == rhythms.c.frequency,
        people.c.digest_hour == rhythms.c.digest_hour,
        people.c.digest_weekday == rhythms.c.digest_weekday,
        func.coalesce(people.c.quiet_from, _NEVER) == rhythms.c.quiet_from,
        func.coalesce(people.c.quiet_to, _NEVER) == rhythms.c.quiet_to)


def rhythms_of(session: Session, members: tuple[ColumnElement[bool], ...],
               announcement: Announcement, at_once: bool = False,
               now: datetime | None = None) -> CTE | None:
    """The few rhythms these contacts have, each with lane and due time: the rules stay one
    Python function, and the rows are still written by one statement. `at_once`: even an
    information does not wait for a digest. `now`: written at another time than when it was
    published. None where nobody in this chunk has confirmed yet."""
    at_once = at_once or announcement.urgency != Urgency.INFO
    assert announcement.published_at is not None
    found = session.execute(
        select(Contact.frequency, Contact.digest_hour, Contact.digest_weekday,
               Subscriber.quiet_from, Subscriber.quiet_to)
        .join(Subscriber, Subscriber.id == Contact.subscriber_id)
        .where(Contact.state == ContactState.ACTIVE, *members).distinct()).all()
    prefix = lane_prefix(session, announcement.id)
    rows = []
    for frequency, hour, weekday, start, end in found:
        due = due_at(Rhythm(Frequency(frequency), hour, weekday, start, end),
                     now=now or announcement.published_at,
                     skip_digest=at_once,
                     skip_quiet=announcement.urgency == Urgency.DANGER)
        waits = frequency != Frequency.NOW and not at_once
        lane = Lane.DIGEST if waits else lane_of(announcement.urgency)
        rows.append((frequency, hour, weekday, _NEVER if start is None else start,
                     _NEVER if end is None else end, prefix + lane.value, due))
    if not rows:
        return None
    return values(
        column("frequency", String), column("digest_hour", Integer),
        column("digest_weekday", Integer), column("quiet_from", Integer),
        column("quiet_to", Integer), column("lane", String), column("due_at", UTCDateTime),
    ).data(rows).cte("rhythms")


def _write_outlets(session: Session, announcement: Announcement) -> None:
    """One delivery for each public place that wants this announcement."""
    assert announcement.published_at is not None
    assert announcement.expires_at is not None
    topics = [t.slug for t in announcement.topics]
    places = [n.slug for n in announcement.neighbourhoods]
    lane = lane_prefix(session, announcement.id) + lane_of(announcement.urgency)
    rows = [
        {"announcement_id": announcement.id, "outlet": outlet.name, "channel": "outlet",
         "purpose": Purpose.ANNOUNCEMENT, "lane": lane,
         "state": State.WAITING, "due_at": announcement.published_at, "attempts": 0, "parts": 0,
         "expires_at": announcement.expires_at, "created_at": announcement.published_at}
        for outlet in settings().outlets if wants(asdict(outlet), topics, places)]
    if rows:
        session.execute(insert(Delivery), rows)
