"""Pages for everybody: announcements, languages, legal texts, headers, errors, health."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.announcements.publishing import publish
from civic_push.db import utcnow
from civic_push.web import public
from tests.civic_push.pages.resident import Resident


@pytest.fixture
def published(session, make_announcement):
    """Publish an announcement; `when` is its time, keywords are the draft's."""
    def make(when: datetime | None = None, **draft):
        announcement = make_announcement(**draft)
        publish(session, announcement, when or utcnow())
        return announcement
    return make


def titles(page):
    """The titles of the announcements a page lists."""
    return re.findall(r'<h[23]><a href="/meldungen/\d+">(.*?)</a>', page.text)


def test_the_start_page_shows_what_is_new_and_the_way_in(resident, published):
    published(title="Brücke gesperrt")
    page = resident.open("/")
    assert titles(page) == ["Brücke gesperrt"]
    assert 'href="/anmelden"' in page.text


def test_only_what_is_published_can_be_read(resident, make_announcement, published):
    draft, shown = make_announcement(title="Entwurf"), published(title="Fertig")
    assert titles(resident.open("/meldungen")) == ["Fertig"]
    assert resident.open(f"/meldungen/{draft.id}").status_code == 404
    assert resident.open(f"/meldungen/{shown.id}").status_code == 200
    for odd in ("0", "99999999999999999999", "x"):
        assert resident.open(f"/meldungen/{odd}").status_code == 404


def test_the_archive_is_narrowed_by_ortsteil_and_topic(
        resident, published, make_topic, make_neighbourhood):
    roads, waste = make_topic("strassen"), make_topic("abfall")
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("hakedahl")
    published(title="Hier", topics=[roads.id], neighbourhoods=[here.id])
    published(title="Dort", topics=[roads.id], neighbourhoods=[there.id])
    published(title="Überall", topics=[waste.id])
    assert titles(resident.open("/meldungen?ortsteil=hiddesen")) == ["Überall", "Hier"]
    assert titles(resident.open("/meldungen?ortsteil=hiddesen&thema=strassen")) == ["Hier"]
    assert titles(resident.open("/meldungen?thema=gibt-es-nicht")) == ["Überall", "Dort", "Hier"]
    make_topic("kultur")
    nothing = resident.open("/meldungen?thema=kultur")
    assert (titles(nothing), "Dazu gibt es keine Meldungen" in nothing.text) == ([], True)


def test_a_link_to_an_unknown_ortsteil_says_so_and_shows_everything(resident, published):
    published(title="Da")
    page = resident.open("/meldungen?ortsteil=nirgends%3Cb%3E&thema=nichts")
    assert "„nirgends&lt;b&gt;, nichts“ gibt es hier nicht" in page.text
    assert titles(page) == ["Da"]


def test_the_archive_is_searched_by_words_and_days(resident, published):
    published(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), title="Nach Mitternacht am 2. Juli")
    published(datetime(2026, 7, 1, 21, 30, tzinfo=UTC), title="Am 1. Juli")
    resident.open("/meldungen")
    page = resident.press("/meldungen", von="2026-07-02", bis="2026-07-02")
    assert titles(page) == ["Nach Mitternacht am 2. Juli"]
    page = resident.press("/meldungen", von="01.07.2026", bis="", suche="JULI am")
    assert len(titles(page)) == 2
    assert 'value="JULI am"' in page.text
    assert titles(resident.press("/meldungen", suche="august")) == []


@pytest.mark.parametrize(("von", "bis", "field", "sentence"), [
    ("morgen", "", "von", "Schreiben Sie den Tag so"),
    ("", "2026-02-30", "bis", "Schreiben Sie den Tag so"),
    ("0001-01-01", "", "von", "Schreiben Sie den Tag so"),
    ("2026-07-02", "2026-07-01", "bis", "liegt vor dem ersten"),
], ids=["a word", "no such day", "too long ago", "the wrong way round"])
def test_a_day_that_is_none_is_said_at_its_field_and_kept(resident, von, bis, field, sentence):
    page = resident.open("/meldungen", query_string={"von": von, "bis": bis, "suche": "kept"})
    assert page.status_code == 422
    assert sentence in resident.error_at(field)
    assert f'<a href="#{field}">' in page.text
    assert f'value="{von or bis}"' in page.text
    assert 'value="kept"' in page.text


