"""Sending to the missing: they get it, nobody gets it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome
from civic_push.announcements import following, publishing
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery import again, report
from civic_push.delivery.cutting_off import STOPPED
from civic_push.delivery.models import Delivery, Lane, State
from civic_push.staff.models import TrailEntry
from subscriptions.models import Contact, ContactState, Frequency
from tests.civic_push.desk_visitor import Visitor
from tests.stand_ins.outbox import Outbox

Jobs = Callable[[], list[str]]
BLOCKED = "554 5.7.1 blocked"


@pytest.fixture
def half_sent(session: Session, outbox: Outbox, run_jobs: Jobs,
              make_announcement: Callable[..., Announcement],
              make_contact: Callable[..., Contact]) -> Announcement:
    """An announcement that one got, one did not, and one lies in between."""
    for number in range(3):
        make_contact(address=f"r{number}@example.org")
    kinds = {"r0": Outcome(Kind.SENT), "r1": Outcome(Kind.REFUSED, BLOCKED),
             "r2": Outcome(Kind.UNKNOWN, "no answer")}
    outbox.repeatable = False
    outbox.answer = lambda e: kinds[e.address[:2]]
    announcement = make_announcement()
    publishing.publish(session, announcement, utcnow())
    run_jobs()
    outbox.answer = lambda _: Outcome(Kind.SENT)
    outbox.sent.clear()
    return announcement


def send(editor: Visitor, announcement: Announcement, *reasons: str, **more: str) -> int:
    """Fill the form."""
    page = f"/redaktion/{announcement.id}/bericht/nachsenden"
    return editor.press(page, was=list(reasons), **more).status_code


def test_the_missing_get_it_and_nobody_gets_it_twice(
        editor: Visitor, session: Session, outbox: Outbox, run_jobs: Jobs,
        half_sent: Announcement) -> None:
    page = editor.read(f"/redaktion/{half_sent.id}/bericht/nachsenden")
    assert "E-Mail, abgelehnt: weniger als 5" in page
    assert send(editor, half_sent, "email:blocked") == 302
    assert send(editor, half_sent, "email:blocked") == 422  # nobody is missing for that any more
    run_jobs()
    assert [e.address for e in outbox.sent] == ["r1@example.org"]
    assert Counter(d.state for d in session.query(Delivery)) == {"sent": 2, "unknown": 1}
    assert session.query(Delivery).count() == 3
    entry = session.query(TrailEntry).filter_by(action="announcement.again").one()
    assert entry.after == '{"count":"weniger als 5","reasons":["email:blocked"]}'


def test_an_sms_without_an_answer_goes_out_again_only_after_a_warning(
        editor: Visitor, session: Session, half_sent: Announcement) -> None:
    session.query(Delivery).update({"channel": "sms"})
    session.commit()
    page = f"/redaktion/{half_sent.id}/bericht/nachsenden"
    assert "SMS ohne Antwort: Vorsicht" in editor.read(page)
    answer = editor.press(page, was="sms:no_answer")
    assert answer.status_code == 422
    assert "Bitte bestätigen Sie, dass manche die SMS dann doppelt bekommen" in answer.text
    assert 'value="sms:no_answer" checked' in answer.text  # what was chosen stays
    assert send(editor, half_sent, "sms:no_answer", doppelt="ja") == 302
    session.expire_all()
    assert Counter(d.state for d in session.query(Delivery)) == {
        "sent": 1, "refused": 1, "waiting": 1}


def test_nothing_chosen_is_said_beside_the_choice(
        editor: Visitor, half_sent: Announcement) -> None:
    answer = editor.press(f"/redaktion/{half_sent.id}/bericht/nachsenden")
    assert answer.status_code == 422
    assert answer.text.count("Bitte wählen Sie, an wen es noch einmal gehen soll.") == 2
    assert send(editor, half_sent, "email:gone") == 422  # what is not offered is not taken


def test_who_has_left_or_pauses_meanwhile_is_left_alone(
        session: Session, half_sent: Announcement) -> None:
    first, second = session.query(Contact).filter(Contact.id.in_(
        [d.contact_id for d in session.query(Delivery).filter(Delivery.state != State.SENT)]))
    first.state = ContactState.LEAVING
    second.subscriber.paused_until = utcnow() + timedelta(days=1)
    session.commit()
    assert again.send_again(session, half_sent, report.failures(session, half_sent.id),
                            utcnow()) == 0


def test_digests_count_from_now(
        session: Session, half_sent: Announcement) -> None:
    now = utcnow()
    missing = session.query(Delivery).filter(Delivery.state == State.REFUSED).one()
    contact = session.get(Contact, missing.contact_id)
    assert contact
    contact.frequency = Frequency.DAILY
    session.commit()
    again.send_again(session, half_sent, report.failures(session, half_sent.id), now)
    session.commit()
    session.expire_all()
    assert (missing.state, missing.lane) == (State.WAITING, Lane.DIGEST)
    assert now < missing.due_at <= now + timedelta(hours=25)
    assert (missing.attempts, missing.error) == (0, None)


def test_what_follows_something_does_not_wait_for_a_digest(
        session: Session, outbox: Outbox, run_jobs: Jobs, half_sent: Announcement) -> None:
    now = utcnow()
    session.query(Contact).update({"frequency": Frequency.DAILY})
    outbox.answer = lambda _: Outcome(Kind.REFUSED, BLOCKED)
    correction = publishing.save(session, publishing.Draft(
        title="Brücke halb gesperrt", body="Die Brücke ist halb gesperrt.", kind="correction",
        change="Nur eine Seite.", topics=[t.id for t in half_sent.topics]), now,
        follows=half_sent)
    assert publishing.publish(session, correction, now)
    run_jobs()
    missing = {d.id: d for d in session.query(Delivery).filter_by(announcement_id=correction.id)}
    assert len(missing) == 2
    heard_nothing = min(missing)
    missing[heard_nothing].follows_id = None  # the correction was his first word on the matter
    session.commit()
    again.send_again(session, correction, report.failures(session, correction.id), now)
    session.commit()
    session.expire_all()
    assert {d.id: d.lane for d in missing.values()} == {
        heard_nothing: Lane.DIGEST, max(missing): Lane.NORMAL}


def test_an_outlet_that_failed_gets_it_again(
        session: Session, half_sent: Announcement) -> None:
    now = utcnow()
    session.add(Delivery(announcement_id=half_sent.id, outlet="Mastodon", channel="outlet",
                         lane=Lane.NORMAL, state=State.EXPIRED, due_at=now, created_at=now,
                         expires_at=now + timedelta(days=1)))
    session.commit()
    chosen = [g for g in report.failures(session, half_sent.id) if g.public]
    assert again.send_again(session, half_sent, chosen, now) == 1


def test_what_was_stopped_or_is_over_is_not_sent_again(
        editor: Visitor, session: Session, half_sent: Announcement) -> None:
    page = f"/redaktion/{half_sent.id}/bericht/nachsenden"
    form = editor.get(page).text
    assert form.count('name="was"') == 2
    half_sent.expires_at = utcnow() - timedelta(minutes=1)
    session.commit()
    assert "Die Meldung gilt nicht mehr." in editor.read(page)
    half_sent.expires_at = utcnow() + timedelta(days=1)
    session.commit()
    following.stop(session, half_sent, utcnow())
    assert "Die Meldung wurde gestoppt" in editor.read(page)
    assert send(editor, half_sent, "email:blocked") == 302
    session.expire_all()
    assert session.query(Delivery).filter(Delivery.state == State.WAITING).count() == 0


def test_nobody_who_was_stopped_is_offered(
        session: Session, half_sent: Announcement) -> None:
    session.query(Delivery).update({"state": State.CANCELLED, "error": STOPPED})
    session.commit()
    assert again.worth_it(report.failures(session, half_sent.id)) == []
