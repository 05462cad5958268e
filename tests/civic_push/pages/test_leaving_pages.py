"""Leaving by link: one step, nothing by a GET, a reason for who cares to give one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from civic_push.cli import reasons
from civic_push.db import utcnow
from subscriptions.leaving import REASONS, leave
from subscriptions.models import Consent, Contact, ContactState, Subscriber
from subscriptions.tokens import Purpose


@pytest.fixture
def consent(session):
    """The consent behind a contact."""
    def make(contact: Contact) -> Consent:
        proof = Consent(contact_id=contact.id, channel=contact.channel, wording_version="1",
                        fingerprint=contact.fingerprint, wording="Ja.", asked_at=utcnow(),
                        confirmed_at=utcnow())
        session.add(proof)
        session.commit()
        return proof
    return make


@pytest.fixture
def path(make_contact, consent, link):
    """The way out of somebody who has agreed."""
    contact = make_contact()
    consent(contact)
    return link(Purpose.LEAVE, contact, None)


def left(session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Consent.ended_reason).order_by(Consent.id)))


def test_opening_or_prefetching_the_link_changes_nothing(
        session, resident, make_contact, consent, link):
    contact = make_contact()
    consent(contact)
    path = link(Purpose.LEAVE, contact, None)
    for method in ("GET", "HEAD", "OPTIONS"):
        assert resident.open(path, method=method).status_code == 200
    assert left(session) == [""]
    assert session.get(Contact, contact.id).state == ContactState.ACTIVE


def test_one_press_leaves_and_the_page_may_be_loaded_again(session, resident, path):
    resident.open(path)
    page = resident.press(path, was="kanal")
    assert page.history[0].status_code == 303  # reloading sends no form
    assert "Sie sind abgemeldet" in page.text
    assert "Sie sind abgemeldet" in resident.open(path).text
    assert left(session) == ["link"]
    assert session.scalars(select(Subscriber)).all() == []


def test_a_mail_program_leaves_by_one_post_without_cookies_and_is_not_redirected(
        session, other, path):
    for _again in range(2):
        answer = other.open(path, method="POST", follow=False,
                            data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert left(session) == ["one-click"]


def test_a_form_from_elsewhere_does_not_leave(session, other, make_contact, consent, link):
    contact = make_contact()
    consent(contact)
    answer = other.open(link(Purpose.LEAVE, contact, None), method="POST", data={"was": "kanal"})
    assert answer.status_code == 400
    assert left(session) == [""]


def test_a_reason_may_be_given_once_and_is_kept_beside_the_ended_consent(session, resident, path):
    resident.open(path)
    resident.press(path, was="kanal")
    page = resident.press(f"{path}/grund", grund="too_many")
    assert "Danke." in page.text
    assert "Warum haben Sie" not in page.text
    assert left(session) == ["link:too_many"]
    token = page.text.split('name="csrf_token" value="')
    assert len(token) == 1  # no form is left to press


def test_what_is_no_reason_of_ours_is_not_stored(session, resident, path):
    resident.open(path)
    page = resident.press(path, was="kanal")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    for reason in ("", "<script>", "too_many:moved", "x" * 10_000):
        page = resident.open(f"{path}/grund", method="POST",
                             data={"csrf_token": token, "grund": reason})
        assert page.status_code == 200
    assert left(session) == ["link"]


def test_no_reason_can_be_given_for_somebody_who_has_not_left(session, resident, path):
    page = resident.open(path)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    resident.open(f"{path}/grund", method="POST", data={"csrf_token": token, "grund": "moved"})
    assert left(session) == [""]


def test_a_day_later_nobody_is_asked_why_any_more(session, resident, path):
    resident.open(path)
    assert "Warum haben Sie" in resident.press(path, was="kanal").text
    session.execute(update(Consent).values(ended_at=utcnow() - timedelta(hours=25)))
    session.commit()
    assert "Warum haben Sie" not in resident.open(path).text


def test_every_reason_fits_its_column():
    longest = max(len(f"one-click:{reason}") for reason in REASONS)
    assert longest <= Consent.__table__.c.ended_reason.type.length


def test_who_only_stands_in_leaves_with_the_last_browser(session, make_contact, now):
    browser = make_contact("push", "browser")
    make_contact(subscriber=None, stands_in=True).subscriber = browser.subscriber
    session.commit()
    leave(session, [browser.id], "stop", now)
    session.commit()
    assert session.scalars(select(Contact)).all() == []
    assert browser.id


def test_reasons_are_counted_and_small_numbers_are_hidden(app, session, make_contact, consent, now):
    for reason, count in (("too_many", 5), ("moved", 4)):
        for _one in range(count):
            proof = consent(make_contact())
            proof.ended_at, proof.ended_reason = now, f"link:{reason}"
    session.commit()
    said = CliRunner().invoke(reasons)
    assert said.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in said.output.splitlines())
    assert lines == {"too_many": "5", "moved": "fewer than 5", "not_for_me": "0",
                     "unclear": "0", "other_way": "0"}
