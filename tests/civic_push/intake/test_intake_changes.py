"""What becomes of known items that their source words otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import following, publishing
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.intake.changes import MOST_CHANGES
from civic_push.intake.checking import check
from civic_push.intake.models import Item, Source
from tests.civic_push.intake.conftest import TownFeed

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MakeSource = Callable[..., Source]


def announcements(session: Session) -> list[Announcement]:
    session.expire_all()
    return list(session.scalars(select(Announcement).order_by(Announcement.id)))


def reword(feed: TownFeed, before: str, after: str) -> None:
    """The source changes its mind."""
    feed.items = [item.replace(before, after) for item in feed.items]
    feed.publish()


def published(source: Source, feed: TownFeed, session: Session, now: datetime) -> Announcement:
    """An item of a trusted source, published with its second check."""
    feed.put("Sperrung in Hiddesen", text="Bis Freitag.")
    check(session, source.id, now)
    (found,) = announcements(session)
    assert found.state == AnnouncementState.PUBLISHED
    return found


def test_a_published_item_that_is_reworded_waits_in_the_tray_as_a_correction(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    original = published(source, town_feed, session, now)
    reword(town_feed, "Bis Freitag.", "Bis Samstag.")
    checked = check(session, source.id, now)
    assert checked is not None
    assert checked.stored.waiting == 1
    _, waiting = announcements(session)
    assert (waiting.state, waiting.kind, waiting.replaces_id) == (
        AnnouncementState.WAITING, AnnouncementKind.CORRECTION, original.id)
    assert (waiting.title, waiting.texts[0].body) == ("Sperrung in Hiddesen", "Bis Samstag.")
    assert waiting.texts[0].change == "", "an editor says what is different"
    assert waiting.topics == original.topics
    assert original.texts[0].body == "Bis Freitag.", "published is published"
    reword(town_feed, "Bis Samstag.", "Bis Sonntag.")
    check(session, source.id, now)
    _, waiting = announcements(session)
    assert waiting.texts[0].body == "Bis Sonntag.", "one draft, brought up to date"


def test_blanks_and_what_vanishes_are_no_change(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    published(source, town_feed, session, now)
    reword(town_feed, "Bis Freitag.", "Bis   Freitag. ")
    check(session, source.id, now)
    town_feed.items.pop(0)
    town_feed.publish()
    check(session, source.id, now)
    assert len(announcements(session)) == 1


def test_what_waits_in_the_tray_is_brought_up_to_date_and_a_draft_left_alone(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source()
    town_feed.put("Sperrung", text="Bis Freitag.")
    check(session, source.id, now)
    reword(town_feed, "Bis Freitag.", "Bis Samstag.")
    check(session, source.id, now)
    (waiting,) = announcements(session)
    assert waiting.texts[0].body == "Bis Samstag."
    waiting.state = AnnouncementState.DRAFT
    session.commit()
    reword(town_feed, "Bis Samstag.", "Bis Sonntag.")
    check(session, source.id, now)
    (draft,) = announcements(session)
    assert draft.texts[0].body == "Bis Samstag."


def test_a_correction_that_an_editor_works_on_is_left_alone_until_it_is_out(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    original = published(source, town_feed, session, now)
    mine = publishing.save(session, Draft(
        "Sperrung", "Meins.", topics=[t.id for t in original.topics], change="Anders.",
        kind=AnnouncementKind.CORRECTION, urgency=Urgency.IMPORTANT), now, follows=original)
    session.commit()
    reword(town_feed, "Bis Freitag.", "Bis Samstag.")
    check(session, source.id, now)
    assert len(announcements(session)) == 2
    publishing.publish(session, mine, now)
    town_feed.publish()
    source.etag = ""
    session.commit()
    check(session, source.id, now)
    *_, waiting = announcements(session)
    assert (waiting.replaces_id, waiting.urgency, waiting.state) == (
        mine.id, Urgency.IMPORTANT, AnnouncementState.WAITING)


def test_what_is_over_or_withdrawn_needs_no_correction(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    original = published(source, town_feed, session, now)
    withdrawal = publishing.save(session, Draft(
        "Sperrung", "", kind=AnnouncementKind.WITHDRAWAL, change="Nein."), now, follows=original)
    publishing.publish(session, withdrawal, now)
    reword(town_feed, "Bis Freitag.", "Bis Samstag.")
    check(session, source.id, now)
    assert len(announcements(session)) == 2
    town_feed.put("Markt", text="Um neun.")
    check(session, source.id, now)
    reword(town_feed, "Um neun.", "Um zehn.")
    check(session, source.id, now + timedelta(days=30))
    assert len(announcements(session)) == 3
    assert following.open_draft(session, original, AnnouncementKind.CORRECTION) is None


def test_a_source_that_rewords_everything_fills_no_tray(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    for number in range(MOST_CHANGES):
        town_feed.put(f"Nummer {number}", text="So war es.")
    check(session, source.id, now)
    town_feed.put("Noch eine", text="So war es.")
    check(session, source.id, now)
    before = len(announcements(session))
    reword(town_feed, "So war es.", "So ist es.")
    check(session, source.id, now)
    assert len(announcements(session)) == before
    texts = {item.summary for item in session.scalars(select(Item))}
    assert "So ist es." in texts
