"""The page about sources: the dry run, adding, changing, reading now, pausing, ending."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import utcnow
from civic_push.intake.adding import NewSource, OwnPages, add
from civic_push.intake.models import Item, Source
from civic_push.staff import accounts
from civic_push.staff.models import TrailEntry
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor
from tests.civic_push.intake.conftest import TownFeed
from tests.stand_ins.feed_server import FeedServer, reply

NEW = "/redaktion/quellen/neu"


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> Visitor:
    """Who administers."""
    account = accounts.create(session, "verwaltung@example.org", PASSWORD, "admin", utcnow())
    session.commit()
    return sign_in(client, session, account)


@pytest.fixture
def feed(web: FeedServer) -> TownFeed:
    """The town's feed, with nothing in it."""
    return TownFeed(web)


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic()


@pytest.fixture
def form(feed: TownFeed, topic: Topic) -> dict[str, str]:
    """What an administrator types for the town's feed."""
    feed.put("Sperrung in Hiddesen", at=utcnow())
    feed.put("Rathaus zu", at=utcnow())
    return {"adresse": feed.url, "name": "Straßenamt", "thema": str(topic.id), "abstand": "30",
            "dann": "eingang"}


def count(session: Session, kind: type) -> int:
    return session.scalar(select(func.count()).select_from(kind)) or 0


