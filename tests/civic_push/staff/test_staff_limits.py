"""An Ortsteilredaktion: whoever is limited to Ortsteile and topics, at the write form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.conftest import sign_in
from tests.civic_push.desk_visitor import Visitor

NEW = "/redaktion/neu"


@pytest.fixture
def place(make_neighbourhood: Callable[..., Neighbourhood]) -> Neighbourhood:
    return make_neighbourhood("hiddesen")


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("vereine")


@pytest.fixture
def volunteer(app: Flask, session: Session, staff: Staff, place: Neighbourhood, topic: Topic
              ) -> Visitor:
    """An author for Hiddesen and its clubs."""
    accounts.change(session, staff, ["author"], [topic.id], [place.id])
    return sign_in(app.test_client(), session, staff)


def written(**form: object) -> dict[str, object]:
    return {"title": "Sommerfest", "body": "Am Samstag.", "urgency": "info", "where": "places",
            "button": "draft", **form}


@pytest.mark.parametrize("where", ["town", "places"])
def test_writing_beyond_ones_ortsteil_says_so_at_the_field_and_keeps_the_text(
        session: Session, volunteer: Visitor, topic: Topic, where: str,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    foreign = make_neighbourhood("pivitsheide")
    answer = volunteer.press(NEW, **written(where=where, topics=[topic.id],
                                            places=[foreign.id]))
    assert answer.status_code == 422
    assert "Sie schreiben nur für Hiddesen." in answer.text
    assert "Sommerfest" in answer.text
    session.rollback()
    assert session.scalars(select(Announcement)).all() == []


def test_writing_about_another_topic_says_so_at_the_field(
        volunteer: Visitor, place: Neighbourhood, make_topic: Callable[..., Topic]) -> None:
    foreign = make_topic("warnungen")
    answer = volunteer.press(NEW, **written(places=[place.id], topics=[foreign.id]))
    assert answer.status_code == 422
    assert "Sie schreiben nur über Vereine." in answer.text


@pytest.mark.parametrize(("button", "leads_to"), [
    ("draft", "bearbeiten"), ("next", "veroeffentlichen")])
def test_an_author_s_draft_is_kept_and_goes_no_further(
        session: Session, volunteer: Visitor, place: Neighbourhood, topic: Topic, button: str,
        leads_to: str) -> None:
    assert "Weiter zum Veröffentlichen" not in volunteer.read(NEW)
    answer = volunteer.press(NEW, **written(places=[place.id], topics=[topic.id],
                                            button=button))
    draft = session.scalars(select(Announcement)).one()
    assert answer.location == f"/redaktion/{draft.id}/{leads_to}"
    assert draft.state == AnnouncementState.DRAFT
    assert volunteer.post(f"/redaktion/{draft.id}/veroeffentlichen").status_code in (302, 403)
    session.refresh(draft)
    assert draft.state == AnnouncementState.DRAFT


def test_what_lies_beyond_is_offered_no_buttons_in_the_tray(
        session: Session, volunteer: Visitor, place: Neighbourhood, topic: Topic,
        make_announcement: Callable[..., Announcement]) -> None:
    make_announcement(topics=[topic.id], neighbourhoods=[place.id])
    make_announcement(topics=[topic.id], title="Für alle")
    for announcement in session.scalars(select(Announcement)):
        announcement.state = AnnouncementState.WAITING
    session.commit()
    page = volunteer.read("/redaktion/eingang")
    assert page.count(">Bearbeiten<") == 1
    assert page.count("Liegt außerhalb Ihrer Ortsteile oder Themen.") == 1
