"""Pausing one announcement: nothing of it leaves, nothing of it is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome
from civic_push.announcements import following, publishing
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.clock import tick
from civic_push.config import OutletSetting
from civic_push.db import db, utcnow
from civic_push.delivery import claiming, holding, ledger
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.follow_ups import follow_up
from civic_push.delivery.ledger import Record
from civic_push.delivery.models import Delivery, State
from civic_push.delivery.pause_models import AnnouncementPause
from civic_push.staff.models import TrailEntry
from subscriptions.models import Contact, Topic
from tests.civic_push.desk_visitor import Visitor
from tests.stand_ins.outbox import Outbox

Jobs = Callable[[], list[str]]


@pytest.fixture
def published(app: Flask, session: Session, make_announcement: Callable[..., Announcement],
              make_contact: Callable[..., Contact]) -> Announcement:
    """An announcement that three people asked for; its deliveries are not written yet."""
    for _ in range(3):
        make_contact()
    announcement = make_announcement()
    publishing.publish(session, announcement, utcnow())
    return announcement


def rows(session: Session) -> Counter[tuple[str, str]]:
    session.expire_all()
    return Counter((d.state, d.lane) for d in session.query(Delivery))


def test_nothing_leaves_while_an_announcement_pauses_and_all_of_it_when_it_goes_on(
        app: Flask, editor: Visitor, session: Session, outbox: Outbox, run_jobs: Jobs,
        published: Announcement) -> None:
    app.extensions["redis"].flushall()
    fan_out(published.id)
    editor.press(f"/redaktion/{published.id}", f"/redaktion/{published.id}/unterbrechen")
    run_jobs()
    tick(utcnow())
    run_jobs()
    assert outbox.sent == []
    page = editor.read(f"/redaktion/{published.id}")
    assert "Angehalten: 0 übergeben, weniger als 5 warten." in page
    editor.press(f"/redaktion/{published.id}", f"/redaktion/{published.id}/weiter-senden")
    run_jobs()
    assert len(outbox.sent) == 3
    assert rows(session) == {("sent", "normal"): 3}
    assert session.query(AnnouncementPause).count() == 0
    trail = [e.action for e in session.query(TrailEntry).order_by(TrailEntry.id)]
    assert trail[-2:] == ["announcement.held", "announcement.resumed"]


def test_what_is_written_during_a_pause_waits_too(
        session: Session, outbox: Outbox, run_jobs: Jobs, published: Announcement) -> None:
    holding.begin(session, published.id, utcnow())
    session.commit()
    run_jobs()
    assert outbox.sent == []
    assert rows(session) == {("waiting", "held normal"): 3}


def test_a_follow_up_that_pauses_leaves_by_no_outlet_either(
        make_app: Callable[..., Flask], now: datetime) -> None:
    app, box = make_app(outlets=(OutletSetting("Mastodon", "json://localhost"),)), Outbox("outlet")
    app.extensions["channels"] = {"outlet": box}
    with app.app_context():
        session = db.session()
        session.add(topic := Topic(slug="verkehr", name="Verkehr"))
        session.flush()
        draft = Draft(title="Sperrung", body="Zu.", topics=[topic.id])
        first = publishing.save(session, draft, now)
        session.commit()
        publishing.publish(session, first, utcnow())
        fan_out(first.id)
        drain("outlet", "normal")
        assert len(box.sent) == 1
        second = publishing.save(session, replace(
            draft, kind=AnnouncementKind.CORRECTION, change="Nur bis Samstag."), now,
            follows=first)
        session.commit()
        publishing.publish(session, second, utcnow())
        holding.begin(session, second.id, utcnow())
        session.commit()
        follow_up(second.id)  # the pause is older than what it holds
        drain("outlet", "normal")
        assert len(box.sent) == 1
        assert rows(session) == {("sent", "normal"): 1, ("waiting", "held normal"): 1}
        holding.end(session, second.id)
        session.commit()
        holding.settle_all(session)
        drain("outlet", "normal")
        assert len(box.sent) == 2


def test_a_pause_is_taken_up_by_the_clock_where_it_was_cut_short(
        session: Session, outbox: Outbox, run_jobs: Jobs, published: Announcement,
        monkeypatch: pytest.MonkeyPatch) -> None:
    fan_out(published.id)
    monkeypatch.setattr(holding, "CHUNK", 1)
    holding.begin(session, published.id, utcnow())
    session.commit()
    assert not holding.settle(session, published.id, seconds=0)  # killed before it began
    tick(utcnow())
    assert rows(session) == {("waiting", "held normal"): 3}
    holding.end(session, published.id)
    session.commit()
    holding.settle_all(session)
    assert rows(session) == {("waiting", "normal"): 3}


def test_what_a_worker_brings_back_during_a_pause_is_held_as_well(
        session: Session, outbox: Outbox, published: Announcement) -> None:
    fan_out(published.id)
    claimed = claiming.claim(session, "email", "normal", 1, utcnow(), timedelta(seconds=60))
    holding.begin(session, published.id, utcnow())
    session.commit()
    holding.settle(session, published.id)
    ledger.record(session, [Record(claimed[0].id, State.WAITING, due_at=utcnow())], utcnow())
    session.commit()
    drain("email", "normal")
    assert outbox.sent == []
    assert rows(session) == {("waiting", "held normal"): 3}


def test_a_digest_held_on_its_way_is_still_known_as_one(
        session: Session, published: Announcement) -> None:
    fan_out(published.id)
    session.query(Delivery).update({"lane": "held digest", "state": State.SENT})
    number = session.query(Delivery.id).limit(1).scalar()
    assert ledger.earlier(session, [number])[number].digest


def test_stopping_ends_what_pauses(
        session: Session, outbox: Outbox, run_jobs: Jobs, published: Announcement) -> None:
    fan_out(published.id)
    holding.begin(session, published.id, utcnow())
    session.commit()
    holding.settle(session, published.id)
    assert following.stop(session, published, utcnow()) == 3
    holding.end(session, published.id)
    session.commit()
    holding.settle(session, published.id)
    run_jobs()
    assert outbox.sent == []


def test_what_expires_during_a_pause_does_not_leave_afterwards(
        session: Session, outbox: Outbox, run_jobs: Jobs, published: Announcement) -> None:
    fan_out(published.id)
    holding.begin(session, published.id, utcnow())
    session.commit()
    holding.settle(session, published.id)
    session.query(Delivery).update({"expires_at": utcnow() - timedelta(minutes=1)})
    session.commit()
    ledger.expire(session, utcnow())
    session.commit()
    holding.end(session, published.id)
    session.commit()
    holding.settle(session, published.id)
    run_jobs()
    assert outbox.sent == []
    assert {state for state, _lane in rows(session)} == {"expired"}


def test_pausing_and_going_on_twice_is_harmless(
        editor: Visitor, session: Session, published: Announcement) -> None:
    base = f"/redaktion/{published.id}"
    for deed in ("unterbrechen", "unterbrechen", "weiter-senden", "weiter-senden"):
        assert editor.press(base, f"{base}/{deed}").status_code == 302
    session.expire_all()
    assert session.query(AnnouncementPause).count() == 0
    trail = [e.action for e in session.query(TrailEntry) if e.kind == "announcement"]
    assert trail == ["announcement.held", "announcement.resumed"]


def test_a_draft_cannot_be_paused(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]) -> None:
    draft = make_announcement()
    editor.press(f"/redaktion/{draft.id}/bearbeiten", f"/redaktion/{draft.id}/unterbrechen")
    assert "Hier ist nichts anzuhalten." in editor.read(f"/redaktion/{draft.id}")
    assert session.query(AnnouncementPause).count() == 0


def test_other_announcements_go_on(
        session: Session, outbox: Outbox, run_jobs: Jobs, published: Announcement,
        make_announcement: Callable[..., Announcement]) -> None:
    outbox.answer = lambda _: Outcome(Kind.SENT)
    holding.begin(session, published.id, utcnow())
    session.commit()
    other = make_announcement(title="Ein anderes")
    publishing.publish(session, other, utcnow())
    run_jobs()
    assert {e.message.title for e in outbox.sent} == {"Ein anderes"}
    db.session.remove()
