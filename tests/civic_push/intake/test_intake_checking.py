"""From a feed to the tray or to the doorbell, on a real server, database and queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from rq.job import Job
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db
from civic_push.intake import adding, checking, wording
from civic_push.intake.checking import check, check_source, retry_at, ring_due
from civic_push.intake.models import Item, Source
from civic_push.intake.storing import MOST_AT_ONCE, publish_saved
from content_sources.fetch import Busy, FetchError, HttpError, Unreachable
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.intake.conftest import TownFeed
from tests.stand_ins.feed_server import FeedServer, Pieces, Request, reply

MakeSource = Callable[..., Source]


def jobs(lane: str = "normal") -> list[tuple[str, tuple[int, ...]]]:
    """What waits in a lane: the job's function and arguments."""
    (queue,) = (q for q in tasks.queues(tasks.connection()) if q.name == lane)
    found = Job.fetch_many(queue.job_ids, connection=queue.connection,
                           serializer=queue.serializer)
    return [(job.func_name.rpartition(".")[2], tuple(job.args)) for job in found if job]


def announcements(session: Session) -> list[Announcement]:
    session.expire_all()
    return list(session.scalars(select(Announcement).order_by(Announcement.id)))


def items(session: Session) -> list[Item]:
    session.expire_all()
    return list(session.scalars(select(Item).order_by(Item.id)))


def test_the_first_check_stores_silently(make_source: MakeSource, session: Session) -> None:
    make_source(publish=True)
    assert [item.title for item in items(session)] == ["Alte Meldung"]
    assert announcements(session) == []
    assert jobs() == []


