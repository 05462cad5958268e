"""Topics at the desk: adding, wording, order, retiring without losing a subscription."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.intake.models import Source
from civic_push.staff import accounts
from civic_push.web.desk.administration.topic_forms import slug_of
from subscriptions.models import Contact, Subscription, Topic
from subscriptions.tokens import Purpose
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor

NEW = "/redaktion/themen/neu"


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> Visitor:
    """Who administers."""
    account = accounts.create(session, "verwaltung@example.org", PASSWORD, "admin", utcnow())
    session.commit()
    return sign_in(client, session, account)


def test_a_new_topic_is_offered_last_and_in_its_languages(
        admin: Visitor, session: Session, make_topic: Callable[..., Topic]) -> None:
    make_topic("abfall", position=4)
    answer = admin.press(NEW, name="Bus & Rad", description="Busse, Wege.", name_en="Bus & bike",
                         aliases="Bus\nRadweg, Haltestelle")
    assert answer.status_code == 303
    topic = session.scalars(select(Topic).where(Topic.slug == "bus-rad")).one()
    assert (topic.position, topic.aliases) == (5, "Bus|Radweg|Haltestelle")
    assert topic.title("en") == "Bus & bike"
    assert topic.title("tr") == "Bus & Rad"
    assert "Bus &amp; Rad" in admin.get("/anmelden").text
    page = admin.read("/redaktion/themen")
    assert page.index("Abfall") < page.index("Bus & Rad")
    assert "Noch nicht übersetzt: Türkçe" in page


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"name": ""}, "Schreiben Sie, wie das Thema heißt."),
    ({"name": "…"}, "Schreiben Sie, wie das Thema heißt."),
    ({"name": "ABFALL"}, "mit diesem Namen gibt es schon"),
    ({"name": "Müll", "slug": "abfall"}, "„abfall“ gibt es schon"),
    ({"name": "Müll", "slug": "alle"}, "„alle“ gibt es schon"),
    ({"name": "Müll", "slug": "Der Müll"}, "nur Kleinbuchstaben"),
    ({"name": "Müll", "slug": "müll/../x"}, "nur Kleinbuchstaben"),
    ({"name": "x" * 121}, "höchstens 120 Zeichen"),
    ({"name": "Müll", "name_ar": "x" * 121}, "höchstens 120 Zeichen"),
    ({"name": "Müll", "aliases": "wort\n" * 500}, "zu viele Wörter")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bad_input_gets_a_sentence_and_stores_nothing(
        admin: Visitor, session: Session, make_topic: Callable[..., Topic],
        typed: dict[str, str], sentence: str) -> None:
    make_topic("abfall")
    answer = admin.press(NEW, description="bleibt stehen", **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "bleibt stehen" in answer.text
    assert len(session.scalars(select(Topic)).all()) == 1


def test_renaming_keeps_the_address_and_is_in_the_trail(
        admin: Visitor, session: Session, make_topic: Callable[..., Topic]) -> None:
    topic = make_topic("kultur", translations={"en": {"name": "Culture", "example": "A play"}})
    page = f"/redaktion/themen/{topic.id}"
    assert 'value="Culture"' in admin.read(page)
    admin.press(page, name="Kultur & Bäder", slug="baeder", name_tr="Kültür")
    session.refresh(topic)
    assert (topic.slug, topic.name) == ("kultur", "Kultur & Bäder")
    assert topic.translations == {"tr": {"name": "Kültür"}}
    trail = admin.read("/redaktion/protokoll?art=topic")
    assert "Thema geändert" in trail
    assert "Kultur & Bäder" in trail


def test_topics_move_up_one_place_at_a_time(
        admin: Visitor, session: Session, make_topic: Callable[..., Topic]) -> None:
    ids = [make_topic(slug).id for slug in ("abfall", "bus", "kultur")]
    admin.press("/redaktion/themen", f"/redaktion/themen/{ids[2]}/hoch")
    admin.press("/redaktion/themen", f"/redaktion/themen/{ids[0]}/hoch")  # it is the first
    order = session.scalars(select(Topic.slug).order_by(Topic.position)).all()
    assert order == ["abfall", "kultur", "bus"]


def test_a_retired_topic_is_offered_to_nobody_and_its_subscriptions_stay(
        app: Flask, admin: Visitor, session: Session, make_topic: Callable[..., Topic],
        make_contact: Callable[..., Contact]) -> None:
    topic, other = make_topic("abfall"), make_topic("kultur")
    contact = make_contact(pairs=((topic, None),))
    page = f"/redaktion/themen/{topic.id}"
    admin.press(page, f"{page}/zurueckziehen")
    assert "Zurückgezogen" in admin.read("/redaktion/themen")
    assert "Abfall" not in admin.get("/anmelden").text
    assert 'name="topics" value="2"' in admin.read("/redaktion/neu")
    assert 'name="topics" value="1"' not in admin.read("/redaktion/neu")
    manage = app.extensions["tokens"].make(
        Purpose.MANAGE, contact.id, challenge=0, expires_at=utcnow() + timedelta(hours=1))
    own = admin.get(f"/einstellungen/{manage}").location
    mine = admin.read(own)
    assert "Dazu gibt es zurzeit keine Meldungen" in mine
    admin.press(own, thema=[str(topic.id), str(other.id)], ortsteil="alle", sprache="de")
    assert set(session.scalars(select(Subscription.topic_id))) == {topic.id, other.id}
    admin.press("/redaktion/themen", f"{page}/anbieten")
    assert "Abfall" in admin.get("/anmelden").text
    assert "keine Meldungen" not in admin.read(own)


def test_a_topic_that_a_source_uses_or_that_is_the_last_stays(
        admin: Visitor, session: Session, make_topic: Callable[..., Topic]) -> None:
    topic = make_topic("abfall")
    page = f"/redaktion/themen/{topic.id}"
    admin.press(page, f"{page}/zurueckziehen")
    assert "Das ist das letzte Thema" in admin.read(page)
    make_topic("kultur")
    session.add(Source(name="Entsorger", url="https://example.org/feed", topics=[topic],
                       next_check_at=utcnow(), created_at=utcnow()))
    session.commit()
    admin.press(page, f"{page}/zurueckziehen")
    assert "Diese Quellen melden noch unter diesem Thema: Entsorger." in admin.read(page)
    session.refresh(topic)
    assert topic.retired_at is None


def test_a_name_becomes_a_part_of_addresses() -> None:
    assert slug_of("Bus & Rad") == "bus-rad"
    assert slug_of("  Straßen – Öffnung ") == "strassen-oeffnung"
    assert slug_of("Ä" * 80) == "ae" * 30
