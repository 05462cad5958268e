"""The list that other web sites show in a frame, and the page that hands out its snippet."""

from __future__ import annotations

import html
import re

import pytest

from civic_push.announcements.publishing import publish
from civic_push.db import utcnow

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def published(session, make_announcement):
    """Publish an announcement; keywords are the draft's."""
    def make(**draft):
        publish(session, make_announcement(**draft), utcnow())
    return make


def titles(page):
    """The titles the list shows."""
    return re.findall(r'<h2><a href="/meldungen/\d+[^"]*"[^>]*>(.*?)</a>', page.text)


def test_only_the_list_may_be_framed_by_others(resident, make_neighbourhood):
    make_neighbourhood("hiddesen")
    page = resident.open("/einbetten/hiddesen")
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    for path in ("/", "/meldungen", "/einbetten", "/feeds", "/anmelden", "/einbetten/nirgends"):
        headers = resident.open(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY", path


def test_the_list_sets_no_cookie_runs_no_script_and_sends_nothing(resident, published):
    published(title="Neu")
    page = resident.open("/einbetten/ganze-stadt")
    assert "Set-Cookie" not in page.headers
    assert not re.search(r"<(script|form|input|button)", page.text)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "max-age" in page.headers["Cache-Control"]
    again = resident.open("/einbetten/ganze-stadt", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304


def test_the_list_shows_an_ortsteil_and_a_topic(resident, published, make_topic,
                                               make_neighbourhood):
    roads, waste, _none = map(make_topic, ("strassen", "abfall", "kultur"))
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("hakedahl")
    published(title="Hier", topics=[roads.id], neighbourhoods=[here.id])
    published(title="Dort", topics=[roads.id], neighbourhoods=[there.id])
    published(title="Überall", topics=[waste.id])
    assert titles(resident.open("/einbetten/hiddesen")) == ["Überall", "Hier"]
    assert titles(resident.open("/einbetten/hiddesen/strassen")) == ["Hier"]
    assert titles(resident.open("/einbetten/ganze-stadt?anzahl=2")) == ["Überall", "Dort"]
    for odd in ("0", "-1", "x", "9999"):
        assert titles(resident.open(f"/einbetten/ganze-stadt?anzahl={odd}"))
    assert "keine Meldungen" in resident.open("/einbetten/hakedahl/kultur").text
    for path in ("/einbetten/nirgends", "/einbetten/hiddesen/nichts"):
        assert resident.open(path).status_code == 404


def test_language_and_colours_come_from_the_address_not_from_the_visitor(resident, published):
    published(title="Brücke gesperrt", plain_title="Brücke zu", plain_body="Zu.")
    turkish = {"Accept-Language": "tr"}
    assert '<html lang="de">' in resident.open("/einbetten/ganze-stadt", headers=turkish).text
    page = resident.open("/einbetten/ganze-stadt?sprache=einfach&farben=dunkel")
    assert titles(page) == ["Brücke zu"]
    assert 'data-kern-theme="dark"' in page.text
    assert "data-kern-theme" not in resident.open("/einbetten/ganze-stadt?farben=%22x").text


def test_the_snippet_leads_to_the_list_that_was_put_together(resident, published, make_topic,
                                                            make_neighbourhood):
    topic = make_topic("abfall")
    make_neighbourhood("hiddesen")
    published(title="Neu", topics=[topic.id])
    resident.open("/einbetten")
    page = resident.press("/einbetten", ortsteil="hiddesen", thema="abfall", anzahl="3",
                          farben="hell")
    snippet = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.S)[1])
    source, title = re.search(r'^<iframe src="([^"]+)" title="([^"]+)"', snippet).groups()
    assert title == "Meldungen von Stadt Detmold"
    path = html.unescape(source).removeprefix("http://localhost")
    assert path == "/einbetten/hiddesen/abfall?anzahl=3&farben=hell"
    assert titles(resident.open(path)) == ["Neu"]
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_an_unknown_ortsteil_on_the_snippet_s_page_is_said(resident):
    assert "kennen wir" in resident.open("/einbetten?ortsteil=nirgends").text
