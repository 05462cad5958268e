"""Correcting, withdrawing, giving the all-clear and stopping at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import following, publishing
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.publishing import Draft
from civic_push.db import db, utcnow
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, State
from civic_push.staff import accounts
from subscriptions.models import Contact, Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FORM = {"title": "Brücke gesperrt", "body": "Die Brücke ist bis Samstag gesperrt.",
        "where": "town", "urgency": "info"}


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("verkehr")


@pytest.fixture
def published(session: Session, topic: Topic) -> Callable[..., Announcement]:
    """Publish an announcement now."""
    def make(**overrides: object) -> Announcement:
        draft = Draft(**{"title": "Brücke gesperrt", "topics": [topic.id],  # type: ignore[arg-type]
                         "body": "Die Brücke ist bis Freitag gesperrt.", **overrides})
        announcement = publishing.save(session, draft, utcnow())
        session.commit()
        assert publishing.publish(session, announcement, utcnow())
        return announcement
    return make


def drafts(session: Session) -> list[Announcement]:
    session.expire_all()
    return list(session.scalars(select(Announcement).where(
        Announcement.state == AnnouncementState.DRAFT)))


def correct(editor: Visitor, number: int, topic: Topic, **fields: str) -> str:
    """Fill in the form and go on to the last page; its address."""
    answer = editor.press(f"/redaktion/{number}/korrigieren", button="next", **{
        **FORM, "topics": str(topic.id), "change": "Sie bleibt bis Samstag gesperrt.", **fields})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_a_correction_goes_from_the_form_over_a_last_look_to_the_residents(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic, make_contact: Callable[..., Contact]) -> None:
    for _ in range(6):
        make_contact()
    original = published()
    fan_out(original.id)
    session.query(Delivery).filter(Delivery.contact_id <= 5).update({"state": State.SENT})
    session.commit()
    form = editor.read(f"/redaktion/{original.id}/korrigieren")
    assert "Die Brücke ist bis Freitag gesperrt." in form, "prefilled"
    assert "Was ist jetzt anders?" in form
    last_look = correct(editor, original.id, topic)
    page = editor.read(last_look)
    assert "Sie bleibt bis Samstag gesperrt." in page
    assert "<del><span class=\"kern-sr-only\">gestrichen: </span>Freitag</del>" in page
    assert ">5</td>" in page
    assert "weniger als 5</td>" in page, "one inbox is nobody's business"
    answer = editor.press(last_look)
    assert answer.status_code == 302
    found = following.current(session, original)
    assert (found.kind, found.replaces_id, found.state) == (
        AnnouncementKind.CORRECTION, original.id, AnnouncementState.PUBLISHED)
    watched = editor.read(f"/redaktion/{original.id}")
    assert "Das ist nicht mehr die neueste Fassung." in watched
    assert f'href="/redaktion/{found.id}"' in watched
    assert "/korrigieren" not in watched, "only the newest is corrected"


@pytest.mark.parametrize(("deed", "kind", "ask"), [
    ("zurueckziehen", AnnouncementKind.WITHDRAWAL, "warum die Meldung nicht mehr gilt"),
    ("entwarnen", AnnouncementKind.ALL_CLEAR, "was jetzt gilt")])
def test_a_withdrawal_and_an_all_clear_are_one_sentence(
        app: Flask, editor: Visitor, session: Session, published: Callable[..., Announcement],
        deed: str, kind: AnnouncementKind, ask: str) -> None:
    original = published(urgency=Urgency.DANGER, plain_body="Die Brücke ist zu.")
    path = f"/redaktion/{original.id}/{deed}"
    answer = editor.press(path, button="next")
    assert answer.status_code == 422
    assert ask in answer.text
    answer = editor.press(path, button="next", change=" Es war   ein Irrtum. ",
                          plain_change="Das war falsch.")
    last_look = str(answer.location)
    assert "zweite Person" in editor.read(last_look)
    editor.press(last_look, last_look.replace("veroeffentlichen", "einreichen"))
    second = accounts.create(session, "zweite@example.org", PASSWORD, "approver", utcnow())
    sign_in(app.test_client(), session, second).press(last_look)
    session.expire_all()
    found = following.current(session, original)
    assert found.kind == kind
    assert found.urgency == Urgency.DANGER
    assert {t.register: (t.title, t.body, t.change) for t in found.texts} == {
        "standard": ("Brücke gesperrt", "", "Es war ein Irrtum."),
        "plain": ("Brücke gesperrt", "", "Das war falsch.")}


def test_withdrawing_twice_says_so(
        editor: Visitor, session: Session, published: Callable[..., Announcement]) -> None:
    original = published()
    address = str(editor.press(f"/redaktion/{original.id}/zurueckziehen", button="next",
                               change="Irrtum.").location)
    last_look = editor.get(address).text
    assert editor.press(address).status_code == 302
    again = editor.press(address)
    assert "eingereicht, veröffentlicht oder verworfen" in editor.read(str(again.location))
    assert "Jetzt zurückziehen" in last_look
    for deed in ("zurueckziehen", "korrigieren", "entwarnen"):
        answer = editor.get(f"/redaktion/{original.id}/{deed}")
        assert "wurde schon zurückgezogen" in editor.read(str(answer.location))
    assert session.query(Announcement).count() == 2


def test_an_all_clear_is_offered_for_dangers_only(
        editor: Visitor, published: Callable[..., Announcement]) -> None:
    info, danger = published(), published(urgency=Urgency.DANGER)
    assert "/entwarnen" not in editor.read(f"/redaktion/{info.id}")
    assert "/entwarnen" in editor.read(f"/redaktion/{danger.id}")
    answer = editor.get(f"/redaktion/{info.id}/entwarnen")
    assert "nur zu einer Gefahr" in editor.read(str(answer.location))


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic) -> None:
    original = published(urgency=Urgency.IMPORTANT)
    path = f"/redaktion/{original.id}/korrigieren"
    answer = editor.press(path, button="next", **{
        **FORM, "topics": str(topic.id), "change": "x" * 301, "plain_change": "Kurz."})
    page = answer.text
    assert answer.status_code == 422
    assert 'href="#change"' in page
    assert "höchstens 300 Zeichen" in page
    assert "mindestens so dringend" in page
    assert "fehlt noch der Text in Einfacher Sprache" in page
    assert "x" * 301 in page
    assert drafts(session) == []


def test_two_who_correct_the_same_thing_meet_in_one_draft(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic) -> None:
    original = published()
    address = correct(editor, original.id, topic)
    (draft,) = drafts(session)
    answer = editor.get(f"/redaktion/{original.id}/korrigieren")
    assert answer.location == f"/redaktion/{draft.id}/folge"
    assert "schon jemand begonnen" in editor.read(answer.location)
    for ordinary in ("bearbeiten", "veroeffentlichen"):
        path = f"/redaktion/{draft.id}/{ordinary}"
        for answer in (editor.get(path), editor.press(address, to=path)):
            assert answer.location in (f"/redaktion/{draft.id}/folge", address)


def test_a_correction_that_came_out_meanwhile_is_shown_before_the_next(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic) -> None:
    original = published()
    address = correct(editor, original.id, topic)
    (draft,) = drafts(session)
    form = editor.get(address)
    other = publishing.save(session, Draft(
        "Brücke offen", "…", topics=[topic.id], kind=AnnouncementKind.CORRECTION,
        change="Offen."), utcnow(), follows=original)
    publishing.publish(session, other, utcnow())
    answer = editor.post(address, **hidden(form.text))
    assert answer.location == address
    assert "Inzwischen kam schon eine Korrektur hinaus" in editor.read(address)
    editor.press(address)
    session.refresh(draft)
    assert (draft.state, draft.replaces_id) == (AnnouncementState.PUBLISHED, other.id)


def test_stopping_ends_what_waits_and_says_what_is_left_to_do(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        make_contact: Callable[..., Contact]) -> None:
    make_contact()
    original = published()
    fan_out(original.id)
    assert f"/redaktion/{original.id}/stoppen" in editor.read(f"/redaktion/{original.id}")
    answer = editor.press(f"/redaktion/{original.id}/stoppen")
    page = editor.read(str(answer.location))
    assert "Gestoppt. Was noch nicht draußen war" in page
    assert "/stoppen" not in page
    assert session.query(Delivery).one().state == State.CANCELLED
    again = editor.press(f"/redaktion/{original.id}/stoppen")
    assert "nichts mehr zu stoppen" in editor.read(str(again.location))


@pytest.fixture
def chain(session: Session, published: Callable[..., Announcement], topic: Topic
          ) -> list[Announcement]:
    """An original, its correction, and the withdrawal of both."""
    found = [published()]
    for kind, change in ((AnnouncementKind.CORRECTION, "Bis Samstag."),
                         (AnnouncementKind.WITHDRAWAL, "Irrtum <b>.")):
        follow = publishing.save(session, Draft(
            "Brücke gesperrt", "Neuer Text." if not found[1:] else "", topics=[topic.id],
            kind=kind, change=change), utcnow() + timedelta(seconds=len(found)),
            follows=found[-1])
        assert publishing.publish(session, follow, utcnow() + timedelta(seconds=len(found)))
        found.append(follow)
    return found


def test_the_public_page_shows_what_became_of_it(
        editor: Visitor, chain: list[Announcement]) -> None:
    original, correction, withdrawal = chain
    page = editor.read(f"/meldungen/{original.id}")
    assert "Diese Meldung wurde zurückgezogen" in page
    assert "Irrtum <b>." in page
    assert "&lt;b&gt;" in editor.get(f"/meldungen/{original.id}").text
    assert f'href="/meldungen/{withdrawal.id}"' in page
    assert "Die Brücke ist bis Freitag gesperrt." in page, "still there, but folded away"
    last = editor.read(f"/meldungen/{withdrawal.id}")
    assert "Zurückgezogen" in last
    assert f'href="/meldungen/{original.id}"' in last
    assert f'href="/meldungen/{correction.id}"' in last


def test_a_corrected_page_leads_to_the_new_version(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic) -> None:
    original = published()
    editor.press(correct(editor, original.id, topic))
    page = editor.read(f"/meldungen/{original.id}")
    new = following.current(session, original).id
    assert "Diese Meldung wurde korrigiert" in page
    assert "Sie bleibt bis Samstag gesperrt." in page
    assert f'href="/meldungen/{new}"' in page
    corrected = editor.read(f"/meldungen/{new}")
    assert "Korrigiert" in corrected
    assert "Die Brücke ist bis Samstag gesperrt." in corrected


def test_the_preview_reads_as_those_get_it_who_got_the_original(
        editor: Visitor, session: Session, published: Callable[..., Announcement],
        topic: Topic) -> None:
    original = published(plain_body="Die Brücke ist zu.")
    page = editor.press(
        f"/redaktion/{original.id}/zurueckziehen", button="preview", change="Ein Irrtum.").text
    assert "<h3>Zurückgezogen: Brücke gesperrt</h3>" in page
    assert "Der Grund: Ein Irrtum." in page
    page = editor.press(f"/redaktion/{original.id}/korrigieren", button="preview", **{
        **FORM, "topics": str(topic.id), "change": "Bis <Samstag>.", "plain_body": "Zu.",
        "plain_change": "Sie ist länger zu."}).text
    assert "Das ist jetzt anders: Bis &lt;Samstag&gt;." in page
    assert "Das ist jetzt anders: Sie ist länger zu." in page
    assert drafts(session) == []


def test_a_correction_without_a_word_of_its_own_is_not_published(
        editor: Visitor, session: Session, published: Callable[..., Announcement]) -> None:
    original = published()
    brought = publishing.save(session, Draft(
        "Brücke gesperrt", "Bis Sonntag.", topics=[t.id for t in original.topics],
        kind=AnnouncementKind.CORRECTION), utcnow(), follows=original)
    brought.state = AnnouncementState.WAITING
    session.commit()
    tray = editor.read("/redaktion/eingang")
    assert "Korrektur" in tray
    answer = editor.get(f"/redaktion/{brought.id}/veroeffentlichen")
    page = editor.read(str(answer.location))
    assert "Bitte schreiben Sie in einem Satz, was jetzt anders ist." in page
    assert "Sonntag" in page
    refused = editor.press(f"/redaktion/{brought.id}/folge",
                           to=f"/redaktion/{brought.id}/folge/veroeffentlichen")
    assert refused.status_code == 302
    session.refresh(brought)
    assert brought.state == AnnouncementState.WAITING


def test_a_correction_typed_on_a_page_that_was_open_too_long_is_not_lost(
        editor: Visitor, session: Session, published: Callable[..., Announcement]) -> None:
    original = published()
    path = f"/redaktion/{original.id}/zurueckziehen"
    editor.get(path)
    db.session.commit()
    with editor.client.application.app_context():
        answer = editor.client.post(path, headers={"Origin": "http://localhost"}, data={
            "csrf_token": "stale", "change": "Ein Irrtum.", "button": "next"})
    assert answer.status_code == 400
    assert 'value="Ein Irrtum."' in answer.text
    assert "Bitte speichern Sie noch einmal." in answer.text
    assert 'data-keep="' in answer.text, "the form itself, which goes on keeping what is typed"
    assert drafts(session) == []
    editor.press("/redaktion/", to="/redaktion/abmelden")
    answer = editor.post(path, change="Ein Irrtum.", button="next")
    assert answer.status_code == 401
    assert 'value="Ein Irrtum."' in answer.text
