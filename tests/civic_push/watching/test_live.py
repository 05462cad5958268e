"""Numbers that move by themselves: the stream, its limits, and what they say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from civic_push.delivery import kept, progress
from civic_push.delivery.models import Delivery, State
from civic_push.delivery.progress import ChannelProgress, Snapshot
from civic_push.web.desk.watching import live as live_page
from tests.civic_push.desk_visitor import Visitor
from tests.civic_push.watching.conftest import Deliver


def events(text: str) -> list[dict[str, Any]]:
    """What a stream told."""
    return [json.loads(line.removeprefix("data: ")) for line in text.split("\n")
            if line.startswith("data: ")]


def live(editor: Visitor, announcement: Announcement, **headers: str) -> Any:
    path = f"/redaktion/{announcement.id}/live"
    db.session.commit()
    with editor.client.application.app_context():
        return editor.client.get(path, headers=headers, buffered=True)


def test_the_stream_tells_the_numbers_and_ends_when_nothing_moves(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 40)
    deliver(published, "push", State.GONE, 7)
    answer = live(editor, published)
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("retry: 2000\n\nid: ")
    [found] = events(answer.text)
    assert found["headline"] == "Fertig: 40 übergeben."
    assert found["moving"] is False
    assert (found["value"], found["goal"]) == (47, 47)
    assert ">40<" in found["table"]


def test_the_page_moves_by_itself_from_before_the_first_delivery_is_written(
        editor: Visitor, session: Session, published: Announcement) -> None:
    number, path = published.id, f"/redaktion/{published.id}"
    published.fan_out_done_at = None
    session.commit()
    assert f'data-live="{path}/live"' in editor.read(path)
    session.execute(update(Announcement).values(fan_out_done_at=utcnow()))
    session.commit()
    kept.forget(number)
    assert "data-live=" not in editor.read(path), "nobody gets it, so nothing moves"


def test_a_few_that_are_through_fill_the_bar_and_are_not_told(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 2)
    [found] = events(live(editor, published).text)
    assert found["headline"] == "Fertig: weniger als 5 übergeben."
    assert found["value"] == found["goal"]


class Clock:
    """Time of the stream's own, that passes only while it rests: no machine is too slow."""

    def __init__(self) -> None:
        self.now = 0.0
        self.then: dict[float, Callable[[], object]] = {}

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.then.get(self.now, lambda: None)()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The stream's clock; what was told once is fresh until somebody says otherwise."""
    clock = Clock()
    monkeypatch.setattr(live_page, "time", clock)
    monkeypatch.setattr(kept, "FRESH", 600)
    return clock


def test_the_stream_goes_on_while_deliveries_move_and_ends_after_its_life(
        editor: Visitor, published: Announcement, deliver: Deliver, clock: Clock) -> None:
    deliver(published, "email", State.SENT, 30, sent_at=utcnow() - timedelta(seconds=3))
    deliver(published, "email", State.WAITING, 50)
    deliver(published, "email", State.WAITING, 3, attempts=2)
    text = live(editor, published).text
    assert clock.now == live_page.LIFE == 25
    [first] = events(text)
    assert "30 übergeben, 53 warten." in first["headline"]
    assert "in der Sekunde, noch etwa" in first["headline"]
    assert text.split("\n\n").count(":") == 2  # signs of life, each after ten seconds' silence
    assert "weniger als 5" in first["table"]  # tried more than once
    assert first["moving"] is True


def test_the_stream_tells_what_changed_meanwhile(
        editor: Visitor, published: Announcement, deliver: Deliver, clock: Clock) -> None:
    number = published.id

    def arrive() -> None:
        db.session.execute(update(Delivery).where(Delivery.state == State.WAITING)
                           .values(state=State.SENT, sent_at=utcnow()))
        db.session.commit()
        kept.forget(number)

    deliver(published, "email", State.SENT, 30)
    deliver(published, "email", State.WAITING, 50)
    clock.then[7.0] = arrive
    text = live(editor, published).text
    assert [(event["value"], event["moving"]) for event in events(text)] == [
        (30, True), (80, False)]
    assert clock.now == 7, "it ends when nothing moves any more"


