"""Reading and changing what a subscriber chose."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from subscriptions.models import Contact, ContactState, Frequency, Subscriber, Subscription
from subscriptions.signup import Choices, product
from subscriptions.timing import TOWN_TIME

LONGEST_PAUSE = timedelta(days=366)  # whoever wants nothing for longer wants to leave


def choices_of(subscriber: Subscriber) -> Choices:
    """What this subscriber asked for, as the form shows it. After two subscribers were
    united it may show more than is asked for; see `is_mixed`."""
    topics = {s.topic_id for s in subscriber.subscriptions}
    places = {s.neighbourhood_id for s in subscriber.subscriptions}
    return Choices(
        topics=_ids(topics), neighbourhoods=_ids(places),
        language=subscriber.language, register=subscriber.register,
        quiet_from=subscriber.quiet_from, quiet_to=subscriber.quiet_to)


def is_mixed(subscriber: Subscriber) -> bool:
    """Whether not every topic is asked for in every neighbourhood, as the form would say."""
    have = {(s.topic_id, s.neighbourhood_id) for s in subscriber.subscriptions}
    return have != set(product(choices_of(subscriber)))


def change(session: Session, subscriber: Subscriber, choices: Choices) -> None:
    """Replace what a subscriber asked for. Rows that stay keep their id, so that past
    deliveries keep their reason; a mixed choice that was not touched stays mixed."""
    shown = choices_of(subscriber)
    if (list(choices.topics), list(choices.neighbourhoods)) != (shown.topics,
                                                               shown.neighbourhoods):
        _choose(subscriber, choices)
    subscriber.language, subscriber.register = choices.language, choices.register
    subscriber.quiet_from, subscriber.quiet_to = choices.quiet_from, choices.quiet_to
    session.flush()


def change_rhythm(contact: Contact, frequency: Frequency, hour: int, weekday: int) -> None:
    """Set how often one contact hears from us (local hour 0-23, Monday = 0)."""
    contact.frequency, contact.digest_hour, contact.digest_weekday = frequency, hour, weekday


def pause_end(last_day: date) -> datetime:
    """The instant when a pause with this last day is over: midnight on the town's clocks."""
    return datetime.combine(last_day + timedelta(days=1), time(), TOWN_TIME)


def is_paused(subscriber: Subscriber, now: datetime) -> bool:
    """Whether this subscriber wants nothing but warnings of danger at the moment."""
    return subscriber.paused_until is not None and subscriber.paused_until > now


def wake_stand_ins(session: Session, subscriber: Subscriber, leaving: Contact) -> bool:
    """Before a contact ends at its owner's wish: let those that only stand in for a browser
    speak, if nothing else is left that does. Return whether that was so."""
    left = [c for c in subscriber.contacts
            if c.state == ContactState.ACTIVE and c is not leaving]
    if not left or any(not c.stands_in for c in left):
        return False
    for contact in left:
        contact.stands_in = False
    session.flush()
    return True


def _choose(subscriber: Subscriber, choices: Choices) -> None:
    wanted = set(product(choices))
    have = {(s.topic_id, s.neighbourhood_id): s for s in subscriber.subscriptions}
    for pair, subscription in have.items():
        if pair not in wanted:
            subscriber.subscriptions.remove(subscription)
    for topic, place in sorted(wanted - set(have), key=str):
        subscriber.subscriptions.append(Subscription(topic_id=topic, neighbourhood_id=place))


def _ids(found: set[int | None]) -> list[int]:
    """Ids in order; none where "all" is among them."""
    return [] if None in found else sorted(i for i in found if i is not None)
