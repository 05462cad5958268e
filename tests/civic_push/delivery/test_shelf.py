"""What a worker keeps of its composing from run to run, and when it must not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement
from civic_push.announcements.publishing import Draft
from civic_push.config import settings
from civic_push.delivery.compose import Composer
from civic_push.delivery.shelf import Shelf
from subscriptions.models import Topic

MANY = 30  # announcements, more than a shelf keeps


def compose(session: Session, shelf: Shelf, announcement: Announcement, topic: Topic) -> object:
    """The message as one drain run composes it."""
    number, reason = announcement.id, (topic.id, None, True)
    session.commit()
    composer = Composer(session, settings(), shelf)
    composer.load({number})
    return composer.message(number, "de", "standard", reason)


def announce(session: Session, topic: Topic, now: datetime) -> Announcement:
    announcement = publishing.save(session, Draft("Sperrung", "Zu.", topics=[topic.id]), now)
    assert publishing.publish(session, announcement, now)
    return announcement


def test_the_next_run_sends_the_very_same_message(
        session: Session, make_topic: Callable[..., Topic], now: datetime) -> None:
    topic, shelf = make_topic(), Shelf()
    announcement = announce(session, topic, now)
    first = compose(session, shelf, announcement, topic)
    assert compose(session, shelf, announcement, topic) is first


def test_a_topic_that_is_renamed_is_called_by_its_new_name(
        session: Session, make_topic: Callable[..., Topic], now: datetime) -> None:
    topic, shelf = make_topic(), Shelf()
    announcement = announce(session, topic, now)
    assert "Umleitungen" not in str(compose(session, shelf, announcement, topic))
    session.get_one(Topic, topic.id).name = "Umleitungen"  # composing has let go of `topic`
    session.commit()
    assert "Umleitungen" in str(compose(session, shelf, announcement, topic))


def test_of_a_draft_and_of_what_is_published_anew_nothing_old_is_said(
        session: Session, make_topic: Callable[..., Topic], now: datetime) -> None:
    topic, shelf = make_topic(), Shelf()
    announcement = publishing.save(session, Draft("Entwurf", "Zu.", topics=[topic.id]), now)
    assert "Entwurf" in str(compose(session, shelf, announcement, topic))
    number = announcement.id
    publishing.save(session, Draft("Anders", "Zu.", topics=[topic.id]), now,
                    session.get_one(Announcement, number))
    assert "Anders" in str(compose(session, shelf, announcement, topic))
    assert shelf.of(number, now) is shelf.of(number, now)
    assert shelf.of(number, now) is not shelf.of(number, now + timedelta(seconds=1))


def test_a_shelf_does_not_grow_for_ever(now: datetime) -> None:
    shelf = Shelf()
    first = shelf.of(0, now)
    for number in range(1, MANY):
        shelf.of(number, now)
    assert shelf.of(0, now) is not first
    assert shelf.of(MANY - 1, now) is shelf.of(MANY - 1, now)