def test_a_stream_holds_no_connection_to_the_database(
        editor: Visitor, published: Announcement, deliver: Deliver,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FRESH", 60)
    deliver(published, "email", State.WAITING, 50)
    number = published.id
    editor.read(f"/redaktion/{number}")  # the stream's first answer is shared already
    with editor.client.application.app_context():
        answer = editor.client.get(f"/redaktion/{number}/live")
        told = answer.iter_encoded()
        while b"data: " not in next(told):
            pass
        assert db.engine.pool.checkedout() == 0
        answer.close()


def test_a_browser_that_comes_back_is_told_only_what_is_new(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 40)
    text = live(editor, published).text
    mark = text.split("id: ")[1].split("\n")[0]
    assert events(live(editor, published, **{"Last-Event-ID": mark}).text) == []


def test_when_all_streams_are_taken_one_asks_for_the_numbers_instead(
        make_app: Callable[..., Flask], app: Flask, editor: Visitor, published: Announcement,
        deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 40)
    streams = app.extensions["live_streams"]
    for _ in range(3):  # the setting's default
        assert streams.acquire(blocking=False)
    answer = live(editor, published)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    once = editor.get(f"/redaktion/{published.id}/live?einmal")
    assert json.loads(once.text)["headline"] == "Fertig: 40 übergeben."
    streams.release()
    assert live(editor, published).status_code == 200
    assert live(editor, published).status_code == 200  # the last one gave its place back
    streams.release(2)


def test_a_hundred_who_watch_cost_one_query(
        app: Flask, session: Session, published: Announcement, deliver: Deliver,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FRESH", 600)
    deliver(published, "email", State.SENT, 40)
    number = published.id
    session.remove()
    asked: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if "GROUP BY delivery.channel" in statement:
            asked.append(statement)

    def watch() -> None:
        with app.app_context():
            for _ in range(10):
                progress.watched(db.session(), number, utcnow())
            db.session.remove()

    event.listen(db.engine, "before_cursor_execute", note)
    progress.watched(session(), number, utcnow())
    watchers = [threading.Thread(target=watch) for _ in range(10)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


def test_without_redis_everybody_asks_for_himself(
        make_app: Callable[..., Flask], app: Flask, session: Session, published: Announcement,
        deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 40)
    number = published.id
    session.remove()
    lame = make_app(redis_url="redis://127.0.0.1:1/0")
    with lame.app_context():
        found = progress.watched(db.session(), number, utcnow())
        assert found.channels[0].count(State.SENT) == 40


def test_only_published_announcements_have_numbers(
        editor: Visitor, make_announcement: Callable[..., Announcement]) -> None:
    assert live(editor, make_announcement()).status_code == 404


@pytest.mark.parametrize(("channel", "says"), [
    (ChannelProgress("email", counts={"sent": 900, "waiting": 100}, due=100, per_second=50),
     "900 übergeben, 100 warten. 50 in der Sekunde, noch etwa 2 Sekunden."),
    (ChannelProgress("email", counts={"sent": 900, "waiting": 100}, due=100),
     "900 übergeben, 100 warten."),
    (ChannelProgress("email", counts={"sent": 900, "waiting": 100}, next_due=1.8e9),
     "900 übergeben, 100 warten auf ihre Zeit"),
    (ChannelProgress("email", counts={"sent": 2, "waiting": 100}, due=100),
     "weniger als 5 übergeben, 100 warten."),
])
def test_the_headline_says_how_things_stand(
        app: Flask, channel: ChannelProgress, says: str) -> None:
    with app.test_request_context():
        found = live_page.headline(Snapshot([channel], spreading=False, held=False, closed=False))
    assert found.startswith(says)


@pytest.mark.parametrize("state", [
    {"spreading": True}, {"spreading": True, "held": True},
    {"spreading": True, "closed": True}, {"held": True}, {}])
def test_the_headline_says_while_the_list_grows(app: Flask, state: dict[str, bool]) -> None:
    channel = ChannelProgress("email", counts={"sent": 90, "waiting": 10}, due=10)
    flags = {"spreading": False, "held": False, "closed": False} | state
    with app.test_request_context():
        found = live_page.headline(Snapshot([channel], **flags))
    assert found.endswith("Die Liste wächst noch.") is (
        flags["spreading"] and not flags["closed"])


def test_a_sum_never_tells_a_hidden_number(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 1234)
    deliver(published, "email", State.REFUSED, 3)
    deliver(published, "push", State.SENT, 100)
    deliver(published, "outlet", State.SENT, 1, contact_id=None, outlet="Mastodon")
    page = editor.read(f"/redaktion/{published.id}")
    assert "1.237" not in page
    assert ">mehr als 1.234<" in page
    assert "Fertig: 1.335 übergeben." in page  # nothing is hidden in this sum
    assert 'max="1335"' in page