def test_lists_show_the_newest_of_a_chain_and_what_became_of_it(session, resident, published):
    first = published(title="Bombe gefunden", urgency="danger").id
    clear = published(title="Bombe entschärft", urgency="danger")
    clear.kind, clear.replaces_id, clear.root_id = "all_clear", first, first
    session.commit()
    page = resident.open("/meldungen")
    assert titles(page) == ["Bombe entschärft"]
    assert "Entwarnung" in page.text
    assert "Gefahr</span>" not in page.text
    assert resident.open(f"/meldungen/{first}").status_code == 200


def test_the_archive_turns_its_pages_and_keeps_the_filter(
        monkeypatch, resident, published, make_topic):
    monkeypatch.setattr(public, "PAGE", 2)
    topic = make_topic("strassen")
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(5):
        published(start + timedelta(hours=number), title=f"Nr. {number}", topics=[topic.id])
    page = resident.open("/meldungen?thema=strassen")
    assert titles(page) == ["Nr. 4", "Nr. 3"]
    older = re.search(r'rel="next" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert "thema=strassen" in older
    assert titles(resident.open(older)) == ["Nr. 2", "Nr. 1"]
    for odd in ("0", "-3", "x", "9" * 30):
        assert resident.open(f"/meldungen?seite={odd}").status_code == 200


def test_an_announcement_says_when_where_what_and_from_whom(
        resident, published, make_topic, make_neighbourhood):
    shown = published(
        datetime(2026, 7, 1, 10, 5, tzinfo=UTC), title="Brücke <gesperrt>",
        body="Bis **Freitag** & <b>nicht</b> länger.", topics=[make_topic("strassen").id],
        neighbourhoods=[make_neighbourhood("hiddesen").id], link="https://www.detmold.de/x",
        source_name="Stadt Detmold", urgency="danger",
        expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    page = resident.open(f"/meldungen/{shown.id}").text
    assert "Brücke &lt;gesperrt&gt;" in page
    assert "<strong>Freitag</strong> &amp; &lt;b&gt;nicht&lt;/b&gt;" in page
    assert "1. Juli 2026, 12:05 Uhr" in page  # the town's clock, not UTC
    for words in ("Hiddesen", "Strassen", "Gefahr", 'href="https://www.detmold.de/x"'):
        assert words in page
    assert "nicht mehr aktuell" not in page


def test_what_has_expired_says_so(resident, published):
    shown = published(utcnow() - timedelta(days=2), expires_at=utcnow() - timedelta(days=1))
    assert "nicht mehr aktuell" in resident.open(f"/meldungen/{shown.id}").text
    assert "nicht mehr aktuell" in resident.open("/meldungen").text


def test_readers_switch_to_plain_language_and_back(resident, published):
    shown = published(body="Die Brücke ist gesperrt.", plain_title="Brücke zu",
                      plain_body="Die Brücke ist zu.")
    path = f"/meldungen/{shown.id}"
    page = resident.open(path).text
    assert "In Einfacher Sprache lesen" in page
    plain = resident.open(f"{path}?form=einfach").text
    assert "Die Brücke ist zu." in plain
    assert "In Standardsprache lesen" in plain
    only = published(title="Nur so")
    assert "Einfacher Sprache lesen" not in resident.open(f"/meldungen/{only.id}").text


def test_a_german_text_on_an_english_page_says_that_it_is_german(session, resident, published):
    shown = published(title="Brücke gesperrt")
    page = resident.open(f"/meldungen/{shown.id}?sprache=en").text
    assert '<html lang="en">' in page
    assert '<article lang="de">' in page
    announcement = session.get(Announcement, shown.id)
    announcement.texts.append(AnnouncementText(language="en", title="Bridge closed", body="Till"))
    session.commit()
    page = resident.open(f"/meldungen/{shown.id}?sprache=en").text
    assert "Bridge closed" in page
    assert "<article>" in page


def test_the_language_follows_browser_switch_and_address(resident):
    assert '<html lang="en">' in resident.open(
        "/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="de">' in resident.open("/", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en">' in resident.open("/?sprache=en").text
    assert '<html lang="de">' in resident.open("/").text  # an address is not remembered
    page = resident.open("/meldungen?thema=x")
    page = resident.press("/sprache", sprache="en")
    assert page.request.path == "/meldungen"
    assert page.request.args["thema"] == "x"
    assert '<html lang="en">' in page.text
    assert '<html lang="en">' in resident.open("/").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example",
                                    "javascript:alert(1)", "/a\r\nX: y"])
def test_the_language_switch_leads_nowhere_else(app, target):
    answer = app.test_client().post("/sprache", data={"sprache": "en", "weiter": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/impressum", "/datenschutz", "/barrierefreiheit"])
def test_legal_texts_are_there_in_both_languages(resident, path):
    german, english = resident.open(path).text, resident.open(f"{path}?sprache=en").text
    for page in (german, english):
        assert "Stadt Detmold" in page
        assert "$" not in page
        assert "<h2>" in page
    assert german != english
    assert f'href="{path}"' in resident.open("/").text


def test_every_page_carries_strict_headers_and_readers_get_no_cookie(resident, published):
    shown = published()
    for path in ("/", "/meldungen", f"/meldungen/{shown.id}", "/impressum", "/gibt-es-nicht"):
        headers = resident.open(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_no_template_holds_what_the_policy_forbids():
    templates = Path(public.__file__).parent.parent / "templates"
    for path in templates.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"<style|\sstyle=|<script(?![^>]*\ssrc=)|<[^>{]*\son[a-z]+=", text), path


def test_errors_are_one_sentence_and_a_way_on(app, resident):
    page = resident.open("/gibt-es-nicht")
    assert (page.status_code, "Diese Seite gibt es nicht." in page.text) == (404, True)
    assert 'href="/"' in page.text
    assert resident.open("/sprache").status_code == 405
    large = resident.open("/sprache", method="POST", data={"weiter": "x" * 1_100_000})
    assert (large.status_code, "zu viele Daten" in large.text) == (413, True)
    assert resident.open("/gibt-es-nicht", method="POST", json={}).get_json()["error"]["message"]


def test_a_crash_is_an_apology_without_details(make_app):
    app = make_app()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True

    def crash() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/kaputt", view_func=crash)
    page = app.test_client().get("/kaputt")
    assert (page.status_code, "ein Fehler aufgetreten" in page.text) == (500, True)
    assert "secret detail" not in page.text


def test_health_tells_monitoring_about_database_and_queue(make_app, resident):
    answer = resident.open("/health")
    assert (answer.status_code, answer.get_json()) == (200, {"database": True, "queue": True})
    away = make_app(redis_url="unix:///nowhere/valkey.sock").test_client().get("/health")
    assert (away.status_code, away.get_json()) == (503, {"database": True, "queue": False})


def test_static_files_change_their_address_with_their_content(resident):
    page = resident.open("/").text
    address = re.search(r'href="(/static/civic\.css\?v=[0-9a-f]{10})"', page)[1]
    answer = resident.open(address)
    assert "max-age=86400" in answer.headers["Cache-Control"]


def test_every_form_of_every_page_says_what_its_fields_are_for(resident: Resident):
    for path in ("/anmelden", "/einstellungen", "/meldungen"):
        page = resident.open(path).text
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        for field in re.findall(r"<(?:input|select)\b[^>]*>", page):
            if 'type="hidden"' not in field:
                name = re.search(r'\sid="([^"]+)"', field)
                assert name, field
                assert f'for="{name[1]}"' in page, field
        for described in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page):
            assert set(described.split()) <= set(ids), described
