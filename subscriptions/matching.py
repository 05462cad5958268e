"""The SELECT that says who gets an announcement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from subscriptions.models import (
    Contact,
    ContactState,
    Frequency,
    Register,
    Subscriber,
    Subscription,
)


def recipients(topics: Collection[int], neighbourhoods: Collection[int],
               paused_at: datetime | None = None
               ) -> Select[int, str, Frequency, int, int, int | None, int | None, int]:
    """Select one row for each active contact that asked for one of `topics` in one of
    `neighbourhoods` (ids; no neighbourhood: the whole town, so everybody's). Who has
    paused at `paused_at` is left out (None: nobody is).

    Columns: contact_id, channel, frequency, digest_hour, digest_weekday, quiet_from,
    quiet_to, subscription_id (the reason; the smallest where several match). Narrow it
    by `Contact.id` to work in chunks.
    """
    return (
        select(
            Contact.id.label("contact_id"),
            Contact.channel.label("channel"),
            Contact.frequency.label("frequency"),
            Contact.digest_hour.label("digest_hour"),
            Contact.digest_weekday.label("digest_weekday"),
            Subscriber.quiet_from.label("quiet_from"),
            Subscriber.quiet_to.label("quiet_to"),
            func.min(Subscription.id).label("subscription_id"),
        )
        .join(Subscriber, Subscriber.id == Contact.subscriber_id)
        .join(Subscription, Subscription.subscriber_id == Contact.subscriber_id)
        .where(Contact.state == ContactState.ACTIVE, Contact.stands_in.is_(False),
               *_asked_for(topics, neighbourhoods), *not_paused(paused_at))
        .group_by(Contact.id, Subscriber.id)
    )


def counted(topics: Collection[int], neighbourhoods: Collection[int],
            paused_at: datetime | None = None
            ) -> Select[str, Frequency, int | None, int | None, str, Register, int]:
    """Count whom `recipients` selects, by all that decides when and in which words they are
    written to: few rows, however many inboxes there are.

    Columns: channel, frequency, quiet_from, quiet_to, language, register, number.
    """
    kind = (Contact.channel, Contact.frequency, Subscriber.quiet_from, Subscriber.quiet_to,
            Subscriber.language, Subscriber.register)
    asked = exists().where(Subscription.subscriber_id == Contact.subscriber_id,
                           *_asked_for(topics, neighbourhoods))
    return (select(*kind, func.count().label("number"))
            .join(Subscriber, Subscriber.id == Contact.subscriber_id)
            .where(Contact.state == ContactState.ACTIVE, Contact.stands_in.is_(False), asked,
                   *not_paused(paused_at))
            .group_by(*kind))


def not_paused(moment: datetime | None) -> list[ColumnElement[bool]]:
    """Conditions on Subscriber: no pause at this moment (None: whatever the pause)."""
    if moment is None:
        return []
    return [or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= moment)]


def _asked_for(topics: Collection[int], neighbourhoods: Collection[int]
               ) -> list[ColumnElement[bool]]:
    wanted = [or_(Subscription.topic_id.is_(None), Subscription.topic_id.in_(topics))]
    if neighbourhoods:
        wanted.append(or_(Subscription.neighbourhood_id.is_(None),
                          Subscription.neighbourhood_id.in_(neighbourhoods)))
    return wanted
