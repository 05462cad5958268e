"""What was let out leaves at its time, exactly once, and can be taken back until then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import approval, publishing, scheduling
from civic_push.announcements.approval import CannotSend
from civic_push.announcements.approval_models import ApprovalStep, Deed
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.clock import tick
from civic_push.db import db, utcnow
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery
from civic_push.staff.models import Staff, TrailEntry
from civic_push.web.desk.watching import deliveries
from subscriptions.models import Contact
from tests.civic_push.conftest import sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

Make = Callable[..., Announcement]


@pytest.fixture
def clerk(make_staff: Callable[..., Staff]) -> Staff:
    return make_staff("editor", "presse")


@pytest.fixture
def scheduled(session: Session, clerk: Staff, make_announcement: Make, now: datetime
              ) -> Announcement:
    """Something to leave in an hour."""
    announcement = make_announcement()
    approval.release(session, clerk, announcement, now, at=now + timedelta(hours=1))
    return announcement


def test_what_is_scheduled_leaves_with_the_first_tick_after_its_time(
        session: Session, scheduled: Announcement, now: datetime,
        make_contact: Callable[..., Contact]) -> None:
    make_contact()
    tick(now + timedelta(minutes=59))
    session.refresh(scheduled)
    assert scheduled.state == AnnouncementState.SCHEDULED
    leaves = now + timedelta(hours=1, seconds=1)
    tick(leaves)
    session.refresh(scheduled)
    assert (scheduled.state, scheduled.published_at) == (AnnouncementState.PUBLISHED, leaves)
    fan_out(scheduled.id)
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1
    entry = session.scalars(select(TrailEntry).where(
        TrailEntry.action == "announcement.published")).one()
    assert entry.actor == "clock"


def test_two_clocks_publish_it_once(app: Flask, session: Session, scheduled: Announcement,
                                    now: datetime) -> None:
    db.session.remove()
    start, published = Barrier(2), []

    def ring() -> None:
        with app.app_context():
            start.wait(timeout=10)
            published.append(scheduling.publish_due(db.session(), now + timedelta(hours=2)))
            db.session.remove()

    clocks = [Thread(target=ring) for _ in range(2)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join(timeout=30)
    assert sorted(published) == [0, 1]
    assert session.scalar(select(func.count()).select_from(TrailEntry).where(
        TrailEntry.action == "announcement.published")) == 1


def test_what_is_taken_back_does_not_leave(
        session: Session, scheduled: Announcement, clerk: Staff, now: datetime) -> None:
    approval.take_back(session, clerk, scheduled, now)
    session.commit()
    tick(now + timedelta(hours=2))
    session.refresh(scheduled)
    assert (scheduled.state, scheduled.scheduled_at) == (AnnouncementState.DRAFT, None)
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_what_is_out_cannot_be_taken_back(
        session: Session, scheduled: Announcement, clerk: Staff, now: datetime) -> None:
    tick(now + timedelta(hours=2))
    with pytest.raises(CannotSend, match="settled"):
        approval.take_back(session, clerk, scheduled, now)
    session.refresh(scheduled)
    assert scheduled.state == AnnouncementState.PUBLISHED


def test_what_has_expired_when_its_time_comes_is_a_draft_again_and_says_why(
        session: Session, scheduled: Announcement, now: datetime) -> None:
    scheduled.expires_at = now + timedelta(minutes=90)
    session.commit()
    tick(now + timedelta(hours=2))  # the clock was away
    session.refresh(scheduled)
    assert scheduled.state == AnnouncementState.DRAFT
    step = session.scalars(select(ApprovalStep).order_by(ApprovalStep.id.desc())).first()
    assert step
    assert (step.deed, step.comment, step.staff_id) == (Deed.LATE, "expired", None)


@pytest.fixture
def follow(session: Session, make_announcement: Make, now: datetime) -> Make:
    """Begin something that follows what is published."""
    original = make_announcement()
    publishing.publish(session, original, now)

    def make(kind: AnnouncementKind, **fields: Any) -> Announcement:
        saved = publishing.save(session, publishing.Draft(
            "Brücke", "Offen.", topics=[t.id for t in original.topics], kind=kind,
            change="Anders.", **fields), now, follows=original)
        session.commit()
        return saved
    return make


def test_a_correction_whose_chain_has_ended_meanwhile_does_not_leave(
        session: Session, clerk: Staff, follow: Make, make_announcement: Make, now: datetime
        ) -> None:
    correction = follow(AnnouncementKind.CORRECTION)
    approval.release(session, clerk, correction, now, at=now + timedelta(hours=1))
    publishing.publish(session, follow(AnnouncementKind.WITHDRAWAL), now)
    other = make_announcement(title="Danach")
    approval.release(session, clerk, other, now, at=now + timedelta(hours=1))
    tick(now + timedelta(hours=2))
    session.expire_all()
    assert correction.state == AnnouncementState.DRAFT
    assert other.state == AnnouncementState.PUBLISHED, "one that fails holds nobody up"


def test_what_was_scheduled_does_not_end_a_danger_that_two_people_let_out_since(
        session: Session, clerk: Staff, make_staff: Callable[..., Staff], follow: Make,
        now: datetime) -> None:
    withdrawal = follow(AnnouncementKind.WITHDRAWAL)
    approval.release(session, clerk, withdrawal, now, at=now + timedelta(hours=1))
    danger = follow(AnnouncementKind.CORRECTION, urgency=Urgency.DANGER, author_id=clerk.id)
    approval.submit(session, clerk, danger, now)
    approval.release(session, make_staff("approver"), danger, now, skip_undo=True)
    tick(now + timedelta(hours=2))
    session.expire_all()
    assert (danger.state, danger.closed_at) == (AnnouncementState.PUBLISHED, None)
    assert withdrawal.state == AnnouncementState.DRAFT
    assert approval.steps(session, withdrawal)[0][0].comment == "overtaken"
    assert approval.second_person(session, withdrawal) == approval.Why.DANGER


def test_what_is_scheduled_follows_the_newest_there_was_when_it_was_let_out(
        session: Session, clerk: Staff, follow: Make, now: datetime) -> None:
    withdrawal = follow(AnnouncementKind.WITHDRAWAL)  # begun before the correction
    correction = follow(AnnouncementKind.CORRECTION)
    publishing.publish(session, correction, now)
    approval.release(session, clerk, withdrawal, now, at=now + timedelta(hours=1))
    tick(now + timedelta(hours=2))
    session.expire_all()
    assert withdrawal.state == AnnouncementState.PUBLISHED
    assert withdrawal.replaces_id == correction.id


def test_it_is_not_scheduled_for_when_it_has_expired(
        session: Session, clerk: Staff, make_announcement: Make, now: datetime) -> None:
    announcement = make_announcement(expires_at=now + timedelta(minutes=30))
    with pytest.raises(CannotSend, match="expires_before"):
        approval.release(session, clerk, announcement, now, at=now + timedelta(hours=1))


def test_what_is_scheduled_cannot_be_saved_over(
        session: Session, scheduled: Announcement, now: datetime) -> None:
    with pytest.raises(publishing.AlreadyPublished):
        publishing.save(session, publishing.Draft("Anders", "Text"), now, scheduled)


@pytest.mark.parametrize(("at", "sentence"), [
    ("2027-03-28T02:30", "gibt es an dem Tag nicht"),
    ("2027-10-31T02:30", "kommt in der Nacht zweimal"),
    ("2020-01-01T10:00", "schon vorbei"),
    ("2099-01-01T10:00", "innerhalb eines Jahres"),
    ("morgen", "Bitte geben Sie Tag und Uhrzeit ein"),
    ("", "Bitte geben Sie Tag und Uhrzeit ein")], ids=[
        "skipped", "twice", "past", "far", "words", "nothing"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_time_that_will_not_do_gets_a_sentence_and_is_kept(
        editor: Visitor, session: Session, make_announcement: Make, at: str, sentence: str
        ) -> None:
    number = make_announcement().id
    page = f"/redaktion/{number}/veroeffentlichen"
    answer = editor.press(page, when="later", at=at)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'href="#at"' in answer.text
    assert f'value="{at}"' in answer.text
    session.expire_all()
    found = session.get(Announcement, number)
    assert found
    assert found.state == AnnouncementState.DRAFT


def test_the_desk_schedules_by_the_town_s_clock_and_takes_back(
        editor: Visitor, session: Session, make_announcement: Make) -> None:
    number = make_announcement().id
    day = (utcnow() + timedelta(days=200)).date()
    answer = editor.press(f"/redaktion/{number}/veroeffentlichen", when="later",
                          at=f"{day}T07:15")
    page = editor.read(answer.location)
    assert "Eingeplant" in page
    assert "07:15" in page
    editor.press(f"/redaktion/{number}", f"/redaktion/{number}/anhalten")
    session.expire_all()
    found = session.get(Announcement, number)
    assert found
    assert found.state == AnnouncementState.DRAFT
    assert "nichts hinausgegangen" in editor.read(f"/redaktion/{number}")


@pytest.fixture
def hasty(make_app: Callable[..., Flask], clerk: Staff) -> Any:
    """A desk with an undo window of 20 seconds, where danger needs nobody else."""
    db.session.remove()
    app = make_app(undo_seconds=20, second_person_danger=False)
    with app.app_context():
        yield sign_in(app.test_client(), db.session(), db.session.merge(clerk))
        db.session.remove()


def test_what_is_published_can_be_taken_back_for_some_seconds(
        hasty: Visitor, make_announcement: Make) -> None:
    number = make_announcement().id
    answer = hasty.press(f"/redaktion/{number}/veroeffentlichen")
    assert "geht in 20 Sekunden hinaus" in hasty.read(answer.location)
    found = db.session.get(Announcement, number)
    assert found
    assert found.state == AnnouncementState.SCHEDULED
    tick(datetime.now(UTC) + timedelta(seconds=10))
    db.session.expire_all()
    assert found.state == AnnouncementState.SCHEDULED
    hasty.press(f"/redaktion/{number}", f"/redaktion/{number}/anhalten")
    tick(datetime.now(UTC) + timedelta(seconds=30))
    db.session.expire_all()
    assert found.state == AnnouncementState.DRAFT
    tab = hidden(hasty.get(f"/redaktion/{number}/veroeffentlichen").text)
    hasty.post(f"/redaktion/{number}/veroeffentlichen", **tab)
    tick(datetime.now(UTC) + timedelta(seconds=30))
    db.session.expire_all()
    assert found.state == AnnouncementState.PUBLISHED


def test_danger_need_not_wait_for_the_undo_window(
        hasty: Visitor, make_announcement: Make) -> None:
    number = make_announcement(urgency=Urgency.DANGER).id
    page = f"/redaktion/{number}/veroeffentlichen"
    assert "Sofort: ohne die 20 Sekunden Bedenkzeit" in hasty.read(page)
    hasty.press(page, at_once="ja")
    found = db.session.get(Announcement, number)
    assert found
    assert found.state == AnnouncementState.PUBLISHED


@pytest.mark.parametrize(("seconds", "waits"), [(30, "30"), (-2, "0"), (7200, None), (-900, None)])
def test_the_page_waits_for_what_leaves_in_a_moment(
        session: Session, clerk: Staff, enter: Callable[[Staff], Visitor], make_announcement: Make,
        monkeypatch: pytest.MonkeyPatch, seconds: int, waits: str | None) -> None:
    now = utcnow()
    announcement = make_announcement()
    announcement.state = AnnouncementState.SCHEDULED
    announcement.scheduled_at = now + timedelta(seconds=seconds)
    session.commit()
    monkeypatch.setattr(deliveries, "utcnow", lambda: now)
    page = enter(clerk).read(f"/redaktion/{announcement.id}")
    assert ("live.js" in page) is (waits is not None)
    assert ("data-leaves-in" in page) is (waits is not None)
    if waits is not None:
        assert f'data-leaves-in="{waits}"' in page
        assert "Seite neu laden" in page
