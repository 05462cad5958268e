"""What is approved is all that leaves: every language, when and where, and the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from civic_push.announcements.models import AnnouncementState
from civic_push.staff.models import Staff
from tests.civic_push.approving.test_approval_pages import confirm, state, submit, write
from tests.civic_push.desk.test_images import png
from tests.civic_push.desk_visitor import Visitor, hidden

Enter = Callable[[Staff], Visitor]
ALT = "Ein Zelt."


@pytest.fixture
def app(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """An app whose pictures lie in a folder of the test's own."""
    app = make_app(var_dir=str(tmp_path / "own"), undo_seconds=0)
    with app.app_context():
        yield app


@pytest.fixture
def author(make_staff: Callable[..., Staff], enter: Enter) -> Visitor:
    return enter(make_staff("author"))


@pytest.fixture
def approver(make_staff: Callable[..., Staff], enter: Enter) -> Visitor:
    return enter(make_staff("approver"))


def add(visitor: Visitor, number: int, alt: str = ALT, picture: bytes = b"") -> None:
    """Store a picture, or other words for the one there is."""
    answer = visitor.press(f"/redaktion/{number}/bild", bild=(BytesIO(picture), "b.png"), alt=alt)
    assert answer.status_code == 302, answer.text


def remove(visitor: Visitor, number: int) -> None:
    visitor.press(f"/redaktion/{number}/bild", f"/redaktion/{number}/bild/entfernen")


DEEDS: dict[str, Callable[[Visitor, int], None]] = {
    "another": lambda visitor, number: add(visitor, number, picture=png(3, 3)),
    "other words": lambda visitor, number: add(visitor, number, "Ein großes Zelt."),
    "none any more": remove}


def test_every_language_time_and_place_are_read_before_it_leaves(
        author: Visitor, approver: Visitor, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger", starts="2030-07-01T18:30",
                   address="Marktplatz 5", coordinates="51.9365, 8.8791",
                   plain_body="Die Brücke ist zu.", reviewer="Prüfgruppe Lippe",
                   **{"title-en": "Bridge closed", "body-en": "The bridge is **closed**.",
                      "title-ar": "الجسر مغلق", "body-ar": "الجسر مغلق."})
    pages = [author.read(confirm(number))]
    submit(author, number)
    pages += [approver.read(confirm(number)), approver.read(f"/redaktion/{number}")]
    for page in pages:
        for words in (
                "In Leichter Sprache", '<h3 lang="en" dir="ltr">Bridge closed</h3>',
                "The bridge is <strong>closed</strong>.", "Montag, 1. Juli 2030, 18:30 Uhr",
                '<h3 lang="ar" dir="rtl">الجسر مغلق</h3>', "Marktplatz 5",
                "https://www.openstreetmap.org/?mlat=51.936500&mlon=8.879100#map=18/"):
            assert words in page
        assert '<bdi lang="tr">' not in page, "what there is not is not listed"


@pytest.mark.parametrize("deed", DEEDS)
def test_another_picture_wants_another_look(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any], deed: str
        ) -> None:
    number = write(author, form, urgency="danger")
    add(author, number, picture=png())
    submit(author, number)
    seen = hidden(approver.get(confirm(number)).text)
    author.press(f"/redaktion/{number}", f"/redaktion/{number}/anhalten")
    DEEDS[deed](author, number)
    submit(author, number)
    stale = approver.post(confirm(number), **seen)
    assert stale.location == confirm(number)
    assert "inzwischen geändert" in approver.read(confirm(number))
    assert state(session, number) == AnnouncementState.SUBMITTED
    approver.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED


def test_a_picture_added_after_reading_wants_another_look(
        approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(approver, form)
    seen = hidden(approver.get(confirm(number)).text)
    add(approver, number, picture=png())
    assert approver.post(confirm(number), **seen).location == confirm(number)
    assert state(session, number) == AnnouncementState.DRAFT


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_approves_a_picture_he_changed_last(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any], deed: str
        ) -> None:
    number = write(author, form, urgency="danger")
    add(author, number, picture=png())
    DEEDS[deed](approver, number)
    submit(author, number)
    answer = approver.press(confirm(number))
    assert "Sie haben diesen Text zuletzt geändert." in approver.read(answer.location)
    assert state(session, number) == AnnouncementState.SUBMITTED


def test_saving_a_picture_as_it_was_changes_nothing(
        author: Visitor, approver: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(author, form, urgency="danger")
    add(author, number, picture=png())
    add(approver, number)
    submit(author, number)
    approver.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED


def test_what_is_out_can_be_copied_from_its_page_and_from_the_lists(
        approver: Visitor, author: Visitor, session: Session, form: dict[str, Any]) -> None:
    number = write(approver, form)
    approver.press(confirm(number))
    assert state(session, number) == AnnouncementState.PUBLISHED
    link = f'href="/redaktion/neu?kopie={number}"'
    assert link in author.read(f"/redaktion/{number}")
    for page in ("/redaktion/meldungen/veroeffentlicht", "/redaktion/meldungen/entwuerfe"):
        assert (link in author.read(page)) is page.endswith("veroeffentlicht")
    assert "Die Brücke ist gesperrt." in author.read(f"/redaktion/neu?kopie={number}")
    withdraw = approver.press(f"/redaktion/{number}/zurueckziehen", change="Doch offen.",
                              button="next").location
    approver.press(withdraw)
    withdrawal = int(withdraw.split("/")[2])
    assert state(session, withdrawal) == AnnouncementState.PUBLISHED
    for page in (f"/redaktion/{withdrawal}", "/redaktion/meldungen/veroeffentlicht"):
        assert f"kopie={withdrawal}" not in author.read(page), "it has no text of its own"
    assert link in author.read("/redaktion/meldungen/zurueckgezogen")
