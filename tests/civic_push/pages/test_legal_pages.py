"""Imprint, privacy notice, accessibility statement, and the form for reporting barriers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from civic_push.db import utcnow
from civic_push.legal import reports, texts
from civic_push.legal.models import BarrierReport
from civic_push.staff import accounts
from civic_push.web.language import CHOICES
from civic_push.web.protection import stamp
from tests.civic_push.conftest import PASSWORD, sign_in

FORM = "/barrierefreiheit/melden"


@pytest.mark.parametrize("name", texts.REQUIRED)
@pytest.mark.parametrize("wording", CHOICES)
def test_our_models_pass_the_checks_that_operators_texts_pass(name, wording):
    model = texts.model(name, wording)
    assert model or wording not in ("de", "en")
    if model:
        assert texts.unknown(model) == []
        assert texts.missing(name, model) == []


def test_legal_pages_speak_german_and_say_so_to_others(resident):
    for path, words in (("/impressum", "§ 5 DDG"), ("/datenschutz", "DSGVO"),
                        ("/barrierefreiheit", "Ombudsstelle")):
        page = resident.open(path).text
        assert words in page
        assert "$" not in page
        turkish = resident.open(f"{path}?sprache=tr").text
        assert words in turkish
        assert '<div class="prose" lang="de" dir="ltr">' in turkish
        assert f'href="{path}?sprache=en" hreflang="en"' in turkish


def test_the_statement_says_what_the_law_asks_for(resident):
    page = resident.open("/barrierefreiheit").text
    for words in ("teilweise vereinbar", "Nicht barrierefreie Inhalte", "Selbstbewertung",
                  "EN 301 549", "BITVNRW", "Fürstenwall 25", "NINA", "Cell Broadcast", "112",
                  f'href="{FORM}"', "vier Wochen"):
        assert words in page, words
    plain = resident.open("/barrierefreiheit?sprache=einfach").text
    assert "Was gut geht" in plain


def test_every_page_says_that_this_replaces_no_warning(resident):
    for path in ("/", "/anmelden", "/gibt-es-nicht"):
        assert "NINA und Cell Broadcast" in resident.open(path).text


@pytest.fixture
def enter(client, session, now):
    """A browser signed in at the desk, as somebody with this role."""
    def make(role):
        account = accounts.create(session, f"{role}@example.org", PASSWORD, role, now)
        session.commit()
        return sign_in(client, session, account)
    return make


def report(resident, **entered):
    """Fill in the form as somebody who took a minute."""
    resident.open(FORM)
    return resident.press(FORM, **{
        "nachricht": "Der Screenreader liest den Knopf nicht vor.",
        "gezeigt": stamp(utcnow() - timedelta(minutes=1)), **entered})


def test_a_barrier_arrives_at_the_desk_and_is_forgotten_in_time(
        app, session, resident, enter):
    page = report(resident, antwort="anna@example.org", seite="/anmelden")
    assert (page.request.path, "angekommen" in page.text) == ("/barrierefreiheit", True)
    stored = session.scalars(select(BarrierReport)).one()
    assert b"anna" not in stored.reply_to
    number = stored.id
    desk = enter("editor")
    shown = desk.read("/redaktion/barrieren")
    assert "Der Screenreader liest den Knopf nicht vor." in shown
    assert "mailto:anna%40example.org" in shown
    assert "offen" in shown
    desk.press("/redaktion/barrieren", f"/redaktion/barrieren/{number}/beantwortet")
    assert "beantwortet" in desk.read("/redaktion/barrieren")
    answered = session.scalars(select(BarrierReport.answered_at)).one()
    desk.press("/redaktion/barrieren", f"/redaktion/barrieren/{number}/beantwortet")
    assert session.scalars(select(BarrierReport.answered_at)).one() == answered
    for after, left in ((timedelta(days=179), 1), (timedelta(days=181), 0)):
        reports.forget_answered(session(), answered + after)
        session.commit()
        assert len(session.scalars(select(BarrierReport)).all()) == left


def test_a_report_that_cannot_be_taken_says_why_and_keeps_what_was_typed(session, resident):
    for entered, field, words in (
            ({"nachricht": " "}, "nachricht", "Schreiben Sie uns"),
            ({"nachricht": "x" * 4001}, "nachricht", "zu lang"),
            ({"antwort": "x" * 201}, "antwort", "zu lang"),
            ({"seite": "x" * 10_000}, "seite", "zu lang"),
            ({"art": None}, "art", "Wählen Sie")):
        page = report(resident, **{"antwort": "05231 1", **entered})
        assert page.status_code == 422
        assert words in resident.error_at(field)
        assert f'<a href="#{field}">' in page.text
        if field != "antwort":
            assert 'value="05231 1"' in page.text
    assert session.scalars(select(BarrierReport)).all() == []


def test_programs_store_nothing(session, resident):
    page = report(resident, gezeigt=stamp(utcnow()))
    assert (page.status_code, "sehr schnell" in page.text) == (422, True)
    page = report(resident, zweitname="Bot")
    assert (page.status_code, "angekommen" in page.text) == (200, True)
    assert session.scalars(select(BarrierReport)).all() == []


def test_a_button_pressed_twice_reports_once(session, resident):
    shown_at = stamp(utcnow() - timedelta(minutes=1))
    for _press in range(2):
        assert "angekommen" in report(resident, gezeigt=shown_at).text
    assert len(session.scalars(select(BarrierReport)).all()) == 1
    report(resident, gezeigt=stamp(utcnow() - timedelta(minutes=2)))
    assert len(session.scalars(select(BarrierReport)).all()) == 2


def test_reports_are_limited_for_each_network(resident):
    answers = [report(resident, nachricht=f"Nr. {n}").status_code for n in range(11)]
    assert answers == [200] * 10 + [429]


def test_administrators_change_texts_and_find_every_earlier_version(
        resident, enter):
    desk = enter("admin")
    page = "/redaktion/texte/imprint/de"
    assert "Mustertext" in desk.read("/redaktion/texte")
    for words in ("Erste", "Zweite"):
        answer = desk.press(page, text=f"## {words} Fassung\r\n\n$sender <script>x</script>",
                            was="speichern")
        assert answer.status_code == 303
    shown = resident.open("/impressum").text
    assert "Zweite Fassung" in shown
    assert "Stadt Detmold" in shown
    assert "<script>x" not in shown
    history = desk.read(page)
    first = history.split("fassung=")[-1].split('"')[0]
    assert "## Erste Fassung" in desk.read(f"{page}?fassung={first}")
    assert desk.get(f"{page}?fassung=999").status_code == 404
    desk.press(page, was="muster")
    assert "§ 5 DDG" in resident.open("/impressum").text


def test_a_text_that_cannot_be_shown_says_why_and_is_kept(resident, enter):
    desk = enter("admin")
    for text, words in (
            ("", "Der Text fehlt"), ("## Ohne alles", "Es fehlt der Platzhalter $sender"),
            ("$sender $stadt", "Den Platzhalter $stadt gibt es nicht"),
            ("$sender kostet 5 $", "Den Platzhalter $ gibt es nicht"),
            ("$sender" + "x" * 50_001, "zu lang")):
        answer = desk.press("/redaktion/texte/imprint/de", text=text, was="speichern")
        assert answer.status_code == 422
        assert words in answer.text
        assert text[:50] in answer.text
    assert "§ 5 DDG" in resident.open("/impressum").text


def test_a_preview_changes_nothing(resident, enter):
    desk = enter("admin")
    answer = desk.press("/redaktion/texte/imprint/de", text="## Neu\n\n$sender", was="vorschau")
    assert "<h2>Neu</h2>" in answer.text
    assert "§ 5 DDG" in resident.open("/impressum").text


def test_a_text_may_be_given_in_any_language(resident, enter):
    desk = enter("admin")
    desk.press("/redaktion/texte/imprint/ar", text="## بيانات الناشر\n\n$sender",
               was="speichern")
    page = resident.open("/impressum?sprache=ar").text
    assert "<h2>بيانات الناشر</h2>" in page
    assert '<div class="prose">' in page
    assert desk.get("/redaktion/texte/imprint/klingonisch").status_code == 404
    assert desk.get("/redaktion/texte/agb/de").status_code == 404


def test_only_administrators_change_texts(enter):
    desk = enter("editor")
    assert desk.get("/redaktion/texte").status_code == 403
    assert desk.get("/redaktion/texte/imprint/de").status_code == 403
