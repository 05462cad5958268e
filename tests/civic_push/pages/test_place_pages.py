"""Links and QR codes: /hier/<ortsteil>/<thema>, and the sign-up form they fill in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from civic_push.db import utcnow
from civic_push.seed import seed
from subscriptions.models import Topic


@pytest.fixture(autouse=True)
def town(session):
    """All Ortsteile and topics."""
    seed(session)
    session.commit()


def ticked(resident, name):
    form = next(f for f in resident.forms() if f.action == "/anmelden")
    return form.values.get(name, [])


def test_a_link_for_an_ortsteil_and_a_topic_leads_to_a_form_with_both_chosen(
        session, resident):
    page = resident.open("/hier/hiddesen/abfall")
    assert "Abfall: Meldungen für Hiddesen" in page.text
    assert 'href="/anmelden?ortsteil=hiddesen&amp;thema=abfall"' in page.text
    resident.open("/anmelden?ortsteil=hiddesen&thema=abfall")
    assert len(ticked(resident, "ortsteil")) == len(ticked(resident, "thema")) == 1
    resident.open("/anmelden?ortsteil=ganze-stadt")
    assert ticked(resident, "ortsteil") == ["alle"]


def test_addresses_as_people_type_them_lead_to_the_proper_one(resident):
    for typed, proper in {
            "/hier/Hiddesen": "/hier/hiddesen", "/hier/Johannaberg": "/hier/berlebeck",
            "/hier/Klüt/Abfall": "/hier/kluet/abfall",
            "/hier/ganze-stadt/Warnungen": "/hier/ganze-stadt/warnungen"}.items():
        page = resident.open(typed, follow=False)
        assert (page.status_code, page.location) == (301, proper)
        assert resident.open(proper).status_code == 200
    page = resident.open("/hier/Hiddesen?sprache=en", follow=False)
    assert page.location == "/hier/hiddesen?sprache=en"


def test_an_unknown_ortsteil_is_said_with_those_it_sounds_like(resident):
    page = resident.open("/hier/hidesen/abfall")
    assert page.status_code == 404
    assert "„hidesen“ ist kein Ortsteil von Detmold" in page.text
    assert page.text.count('href="/hier/hiddesen/abfall"') == 2  # suggested, and in the list
    strange = resident.open("/hier/" + "ü%00<b>" * 40)
    assert strange.status_code == 404
    assert "<b>" not in strange.text


def test_an_unknown_topic_keeps_the_ortsteil_and_shows_the_topics(resident):
    page = resident.open("/hier/hiddesen/drachen")
    assert page.status_code == 404
    assert "Das Thema „drachen“ kennen wir nicht" in page.text
    assert 'href="/hier/hiddesen/abfall"' in page.text


def test_an_unknown_name_in_a_link_to_the_form_is_said_there(resident):
    page = resident.open("/anmelden?ortsteil=atlantis&ortsteil=hiddesen")
    assert page.status_code == 200
    assert "„atlantis“ aus Ihrem Link kennen wir nicht" in page.text
    assert len(ticked(resident, "ortsteil")) == 1


def test_a_topic_that_is_no_longer_offered_is_said_and_the_others_are_shown(
        session, resident):
    session.scalars(select(Topic).where(Topic.slug == "abfall")).one().retired_at = utcnow()
    session.commit()
    page = resident.open("/anmelden?ortsteil=hiddesen&thema=abfall&thema=drachen&thema=senioren")
    assert page.status_code == 200
    assert "Das Thema „Abfall“ bieten wir nicht mehr an." in page.text
    assert "„drachen“ aus Ihrem Link kennen wir nicht" in page.text
    assert page.text.count("Abfall") == 1
    kept = session.scalars(select(Topic.id).where(Topic.slug == "senioren")).one()
    assert ticked(resident, "thema") == [str(kept)]
    assert len(ticked(resident, "ortsteil")) == 1


def test_an_ortsteil_is_found_from_the_list_by_a_plain_search(resident):
    resident.open("/hier")
    page = resident.press("/hier", ort="johannaberg")
    assert "Ein Ortsteil gefunden." in page.text
    page = resident.press("/hier", ort="Reykjavik")
    assert "Nichts gefunden." in page.text


def test_a_landing_page_tells_feed_readers_where_to_look(resident):
    page = resident.open("/hier/hiddesen/abfall").text
    assert 'type="application/atom+xml"' in page
    assert "ortsteil=hiddesen" in page