def test_a_new_item_waits_in_the_tray(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    place = make_neighbourhood("hiddesen")
    source = make_source()
    town_feed.put("Sperrung in Hiddesen", text="Ab <b>Montag</b>.")
    checked = check(session, source.id, now)
    assert checked is not None
    assert (checked.entries, checked.stored.new, checked.stored.waiting) == (2, 1, 1)
    (waiting,) = announcements(session)
    assert waiting.state == AnnouncementState.WAITING
    assert (waiting.title, waiting.texts[0].body) == ("Sperrung in Hiddesen", "Ab Montag.")
    assert (waiting.source_name, waiting.link) == ("Stadt Detmold", "https://stadt.example/1")
    assert waiting.topics == source.topics
    assert waiting.neighbourhoods == [place]
    assert items(session)[1].announcement_id == waiting.id
    assert jobs() == []


def test_a_new_item_of_a_trusted_source_is_published(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    town_feed.put("Freibad offen")
    checked = check(session, source.id, now)
    assert checked is not None
    assert checked.published == 1
    (published,) = announcements(session)
    assert published.state == AnnouncementState.PUBLISHED
    assert published.published_at == now
    assert jobs() == [("fan_out", (published.id,))]
    assert not any(item.to_publish for item in items(session))


def test_the_saved_transit_feed_is_walked_from_end_to_end(
        make_topic: Callable[..., Topic], web: FeedServer, session: Session) -> None:
    body = (Path(__file__).parents[2] / "content_sources/data/wien_oepnv.rss").read_bytes()
    at = datetime(2026, 8, 23, 6, tzinfo=UTC)
    first, last = body.index(b"<item>"), body.rindex(b"<item>")
    end = body.rindex(b"</item>") + len(b"</item>")
    url = web.serve(body[:last] + body[end:], "/feed", '"before"')
    source, count = adding.add(session, adding.NewSource(
        url, "Wiener Linien", (make_topic(),), publish=True), at)
    assert count == 9
    web.serve(body[:first] + body[last:end] + body[first:last] + body[end:], "/feed", '"after"')
    checked = check(session, source.id, at)
    assert checked is not None
    assert (checked.entries, checked.published) == (10, 1)
    (published,) = announcements(session)
    assert published.expires_at is not None
    assert published.expires_at > at


def test_nothing_comes_twice(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source()
    town_feed.put("Neu")
    for _ in range(3):
        town_feed.publish()
        source.etag = ""
        session.commit()
        check(session, source.id, now)
    assert len(announcements(session)) == 1
    assert len(items(session)) == 2


def test_an_unchanged_feed_is_not_sent_again(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    checked = check(session, source.id, now)
    assert checked is not None
    assert (checked.entries, checked.error) == (None, None)
    assert web.requests[-1].headers["if-none-match"] == source.etag != ""


def test_an_old_item_under_a_new_id_is_no_news(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source()
    town_feed.put("Alte Meldung", guid="changed", link="https://stadt.example/0",
                  text="Ein Tippfehler weniger", at=now)
    check(session, source.id, now)
    assert announcements(session) == []
    assert len(items(session)) == 2


def test_a_recurring_title_on_a_shared_page_is_news_unless_text_or_date_is_the_same(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    page = "https://linien.example/echtzeit"
    town_feed.put("Linie 1: Umleitung", link=page, text="Straßenfest")
    town_feed.put("Linie 2: Umleitung", link=page, text="Baustelle")
    source = make_source()
    town_feed.put("Linie 1: Umleitung", guid="b", link=page, text="Straßenfest", at=now)
    check(session, source.id, now)
    assert announcements(session) == []
    town_feed.put("Linie 1: Umleitung", guid="c", link=page, text="Marathon",
                  at=now + timedelta(minutes=5))
    check(session, source.id, now)
    assert [a.texts[0].body for a in announcements(session)] == ["Marathon"]


def test_a_flood_goes_to_the_tray_even_from_a_trusted_source(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    for number in range(MOST_AT_ONCE + 1):
        town_feed.put(f"Meldung {number}")
    check(session, source.id, now)
    assert [a.state for a in announcements(session)] == (
        [AnnouncementState.WAITING] * (MOST_AT_ONCE + 1))
    assert jobs() == []


def test_many_but_not_too_many_are_published_oldest_first(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    for number in range(MOST_AT_ONCE):
        town_feed.put(f"Meldung {number:02}")
    check(session, source.id, now)
    titles = [a.title for a in announcements(session)]
    assert titles == sorted(titles)
    assert len(jobs()) == MOST_AT_ONCE


def test_what_is_over_or_old_is_not_published(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    town_feed.put("Vorbei", extra="<ext:ends_at>2026-11-17T10:00:00+01:00</ext:ends_at>")
    town_feed.put("Alt", at=now - timedelta(days=30))
    check(session, source.id, now)
    assert [(a.title, a.state) for a in announcements(session)] == [
        ("Alt", AnnouncementState.WAITING)]
    assert len(items(session)) == 3


def test_a_crash_between_saving_and_publishing_loses_nothing(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime) -> None:
    source = make_source(publish=True)
    town_feed.put("Wichtig")
    crash_before_publishing(session, source, now)
    assert [a.state for a in announcements(session)] == [AnnouncementState.DRAFT]
    # the feed is gone by now, and still the next check does what is left
    town_feed.web.pages.clear()
    checked = check(session, source.id, now)
    assert checked is not None
    assert (checked.published, checked.error is None) == (1, False)
    assert [a.state for a in announcements(session)] == [AnnouncementState.PUBLISHED]
    assert len(jobs()) == 1


def crash_before_publishing(session: Session, source: Source, now: datetime) -> None:
    """What a worker does that is killed after the commit."""
    asked = checking._ask(session, source.id)
    assert asked is not None
    answer, entries = checking.read(asked.kind, asked.url, asked.etag, asked.last_modified)
    checking._take(session, asked, answer, entries, now)


@pytest.mark.parametrize("state", [AnnouncementState.DISMISSED, AnnouncementState.WAITING])
def test_an_editor_who_was_quicker_has_the_last_word(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        state: AnnouncementState) -> None:
    source = make_source(publish=True)
    town_feed.put("Lieber nicht")
    crash_before_publishing(session, source, now)
    announcements(session)[0].state = state
    session.commit()
    assert publish_saved(session, source.id, now) == 0
    assert announcements(session)[0].state == state
    assert not items(session)[1].to_publish


def test_one_item_that_fails_leaves_the_others_and_is_tried_again(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source(publish=True)
    for title in ("Eins", "Zwei", "Drei"):
        town_feed.put(title)
    save = publishing.save

    def failing(session: Session, draft: publishing.Draft, now: datetime) -> Announcement:
        announcement = save(session, draft, now)
        if draft.title == "Zwei":
            raise ValueError("this one hits a bug after half of it was written")
        return announcement
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "save", failing)
        checked = check(session, source.id, now)
    assert checked is not None
    assert (checked.stored.new, checked.stored.failed, checked.published) == (2, 1, 2)
    assert [a.title for a in announcements(session)] == ["Eins", "Drei"]
    session.refresh(source)
    assert (source.last_error, source.etag, source.errors) == (wording.NOT_STORED, "", 1)
    check(session, source.id, now)
    assert [a.title for a in announcements(session)] == ["Eins", "Drei", "Zwei"]
    session.refresh(source)
    assert (source.last_error, source.errors) == ("", 0)


def test_an_error_is_worded_for_editors_and_slows_the_checks_down(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source(interval_minutes=15)
    web.pages.clear()
    pauses = []
    for _ in range(10):
        check(session, source.id, now)
        session.refresh(source)
        pauses.append((source.next_check_at - now) / timedelta(minutes=1))
    assert pauses[:4] == [15, 30, 60, 120]
    assert pauses[-1] == 24 * 60
    assert (source.errors, source.last_error) == (10, wording.SENTENCES["missing"])
    assert source.checked_at == now  # when it was read last
    web.serve(b"<rss version='2.0'><channel></channel></rss>")
    check(session, source.id, now)
    session.refresh(source)
    assert (source.errors, source.last_error) == (0, "")
    assert source.next_check_at == now + timedelta(minutes=15)


def test_a_web_page_in_the_feed_s_place_is_an_error_and_keeps_what_is_known(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    web.serve(b"<!DOCTYPE html><html><body>Wartung</body></html>")
    checked = check(session, source.id, now)
    assert checked is not None
    session.refresh(source)
    assert source.last_error == wording.SENTENCES["html"]
    assert source.etag  # still that of the feed: the page's was not taken over
    assert len(items(session)) == 1


@pytest.mark.parametrize(("error", "errors", "minutes"), [
    (Busy(503, 7200.0), 0, 120), (Busy(429, 60.0), 0, 15), (Busy(429, None), 2, 60),
    (Busy(503, 1e12), 0, 7 * 24 * 60), (HttpError(410), 0, 24 * 60), (HttpError(500), 1, 30),
    (Unreachable("dns", ""), 1000, 24 * 60)])
def test_how_long_a_failing_source_is_left_alone(
        error: FetchError, errors: int, minutes: int, now: datetime) -> None:
    source = Source(interval_minutes=15, errors=errors)
    assert retry_at(source, error, now) == now + timedelta(minutes=minutes)


def test_a_busy_server_is_left_alone_as_long_as_it_asks(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    web.send(reply("503 Service Unavailable", "Retry-After: 7200"))
    check(session, source.id, now)
    session.refresh(source)
    assert source.next_check_at == now + timedelta(hours=2)


@pytest.mark.parametrize(("headers", "minutes"), [
    (("Cache-Control: max-age=1800",), 30), (("Cache-Control: max-age=60",), 15),
    (("Cache-Control: max-age=86400",), 60)])
def test_a_server_s_cache_lifetime_is_honoured_within_bounds(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        headers: tuple[str, ...], minutes: int) -> None:
    source = make_source()
    town_feed.publish(*headers)
    check(session, source.id, now)
    session.refresh(source)
    assert source.next_check_at == now + timedelta(minutes=minutes)


def test_a_feed_that_moved_is_followed_and_its_items_known(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    web.pages["/new"] = web.pages["/feed"]
    web.redirect("/feed", "/new", "301 Moved Permanently")
    check(session, source.id, now)
    session.refresh(source)
    assert source.url == web.url("/new")
    assert announcements(session) == []


def test_a_feed_that_moved_onto_another_source_keeps_its_address(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    other = web.serve(b"<rss version='2.0'><channel></channel></rss>", "/other")
    adding.add(session, adding.NewSource(other), now)
    web.redirect("/feed", "/other", "301 Moved Permanently")
    check(session, source.id, now)
    session.refresh(source)
    assert (source.url, source.errors) == (web.url("/feed"), 0)


def test_the_clock_rings_once_for_what_is_due(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    for path in ("/later", "/off"):
        adding.add(session, adding.NewSource(
            web.serve(b"<rss version='2.0'><channel></channel></rss>", path)), now)
    later, off = session.scalars(select(Source).where(Source.id != source.id))
    later.next_check_at, off.active = now + timedelta(hours=2), False
    session.commit()
    assert ring_due(now) == 0
    due = now + timedelta(minutes=16)
    assert (ring_due(due), ring_due(due)) == (1, 0)
    assert jobs() == [("check_source", (source.id,))]


def test_a_lost_job_is_rung_for_again(make_source: MakeSource, now: datetime) -> None:
    make_source()
    due = now + timedelta(minutes=15)
    assert ring_due(due) == 1
    tasks.connection().flushall()
    assert ring_due(due + checking.RING_AGAIN) == 1


def test_the_job_does_the_check(
        make_source: MakeSource, town_feed: TownFeed, session: Session) -> None:
    source = make_source()
    town_feed.put("Neu", at=datetime.now(UTC))
    check_source(source.id)
    assert [a.title for a in announcements(session)] == ["Neu"]


def test_a_source_that_is_gone_or_switched_off_is_left_alone(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime) -> None:
    source = make_source()
    source.active = False
    session.commit()
    before = len(web.requests)
    assert check(session, source.id, now) is None
    assert check(session, 4711, now) is None
    assert len(web.requests) == before


def test_no_transaction_is_open_while_the_server_is_asked(
        make_source: MakeSource, web: FeedServer, session: Session, now: datetime,
        app: Flask) -> None:
    source = make_source()
    seen = []

    def page(_: Request) -> Pieces:
        with app.app_context():  # another session: on SQLite a writer would wait for ours
            seen.append(db.session.scalar(select(func.count()).select_from(Source)))
            db.session.execute(Source.__table__.update().values(name="umbenannt"))
            db.session.commit()
            db.session.remove()
        return [reply("404 Not Found")]
    web.pages["/feed"] = page
    check(session, source.id, now)
    assert seen == [1]
    session.refresh(source)
    assert (source.name, source.errors) == ("umbenannt", 1)


def test_a_source_deleted_while_it_is_read_is_no_trouble(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        app: Flask) -> None:
    source = make_source()
    town_feed.put("Neu")
    page = town_feed.web.pages["/feed"]

    def deleting(request: Request) -> Pieces:
        with app.app_context():
            db.session.delete(db.session.get(Source, 1))
            db.session.commit()
            db.session.remove()
        return page(request)
    town_feed.web.pages["/feed"] = deleting
    source_id = source.id
    checked = check(session, source_id, now)
    assert checked is not None
    assert checked.stored.new == 0
    assert announcements(session) == []


def test_two_checks_at_once_announce_once(
        make_source: MakeSource, town_feed: TownFeed, session: Session, now: datetime,
        app: Flask) -> None:
    source = make_source(publish=True)
    for number in range(5):
        town_feed.put(f"Meldung {number}")
    source_id, together, failures = source.id, threading.Barrier(2), []
    page = town_feed.web.pages["/feed"]

    def meeting(request: Request) -> Pieces:
        together.wait(10)  # both have fetched before either stores
        return page(request)
    town_feed.web.pages["/feed"] = meeting

    def run() -> None:
        with app.app_context():
            try:
                check(db.session(), source_id, now)
            except Exception as error:
                failures.append(error)
            finally:
                db.session.remove()
    session.commit()
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(announcements(session)) == 5
    assert {a.state for a in announcements(session)} == {AnnouncementState.PUBLISHED}
    assert len(jobs()) == 5
    session.refresh(source)
    assert (source.errors, source.last_error) == (0, "")  # neither ran into the other
