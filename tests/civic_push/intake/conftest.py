"""A town with places and topics, a web server with its feed, and an app that may read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from civic_push.intake.adding import NewSource, add
from civic_push.intake.models import Source
from subscriptions.models import Topic
from tests.stand_ins.feed_server import FeedServer, feed_server


@pytest.fixture
def web() -> Iterator[FeedServer]:
    """A web server on this machine."""
    with feed_server() as server:
        yield server


@pytest.fixture
def app(make_app: Callable[..., Flask], web: FeedServer) -> Iterator[Flask]:
    """An app that may read the server although its address is private."""
    app = make_app(fetch_private=(web.place,))
    with app.app_context():
        yield app


@dataclass
class TownFeed:
    """An RSS feed whose items a test adds, newest first."""

    web: FeedServer
    items: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.web.url()

    def put(self, title: str, *, guid: str | None = None, link: str | None = None,
            text: str = "", at: datetime = datetime(2026, 11, 18, 8, tzinfo=UTC),
            extra: str = "") -> None:
        """Add an item and serve the feed with it."""
        number = len(self.items)
        self.items.insert(0, (
            f"<item><title>{escape(title)}</title>"
            f"<guid isPermaLink='false'>{guid or number}</guid>"
            f"<link>{escape(link or f'https://stadt.example/{number}')}</link>"
            f"<pubDate>{format_datetime(at)}</pubDate>"
            f"<description>{escape(text)}</description>{extra}</item>"))
        self.publish()

    def publish(self, *headers: str) -> None:
        body = ("<rss version='2.0' xmlns:ext='https://wien-oepnv.example/schema'><channel>"
                f"<title>Stadt</title>{''.join(self.items)}</channel></rss>").encode()
        self.web.serve(body, "/feed", f'"{hash(body)}"', *headers)


@pytest.fixture
def town_feed(web: FeedServer) -> TownFeed:
    """The town's feed, with one old item."""
    feed = TownFeed(web)
    feed.put("Alte Meldung")
    return feed


@pytest.fixture
def make_source(session: Session, town_feed: TownFeed, make_topic: Callable[..., Topic],
                now: datetime) -> Callable[..., Source]:
    """Add the town's feed as a source, its first check done."""
    def make(**overrides: Any) -> Source:
        topics = overrides.pop("topics", None) or (make_topic(),)
        source, _ = add(session, NewSource(**{
            "url": town_feed.url, "name": "Stadt Detmold", "topics": topics, **overrides}), now)
        return source
    return make
