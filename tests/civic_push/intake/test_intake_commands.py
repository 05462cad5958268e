"""What operators type, and the sentences they get."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db
from civic_push.intake.adding import AlreadyThere, NewSource, add
from civic_push.intake.commands import COMMANDS
from civic_push.intake.models import Item, Source
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.intake.conftest import TownFeed
from tests.stand_ins.feed_server import FeedServer, Pieces, Request


@pytest.fixture
def type_in(app: Flask) -> Callable[..., tuple[int, str]]:
    """Run one of the commands; give back its status and what it printed."""
    runner = FlaskCliRunner(app)

    def run(*words: str) -> tuple[int, str]:
        command = next(c for c in COMMANDS if c.name == words[0])
        result = runner.invoke(command, words[1:])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output
    return run


Type = Callable[..., tuple[int, str]]


def test_a_source_is_added_and_its_entries_stored_silently(
        type_in: Type, town_feed: TownFeed, session: Session,
        make_topic: Callable[..., Topic], make_neighbourhood: Callable[..., Neighbourhood]
        ) -> None:
    make_topic("baustellen")
    make_topic("kultur")
    make_neighbourhood("hiddesen")
    status, text = type_in(
        "add-source", town_feed.url, "--name", "Stadt", "--topic", "baustellen", "--topic",
        "kultur", "--neighbourhood", "hiddesen", "--interval", "30", "--titles-only")
    assert (status, text) == (0, "Source 1 (Stadt) holds 1 entry, stored without announcing. "
                                 "New ones will be kept in the tray for an editor.\n")
    source = session.scalars(select(Source)).one()
    assert {t.slug for t in source.topics} == {"baustellen", "kultur"}
    assert [n.slug for n in source.neighbourhoods] == ["hiddesen"]
    assert (source.interval_minutes, source.publish, source.titles_only) == (30, False, True)
    assert session.scalar(select(func.count()).select_from(Item)) == 1
    assert session.scalar(select(func.count()).select_from(Announcement)) == 0


def test_a_source_without_a_name_is_called_after_its_server(
        type_in: Type, town_feed: TownFeed, make_topic: Callable[..., Topic]) -> None:
    make_topic()
    status, text = type_in("add-source", town_feed.url, "--topic", "baustellen", "--publish")
    assert status == 0
    assert "(127.0.0.1) holds 1 entry" in text
    assert "published at once" in text


def test_unknown_slugs_are_answered_with_the_known_ones(
        type_in: Type, town_feed: TownFeed, session: Session,
        make_topic: Callable[..., Topic], make_neighbourhood: Callable[..., Neighbourhood]
        ) -> None:
    for slug in ("baustellen", "abfall"):
        make_topic(slug)
    status, text = type_in("add-source", town_feed.url, "--topic", "wetter")
    assert status == 1
    assert "There is no topic wetter. There are: abfall, baustellen." in text
    status, text = type_in("add-source", town_feed.url, "--topic", "abfall",
                           "--neighbourhood", "x")
    assert status == 1
    assert "There is no neighbourhood x. `civic-push seed` adds some." in text
    assert session.scalars(select(Source)).all() == []
    assert town_feed.web.requests == []


def test_what_cannot_be_read_is_not_added(
        type_in: Type, web: FeedServer, session: Session,
        make_topic: Callable[..., Topic]) -> None:
    make_topic()
    pages = {"/nothing": "the server answered with status 404",
             "/page": "the address leads to a web page, not to a feed"}
    web.serve(b"<!DOCTYPE html><html></html>", "/page")
    for path, reason in pages.items():
        status, text = type_in("add-source", web.url(path), "--topic", "baustellen")
        assert status == 1
        assert f"{web.url(path)} cannot be read: {reason}." in text
    status, text = type_in("add-source", "http://127.0.0.1:1/feed", "--topic", "baustellen")
    assert ("leads into a private network. If that is meant, list its host:port in "
            "CIVIC_PUSH_FETCH_PRIVATE.") in text
    assert session.scalars(select(Source)).all() == []


def test_the_same_source_is_not_added_twice(
        type_in: Type, town_feed: TownFeed, session: Session,
        make_source: Callable[..., Source]) -> None:
    make_source()
    status, text = type_in("add-source", town_feed.url, "--topic", "baustellen")
    assert status == 1
    assert "is being read already, as 'Stadt Detmold'" in text
    assert len(session.scalars(select(Source)).all()) == 1


@pytest.mark.parametrize("which", ["1", "URL", "--all"])
def test_a_check_by_hand_says_what_it_found(
        type_in: Type, town_feed: TownFeed, session: Session, which: str,
        make_source: Callable[..., Source]) -> None:
    make_source()
    town_feed.put("Neu", at=datetime.now(UTC))
    status, text = type_in("check-source", town_feed.url if which == "URL" else which)
    assert (status, text) == (
        0, "1  Stadt Detmold: 2 entries, 1 new, 1 waiting in the tray\n")
    assert type_in("check-source", "1") == (0, "1  Stadt Detmold: nothing has changed\n")


def test_a_check_by_hand_publishes_for_a_trusted_source(
        type_in: Type, town_feed: TownFeed, session: Session,
        make_source: Callable[..., Source]) -> None:
    make_source(publish=True)
    town_feed.put("Neu", at=datetime.now(UTC))
    assert type_in("check-source", "1") == (
        0, "1  Stadt Detmold: 2 entries, 1 new, 1 published\n")
    assert session.scalars(select(Announcement.state)).all() == [AnnouncementState.PUBLISHED]


def test_a_failed_check_says_why_and_so_does_the_list(
        type_in: Type, web: FeedServer, make_source: Callable[..., Source]) -> None:
    make_source()
    web.pages.clear()
    status, text = type_in("check-source", "--all")
    assert status == 1
    assert "Stadt Detmold: cannot be read: the server answered with status 404" in text
    assert "1 source could not be read." in text
    status, text = type_in("sources")
    assert status == 0
    assert f"1  Stadt Detmold  {web.url()}\n   every 15 min; to the tray; " in text
    assert "failed 1 time: Unter dieser Adresse findet sich nichts mehr." in text


def test_a_source_that_is_switched_off_is_not_looked_at(
        type_in: Type, session: Session, make_source: Callable[..., Source]) -> None:
    make_source().active = False
    session.commit()
    assert type_in("check-source", "1") == (0, "1  Stadt Detmold: switched off, not looked at\n")
    assert "switched off" in type_in("sources")[1]
    assert type_in("check-source", "--all") == (0, "")


@pytest.mark.parametrize("words", [("7",), ("https://nowhere.example/",), ("9" * 40,)])
def test_a_source_that_is_not_there_is_said_so(type_in: Type, words: tuple[str, ...]) -> None:
    status, text = type_in("check-source", *words)
    assert status == 1
    assert f"There is no source {words[0]}; `civic-push sources` lists them." in text


@pytest.mark.parametrize("words", [(), ("1", "--all")])
def test_one_source_or_all_must_be_named(type_in: Type, words: tuple[str, ...]) -> None:
    status, text = type_in("check-source", *words)
    assert status == 2
    assert "by its address or number, or say --all" in text


def test_the_empty_list_says_how_to_fill_it(type_in: Type) -> None:
    assert "civic-push add-source URL --topic SLUG" in type_in("sources")[1]


def test_two_who_add_the_same_source_at_once_add_one(
        app: Flask, town_feed: TownFeed, session: Session) -> None:
    together = threading.Barrier(2)
    page = town_feed.web.pages["/feed"]

    def meeting(request: Request) -> Pieces:
        together.wait(10)  # both have looked for the address before either stores it
        return page(request)
    town_feed.web.pages["/feed"] = meeting
    failures: list[type[Exception]] = []

    def add_it() -> None:
        with app.app_context():
            try:
                add(db.session(), NewSource(town_feed.url), datetime.now(UTC))
            except Exception as error:
                failures.append(type(error))
            finally:
                db.session.remove()
    threads = [threading.Thread(target=add_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == [AlreadyThere]
    assert len(session.scalars(select(Source)).all()) == 1
