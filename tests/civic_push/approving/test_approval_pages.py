"""From the author to the approver: submit, approve, send back, take back; four eyes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db, utcnow
from civic_push.staff.models import Staff, TrailEntry
from subscriptions.models import Contact, Neighbourhood
from tests.civic_push.conftest import sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

Make = Callable[..., Announcement]
Enter = Callable[[Staff], Visitor]
NEW = "/redaktion/neu"


def state(session: Session, number: int) -> AnnouncementState:
    session.rollback()
    session.expire_all()
    found = session.get(Announcement, number)
    assert found is not None
    return AnnouncementState(found.state)


def write(visitor: Visitor, form: dict[str, Any], **fields: Any) -> int:
    """Write a draft and go on to the page before it leaves; its number."""
    answer = visitor.press(NEW, **{**form, **fields}, button="next")
    assert answer.status_code == 302, answer.text
    found = re.fullmatch(r"/redaktion/(\d+)/veroeffentlichen", answer.location)
    assert found, answer.location
    return int(found[1])


def confirm(number: int) -> str:
    return f"/redaktion/{number}/veroeffentlichen"


def submit(visitor: Visitor, number: int, **fields: str) -> str:
    """Submit, and the page one is led to."""
    answer = visitor.press(confirm(number), f"/redaktion/{number}/einreichen", **fields)
    assert answer.status_code == 302, answer.text
    return visitor.read(answer.location)


@pytest.fixture
def author(make_staff: Callable[..., Staff], enter: Enter) -> Visitor:
    return enter(make_staff("author"))


@pytest.fixture
def approver(make_staff: Callable[..., Staff], enter: Enter) -> Visitor:
    return enter(make_staff("approver"))


def test_an_author_submits_and_an_approver_lets_it_out(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    page = author.read(confirm(number))
    assert "Eine Gefahr gibt immer eine zweite Person frei." in page
    assert "Jetzt veröffentlichen" not in page
    shown = submit(author, number, comment="Bitte schnell, es brennt.")
    assert "Wartet auf Freigabe." in shown
    assert state(session, number) == AnnouncementState.SUBMITTED
    review = approver.read(confirm(number))
    assert "Bitte schnell, es brennt." in review
    assert ">Freigeben<" in review
    approver.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED
    actions = session.scalars(select(TrailEntry.action).where(
        TrailEntry.kind == "announcement").order_by(TrailEntry.id)).all()
    assert actions == ["announcement.saved", "announcement.submitted", "announcement.approved",
                       "announcement.published"]


def test_an_editor_publishes_alone_what_is_no_danger_and_reaches_few(
        editor: Visitor, session: Session, form: dict[str, Any],
        make_contact: Callable[..., Contact]) -> None:
    make_contact()
    number = write(editor, form)
    editor.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED


def test_an_editor_does_not_publish_danger_alone_even_by_hand(
        editor: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(editor, form, urgency="danger")
    answer = editor.press(confirm(number))
    assert "Bitte reichen Sie sie zur Freigabe ein." in editor.read(answer.location)
    assert state(session, number) == AnnouncementState.DRAFT


def test_what_reaches_more_inboxes_than_the_town_has_set_needs_a_second_person(
        make_app: Callable[..., Flask], session: Session, form: dict[str, Any],
        make_contact: Callable[..., Contact], make_staff: Callable[..., Staff]) -> None:
    for _ in range(4):
        make_contact()
    person = make_staff("approver")
    db.session.remove()
    for above, alone in ((4, True), (3, False), (0, True)):
        app = make_app(second_person_above=above)
        with app.app_context():
            visitor = sign_in(app.test_client(), db.session(), db.session.merge(person))
            number = write(visitor, form)
            page = visitor.read(confirm(number))
            assert ("Was mehr als 3 Postfächer erreicht" in page) is not alone
            visitor.press(confirm(number))
            assert (state(db.session(), number) == AnnouncementState.PUBLISHED) is alone
            db.session.remove()


def test_nobody_approves_his_own_text_or_what_he_changed_last(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any],
        make_staff: Callable[..., Staff], enter: Enter) -> None:
    own = write(approver, form, urgency="danger")
    submit(approver, own)
    assert "Sie haben diese Meldung selbst geschrieben." in approver.read(confirm(own))
    answer = approver.press(confirm(own))
    assert "Sie haben diese Meldung selbst geschrieben." in approver.read(answer.location)
    changed = write(author, form, urgency="danger")
    approver.press(f"/redaktion/{changed}/bearbeiten", **{
        **form, "urgency": "danger", "body": "Anders."}, button="draft")
    submit(author, changed)
    answer = approver.press(confirm(changed))
    assert "Sie haben diesen Text zuletzt geändert." in approver.read(answer.location)
    assert state(session, own) == state(session, changed) == AnnouncementState.SUBMITTED
    other = enter(make_staff("approver", "dritte"))
    other.press(confirm(changed))
    assert state(session, changed) == AnnouncementState.PUBLISHED


def test_an_editor_without_the_task_does_not_approve_danger(
        author: Visitor, editor: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    submit(author, number)
    answer = editor.press(confirm(number))
    assert "Aufgabe „Freigabe“" in editor.read(answer.location)
    assert state(session, number) == AnnouncementState.SUBMITTED


def test_an_editor_lets_out_an_author_s_text_that_needs_no_second_person(
        author: Visitor, editor: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form)
    submit(author, number)
    editor.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED


def test_two_approvers_at_once_publish_once_and_the_second_learns_why(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any],
        make_staff: Callable[..., Staff], enter: Enter) -> None:
    number = write(author, form, urgency="danger")
    submit(author, number)
    other = enter(make_staff("approver", "dritte"))
    seen = [hidden(visitor.get(confirm(number)).text) for visitor in (approver, other)]
    assert approver.post(confirm(number), **seen[0]).status_code == 302
    late = other.post(confirm(number), **seen[1])
    assert "Zu spät: Die Meldung ist" in other.read(late.location)
    published = session.scalars(select(TrailEntry).where(
        TrailEntry.action == "announcement.published")).all()
    assert len(published) == 1


def test_submitting_twice_says_so(
        author: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form)
    tab = hidden(author.get(confirm(number)).text)
    for _ in range(2):
        answer = author.post(f"/redaktion/{number}/einreichen", **tab)
    assert "Zu spät: Die Meldung ist" in author.read(answer.location)
    assert state(session, number) == AnnouncementState.SUBMITTED


def test_what_is_sent_back_is_a_draft_again_with_the_comment_for_its_author(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    submit(author, number)
    back = f"/redaktion/{number}/zurueckgeben"
    empty = approver.press(confirm(number), back, reason=" ")
    assert empty.status_code == 422
    assert "Bitte schreiben Sie, was fehlt oder falsch ist." in empty.text
    approver.press(confirm(number), back, reason="Welche <Brücke>?")
    assert state(session, number) == AnnouncementState.DRAFT
    assert "Welche <Brücke>?" in author.read(f"/redaktion/{number}")
    assert "Welche <Brücke>?" in author.read(confirm(number))


def test_what_waits_cannot_be_changed_until_it_is_taken_back(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    edit = f"/redaktion/{number}/bearbeiten"
    tab = hidden(author.get(edit).text)
    submit(author, number)
    seen = hidden(approver.get(confirm(number)).text)
    late = author.post(edit, **{**tab, **form, "body": "Ganz anders.", "button": "draft"})
    assert late.status_code == 409
    assert "Ganz anders." in late.text, "what was typed is kept"
    author.press(f"/redaktion/{number}", f"/redaktion/{number}/anhalten")
    assert state(session, number) == AnnouncementState.DRAFT
    author.press(edit, **{**form, "urgency": "danger", "body": "Ganz anders."}, button="draft")
    submit(author, number)
    stale = approver.post(confirm(number), **seen)
    assert stale.location == confirm(number)
    assert "inzwischen geändert" in approver.read(confirm(number))
    assert state(session, number) == AnnouncementState.SUBMITTED


def test_an_author_submits_only_for_his_ortsteile(
        session: Session, form: dict[str, Any], make_staff: Callable[..., Staff], enter: Enter,
        make_neighbourhood: Callable[..., Neighbourhood], make_announcement: Make) -> None:
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("pivitsheide")
    person = make_staff("author", places=[here])
    foreign = make_announcement(neighbourhoods=[there.id], author_id=person.id)
    number = foreign.id
    visitor = enter(person)
    answer = visitor.press(confirm(number), f"/redaktion/{number}/einreichen")
    assert "außerhalb Ihrer Ortsteile" in visitor.read(answer.location)
    assert state(session, number) == AnnouncementState.DRAFT
    own = write(visitor, form, where="places", places=str(here.id))
    submit(visitor, own)
    other = enter(make_staff("approver", places=[there]))
    assert other.get(confirm(own)).status_code == 403
    assert other.post(confirm(own)).status_code in (302, 403)
    assert state(session, own) == AnnouncementState.SUBMITTED


def test_what_has_expired_while_it_waited_is_not_approved(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    submit(author, number)
    seen = hidden(approver.get(confirm(number)).text)
    found = session.get(Announcement, number)
    assert found
    found.expires_at = utcnow() - timedelta(minutes=1)
    session.commit()
    page = approver.get(confirm(number)).text
    assert "schon vorbei" in page
    assert ">Freigeben<" not in page
    assert "zurückgeben" in page
    approver.post(confirm(number), **seen)
    assert state(session, number) == AnnouncementState.SUBMITTED