def test_a_dry_run_shows_what_would_come_and_stores_nothing(
        admin: Visitor, session: Session, form: dict[str, str],
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    make_neighbourhood("hiddesen")
    page = admin.press(NEW, **form, was="ansehen").text
    assert "Die Quelle enthält 2 Einträge." in page
    assert page.index("Rathaus zu") < page.index("ganze Stadt") < page.index(
        "Sperrung in Hiddesen") < page.index("<span>Hiddesen</span>")
    assert page.count("in den Eingang</span>") == 2
    assert 'value="Straßenamt"' in page
    assert count(session, Source) == count(session, Item) == 0
    at_once = admin.press(NEW, **{**form, "dann": "sofort"}, was="ansehen").text
    assert at_once.count("sofort veröffentlicht</span>") == 2


def test_a_source_is_added_silently_and_reads_what_comes_later(
        admin: Visitor, session: Session, form: dict[str, str], feed: TownFeed, topic: Topic
) -> None:
    answer = admin.press(NEW, **form, was="anlegen")
    source = session.scalars(select(Source)).one()
    assert answer.location.endswith(f"/redaktion/quellen/{source.id}")
    assert (source.name, source.interval_minutes, source.publish) == ("Straßenamt", 30, False)
    assert [t.id for t in source.topics] == [topic.id]
    page = f"/redaktion/quellen/{source.id}"
    assert "Die 2 Einträge von heute gelten als bekannt" in admin.read(page)
    admin.press(page, f"{page}/lesen")
    assert "Es gibt nichts Neues" in admin.read(page)
    feed.put("Ampel fällt aus", at=utcnow())
    admin.press(page, f"{page}/lesen")
    said = admin.read(page)
    assert "1 neu, davon 1 im Eingang und 0 veröffentlicht" in said
    assert "Ampel fällt aus</a>" in said
    assert session.scalars(select(Announcement)).one().state == AnnouncementState.WAITING
    assert session.scalars(select(TrailEntry.action).order_by(TrailEntry.id)).all()[-3:] == [
        "source.added", "source.checked", "source.checked"]


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("adresse", "amt.example/feed", "mit https:// am Anfang"),
    ("adresse", "ftp://amt.example/feed", "mit https:// am Anfang"),
    ("adresse", "http://[", "nicht richtig geschrieben"),
    ("adresse", "http://127.0.0.1:9/feed", "führt in ein internes Netz"),
    ("adresse", "http://127.0.0.1:9/feed", "CIVIC_PUSH_FETCH_PRIVATE"),
    ("adresse", "http://localhost/feeds/meldungen.atom", "unsere eigene Seite"),
    ("adresse", "https://a.example/" + "x" * 2000, "zu lang"),
    ("name", "x" * 201, "zu lang"),
    ("thema", "999", "mindestens ein Thema"),
    ("abstand", "0", "eine Zahl von 1 bis 10080"),
    ("abstand", "bald", "eine Zahl von 1 bis 10080")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(
        admin: Visitor, session: Session, form: dict[str, str], field: str, value: str,
        sentence: str) -> None:
    for deed in ("ansehen", "anlegen"):
        answer = admin.press(NEW, **{**form, field: value}, was=deed)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'name="dann" value="eingang" checked' in answer.text
    assert count(session, Source) == 0


def test_an_address_that_is_read_already_is_named(
        admin: Visitor, form: dict[str, str], session: Session) -> None:
    admin.press(NEW, **form, was="anlegen")
    for deed in ("ansehen", "anlegen"):
        answer = admin.press(NEW, **form, was=deed)
        assert "wird schon gelesen, als „Straßenamt“" in answer.text
    assert count(session, Source) == 1


def test_a_redirect_to_our_own_pages_is_no_source(
        app, session: Session, feed: TownFeed, make_app) -> None:
    feed.put("Im Kreis")
    circle = make_app(fetch_private=(feed.web.place,), public_url=f"http://{feed.web.place}")
    with circle.app_context(), pytest.raises(OwnPages):
        add(session, NewSource(feed.url), utcnow())


def test_changing_keeps_the_address_and_is_in_the_trail(
        admin: Visitor, session: Session, form: dict[str, str],
        make_topic: Callable[..., Topic]) -> None:
    admin.press(NEW, **form, was="anlegen")
    source = session.scalars(select(Source)).one()
    page, other = f"/redaktion/quellen/{source.id}", make_topic("kultur")
    changed = {**form, "name": "Tiefbau", "thema": str(other.id), "dann": "sofort",
               "nur_titel": "ja", "adresse": "https://boese.example/"}
    assert admin.press(page, **changed).status_code == 303
    session.refresh(source)
    assert (source.name, source.publish, source.titles_only) == ("Tiefbau", True, True)
    assert source.url == form["adresse"]
    trail = admin.read("/redaktion/protokoll")
    assert "Quelle geändert" in trail
    assert "Kultur" in trail
    bad = admin.press(page, **{**changed, "name": ""})
    assert (bad.status_code, "braucht einen Namen" in bad.text) == (422, True)


def test_a_paused_source_is_left_alone_until_it_goes_on(
        admin: Visitor, session: Session, form: dict[str, str]) -> None:
    admin.press(NEW, **form, was="anlegen")
    source = session.scalars(select(Source)).one()
    page = f"/redaktion/quellen/{source.id}"
    admin.press(page, f"{page}/pausieren")
    admin.press(page, f"{page}/lesen")
    assert "Die Quelle pausiert. Setzen Sie sie fort" in admin.read(page)
    admin.press(page, f"{page}/fortsetzen")
    session.refresh(source)
    assert source.active
    assert source.next_check_at <= utcnow()


def test_ending_a_source_leaves_its_announcements(
        admin: Visitor, session: Session, form: dict[str, str], feed: TownFeed) -> None:
    admin.press(NEW, **form, was="anlegen")
    page = f"/redaktion/quellen/{session.scalars(select(Source.id)).one()}"
    feed.put("Ampel fällt aus", at=utcnow())
    admin.press(page, f"{page}/lesen")
    assert admin.press(page, f"{page}/beenden").location.endswith("/redaktion/quellen")
    assert (count(session, Source), count(session, Item), count(session, Announcement)) == (0, 0, 1)
    assert "wird nicht mehr gelesen" in admin.read("/redaktion/quellen")
    assert admin.get(page).status_code == 404


def test_a_source_that_cannot_be_read_says_why(
        admin: Visitor, session: Session, form: dict[str, str], feed: TownFeed) -> None:
    admin.press(NEW, **form, was="anlegen")
    page = f"/redaktion/quellen/{session.scalars(select(Source.id)).one()}"
    feed.web.send(reply("404 Not Found"))
    admin.press(page, f"{page}/lesen")
    said = admin.read(page)
    assert "Unter dieser Adresse findet sich nichts mehr." in said
    assert "Ein Versuch ist misslungen" in said
    assert "lässt sich nicht lesen</span>" in admin.read("/redaktion/quellen")
