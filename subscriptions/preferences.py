"""Reading and changing what a subscriber chose."""

from __future__ import annotations

from sqlalchemy.orm import Session

from subscriptions.models import Contact, Frequency, Subscriber, Subscription
from subscriptions.signup import Choices, product


def choices_of(subscriber: Subscriber) -> Choices:
    """What this subscriber asked for, as the form shows it."""
    return Choices(
        topics=sorted({s.topic_id for s in subscriber.subscriptions if s.topic_id}),
        neighbourhoods=sorted(
            {s.neighbourhood_id for s in subscriber.subscriptions if s.neighbourhood_id}),
        language=subscriber.language, register=subscriber.register,
        quiet_from=subscriber.quiet_from, quiet_to=subscriber.quiet_to)


def change(session: Session, subscriber: Subscriber, choices: Choices) -> None:
    """Replace what a subscriber asked for. Rows that stay keep their id, so that past
    deliveries keep their reason."""
    wanted = set(product(choices))
    have = {(s.topic_id, s.neighbourhood_id): s for s in subscriber.subscriptions}
    for pair, subscription in have.items():
        if pair not in wanted:
            subscriber.subscriptions.remove(subscription)
    for topic, place in sorted(wanted - set(have), key=str):
        subscriber.subscriptions.append(Subscription(topic_id=topic, neighbourhood_id=place))
    subscriber.language, subscriber.register = choices.language, choices.register
    subscriber.quiet_from, subscriber.quiet_to = choices.quiet_from, choices.quiet_to
    session.flush()


def change_rhythm(contact: Contact, frequency: Frequency, hour: int, weekday: int) -> None:
    """Set how often one contact hears from us (local hour 0-23, Monday = 0)."""
    contact.frequency, contact.digest_hour, contact.digest_weekday = frequency, hour, weekday
