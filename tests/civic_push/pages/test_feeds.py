"""Feeds and calendars, read as feed readers and calendar programs read them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import feedparser
import pytest
from icalendar import Calendar

from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import (
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    AnnouncementText,
)
from civic_push.db import utcnow
from civic_push.web import feeds

# what is asked of the database is tested on both kinds in test_archive
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def published(session, make_announcement):
    """Store a published announcement; `columns` are its own."""
    def make(columns=None, **draft):
        row = make_announcement(**draft)
        row.state, row.published_at = AnnouncementState.PUBLISHED, utcnow()
        for name, value in (columns or {}).items():
            setattr(row, name, value)
        session.commit()
        return row
    return make


@pytest.fixture
def town(make_topic, make_neighbourhood):
    """Two Ortsteile and two topics, by slug."""
    return {row.slug: row for row in (
        make_neighbourhood("hiddesen"), make_neighbourhood("hakedahl"),
        make_topic("strassen"), make_topic("abfall"))}


def test_an_atom_feed_comes_back_from_a_feed_reader_as_it_was_written(published, resident, town):
    row = published(title="Brücke <gesperrt> & mehr\x0b", body="Bis **Freitag**, sagt <b>er</b>.",
                    topics=[town["strassen"].id], neighbourhoods=[town["hiddesen"].id],
                    link="https://www.detmold.de/x?a=1&b=2", source_name="Tiefbauamt")
    answer = resident.open("/meldungen.atom")
    assert answer.mimetype == "application/atom+xml"
    feed = feedparser.parse(answer.data)
    assert feed.bozo == 0
    assert feed.version == "atom10"
    assert feed.feed.title == "Stadt Detmold: Alle Meldungen"
    assert feed.feed.language == "de"
    entry = feed.entries[0]
    assert entry.title == "Brücke <gesperrt> & mehr"
    assert entry.id == f"tag:localhost,2026:meldung-{row.id}"
    assert entry.link == f"http://localhost/meldungen/{row.id}"
    assert "<strong>Freitag</strong>" in entry.content[0].value
    assert "&lt;b&gt;er" in entry.content[0].value
    assert {(t.term, t.label) for t in entry.tags} == {
        ("strassen", "Strassen"), ("hiddesen", "Hiddesen")}
    via = next(link for link in entry.links if link.rel == "via")
    assert (via.href, via.title) == ("https://www.detmold.de/x?a=1&b=2", "Tiefbauamt")


def test_an_atom_feed_has_all_that_rfc_4287_demands(published, resident):
    published()
    for path in ("/meldungen.atom", "/meldungen.atom?thema="):
        root = ElementTree.fromstring(resident.open(path).data)
        for node in (root, *root.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(node.findall(f"{ATOM}{name}")) == 1, name
            for when in node.iter(f"{ATOM}updated"):
                datetime.strptime(when.text, "%Y-%m-%dT%H:%M:%SZ")
        assert root.find(f"{ATOM}author/{ATOM}name").text == "Stadt Detmold"
        assert [x.get("rel") for x in root.findall(f"{ATOM}link")][:2] == ["self", "alternate"]


def test_a_json_feed_has_all_that_version_1_1_demands(published, resident, town):
    row = published(title="Müll", topics=[town["abfall"].id], urgency="important",
                    starts_at=datetime(2026, 12, 1, 7, tzinfo=UTC))
    answer = resident.open("/meldungen.json")
    assert answer.mimetype == "application/feed+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    feed = json.loads(answer.data)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "http://localhost/meldungen.json"
    assert feed["authors"] == [{"name": "Stadt Detmold"}]
    item = feed["items"][0]
    assert item["id"] == f"tag:localhost,2026:meldung-{row.id}"
    assert item["url"] == f"http://localhost/meldungen/{row.id}"
    assert item["content_html"]
    assert item["language"] == "de"
    assert item["tags"] == ["Abfall"]
    assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
    own = item["_civic_push"]
    assert (own["topics"], own["neighbourhoods"], own["urgency"]) == (["abfall"], [], "important")
    assert own["starts_at"] == "2026-12-01T07:00:00Z"


@pytest.fixture
def festival(session, published):
    """Something with a picture, at a place."""
    row = published(title="Fest", body="Kommen Sie!", columns={
        "place": "Marktplatz 5, Rathaus", "latitude": 51.9365, "longitude": 8.8791,
        "starts_at": datetime(2026, 12, 1, 17, 30, tzinfo=UTC)})
    session.add(AnnouncementImage(announcement_id=row.id, digest="ab" * 32, kind="jpeg",
                                  width=640, height=480, alt='Ein "Zelt" & Leute'))
    session.commit()
    return row


PICTURE = f"http://localhost/bilder/{'ab' * 32}.jpeg"
SHOWN = (f'<p><img src="{PICTURE}" alt="Ein &quot;Zelt&quot; &amp; Leute" width="640" '
         'height="480"></p>\n<p><strong>Wann:')


def test_an_atom_feed_shows_picture_time_and_place(festival, resident):
    entry = feedparser.parse(resident.open("/meldungen.atom").data).entries[0]
    (enclosure,) = entry.enclosures
    assert (enclosure.href, enclosure.type) == (PICTURE, "image/jpeg")
    assert enclosure.title == 'Ein "Zelt" & Leute'
    assert entry.where == {"type": "Point", "coordinates": (8.8791, 51.9365)}
    raw = ElementTree.fromstring(resident.open("/meldungen.atom").data).find(
        f"{ATOM}entry/{ATOM}content").text
    assert raw.startswith(SHOWN)
    assert "<strong>Wo:</strong> <bdi>Marktplatz 5, Rathaus</bdi>" in raw
    assert raw.endswith("<p>Kommen Sie!</p>")


def test_a_json_feed_shows_picture_time_and_place(festival, resident):
    (item,) = json.loads(resident.open("/meldungen.json").data)["items"]
    assert item["image"] == PICTURE
    assert item["content_html"].startswith(SHOWN)
    assert item["_civic_push"]["address"] == "Marktplatz 5, Rathaus"
    assert item["_civic_push"]["point"] == [51.9365, 8.8791]


def test_an_event_says_where_it_is(festival, resident):
    event = Calendar.from_ical(resident.open("/meldungen.ics").data).events[0]
    assert event["LOCATION"] == "Marktplatz 5, Rathaus"
    assert (event["GEO"].latitude, event["GEO"].longitude) == (51.9365, 8.8791)


def test_in_a_feed_of_another_language_each_part_says_its_own(festival, resident):
    (item,) = json.loads(resident.open("/meldungen.json?sprache=ar").data)["items"]
    assert item["language"] == "de"
    assert '<p lang="ar" dir="rtl"><strong>' in item["content_html"]
    assert "<img" in item["content_html"]


def test_what_has_neither_picture_nor_place_says_nothing_of_them(published, resident):
    published()
    assert b"enclosure" not in resident.open("/meldungen.atom").data
    (item,) = json.loads(resident.open("/meldungen.json").data)["items"]
    assert item.keys().isdisjoint(("image", "banner_image"))
    assert item["_civic_push"].keys().isdisjoint(("address", "point"))


@pytest.mark.parametrize("kind", ["atom", "json"])
def test_a_feed_s_older_pages_are_linked_until_the_end(monkeypatch, published, resident, kind):
    monkeypatch.setattr(feeds, "SIZE", 2)
    rows = [published(title=f"Nr. {n}", columns={"published_at": utcnow() - timedelta(hours=n)})
            for n in range(5)]
    seen, url = [], f"/meldungen.{kind}?sprache=einfach"
    while url:
        body = resident.open(url).data
        if kind == "json":
            feed = json.loads(body)
            seen += [item["title"] for item in feed["items"]]
            url = feed.get("next_url", "").removeprefix("http://localhost")
        else:
            feed = feedparser.parse(body)
            seen += [entry.title for entry in feed.entries]
            url = next((link.href for link in feed.feed.links if link.rel == "next"), "")
            url = url.removeprefix("http://localhost")
        assert not url or "sprache=einfach" in url
    assert seen == [row.title for row in rows]


@pytest.mark.parametrize("kind", ["atom", "json", "ics"])
def test_a_feed_holds_what_was_asked_for_and_what_concerns_all(published, resident, town, kind):
    roads, waste = town["strassen"].id, town["abfall"].id
    here, there = town["hiddesen"].id, town["hakedahl"].id
    published(title="Hier", topics=[roads], neighbourhoods=[here])
    published(title="Dort", topics=[roads], neighbourhoods=[there])
    published(title="Überall", topics=[waste])
    for query, wanted in (
            ("", {"Hier", "Dort", "Überall"}), ("?ortsteil=hiddesen", {"Hier", "Überall"}),
            ("?ortsteil=ganze-stadt", {"Hier", "Dort", "Überall"}),
            ("?ortsteil=hiddesen&thema=strassen", {"Hier"}),
            ("?ortsteil=hiddesen&ortsteil=hakedahl&thema=strassen", {"Hier", "Dort"})):
        body = resident.open(f"/meldungen.{kind}{query}").data
        assert {title for title in ("Hier", "Dort", "Überall")
                if f"{title}" in body.decode()} == wanted, query


def test_an_unknown_ortsteil_or_topic_is_no_feed_of_everything(resident, town):
    for query in ("ortsteil=gibt-es-nicht", "thema=x", "ortsteil=hiddesen&ortsteil=x"):
        for kind in ("atom", "json", "ics"):
            assert resident.open(f"/meldungen.{kind}?{query}").status_code == 404
    assert resident.open("/meldungen.rss").status_code == 404


def test_a_reader_that_has_a_feed_already_gets_304_until_something_comes(published, resident):
    published(columns={"published_at": utcnow() - timedelta(days=1)})
    first = resident.open("/meldungen.atom")
    assert "public" in first.headers["Cache-Control"]
    assert "Accept-Language" not in first.headers.get("Vary", "")
    assert "Set-Cookie" not in first.headers
    for proof in ({"If-None-Match": first.headers["ETag"]},
                  {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = resident.open("/meldungen.atom", headers=proof)
        assert (again.status_code, again.data) == (304, b"")
    published(title="Neu")
    for proof in ({"If-None-Match": first.headers["ETag"]},
                  {"If-Modified-Since": first.headers["Last-Modified"]}):
        assert resident.open("/meldungen.atom", headers=proof).status_code == 200


def test_the_address_alone_decides_the_words(session, published, resident):
    row = published(title="Brücke gesperrt", plain_title="Brücke zu", plain_body="Zu.")
    session.get(Announcement, row.id).texts.append(
        AnnouncementText(language="en", title="Bridge closed", body="Till Friday."))
    session.commit()
    for query, language, title in (
            ("", "de", "Brücke gesperrt"), ("?sprache=einfach", "de", "Brücke zu"),
            ("?sprachstil=einfach", "de", "Brücke zu"), ("?sprache=en", "en", "Bridge closed"),
            ("?sprache=xx", "de", "Brücke gesperrt")):
        feed = feedparser.parse(resident.open(
            f"/meldungen.atom{query}", headers={"Accept-Language": "tr"}).data)
        assert (feed.feed.language, feed.entries[0].title) == (language, title), query


def test_a_correction_updates_its_entry_and_a_withdrawal_says_so(published, resident):
    first = published(title="Erst so", columns={"published_at": utcnow() - timedelta(hours=2)})
    before = feedparser.parse(resident.open("/meldungen.atom").data).entries[0]
    number = first.id
    second = published(title="Dann so", columns={
        "kind": AnnouncementKind.CORRECTION, "replaces_id": number, "root_id": number}).id
    after = feedparser.parse(resident.open("/meldungen.atom").data).entries
    assert [(e.id, e.title, e.published) for e in after] == [
        (before.id, "Dann so", before.published)]
    assert after[0].updated > before.updated
    published(title="Dann so", columns={
        "kind": AnnouncementKind.WITHDRAWAL, "replaces_id": second, "root_id": number})
    entry = feedparser.parse(resident.open("/meldungen.atom").data).entries[0]
    assert (entry.id, entry.title) == (before.id, "Zurückgezogen: Dann so")
    event = Calendar.from_ical(resident.open("/meldungen.ics").data).events[0]
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == (
        f"meldung-{number}@localhost", "CANCELLED", 2)


def test_the_calendar_is_one_that_programs_subscribe_to(published, resident, town):
    published(title="Fest; mit, Zeichen\\", body="Zeile eins\n\nZeile zwei " + "ä" * 200,
              topics=[town["abfall"].id], neighbourhoods=[town["hiddesen"].id],
              starts_at=datetime(2026, 12, 1, 17, 30, tzinfo=UTC),
              ends_at=datetime(2026, 12, 1, 20, tzinfo=UTC))
    answer = resident.open("/meldungen.ics?ortsteil=hiddesen")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    calendar = Calendar.from_ical(answer.data)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    assert calendar["X-WR-CALNAME"] == "Stadt Detmold: Hiddesen"
    assert b"X-PUBLISHED-TTL:PT1H" in answer.data
    event = calendar.events[0]
    assert event["SUMMARY"] == "Fest; mit, Zeichen\\"
    assert event["SUMMARY"].params["LANGUAGE"] == "de"
    assert event["DTSTART"].dt == datetime(2026, 12, 1, 17, 30, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 12, 1, 20, tzinfo=UTC)
    assert event["DESCRIPTION"].startswith("Zeile eins\n\nZeile zwei")
    assert (event["LOCATION"], event["STATUS"]) == ("Hiddesen", "CONFIRMED")


@pytest.mark.parametrize(("draft", "begins", "ends"), [
    ({}, "published", None),
    # whole days on the town's clocks, which are an hour or two before UTC
    ({"starts_at": datetime(2026, 6, 30, 22, tzinfo=UTC),
      "ends_at": datetime(2026, 7, 2, 22, tzinfo=UTC)}, date(2026, 7, 1), date(2026, 7, 3)),
    ({"starts_at": datetime(2026, 12, 23, 23, tzinfo=UTC)}, date(2026, 12, 24), None),
    # an end before the beginning, as some feeds have it, is none
    ({"starts_at": datetime(2026, 7, 1, 8, tzinfo=UTC),
      "ends_at": datetime(2026, 7, 1, 7, tzinfo=UTC)}, datetime(2026, 7, 1, 8, tzinfo=UTC), None),
], ids=["no date", "whole days", "one whole day", "end before beginning"])
def test_an_event_stands_where_its_dates_say(published, resident, draft, begins, ends):
    row = published(columns={"published_at": utcnow()}, **draft)
    if begins == "published":
        begins = row.published_at.astimezone(feeds.choosing.TOWN_TIME).date()
    event = Calendar.from_ical(resident.open("/meldungen.ics").data).events[0]
    assert event["DTSTART"].dt == begins
    assert (event["DTEND"].dt if "DTEND" in event else None) == ends


def test_a_calendar_keeps_what_is_still_to_come_and_drops_what_is_long_over(published, resident):
    old = utcnow() - timedelta(days=200)
    published(title="Alt", columns={"published_at": old})
    published(title="Angekündigt", columns={
        "published_at": old, "starts_at": utcnow() + timedelta(days=3)})
    events = Calendar.from_ical(resident.open("/meldungen.ics").data).events
    assert [str(event["SUMMARY"]) for event in events] == ["Angekündigt"]


def test_pages_say_where_their_feeds_are(published, resident, town):
    published(topics=[town["abfall"].id])
    page = resident.open("/meldungen?ortsteil=hiddesen&thema=abfall").text
    for kind in ("application/atom+xml", "application/feed+json", "text/calendar"):
        assert f'<link rel="alternate" type="{kind}"' in page
    assert 'href="/meldungen.atom?ortsteil=hiddesen&amp;thema=abfall"' in page
    assert "/meldungen.atom?sprache=en" in resident.open("/meldungen?sprache=en").text


def test_the_page_about_feeds_gives_addresses_for_what_was_ticked(resident, town):
    page = resident.open("/feeds").text
    assert "webcal://localhost/meldungen.ics" in page
    page = resident.press("/feeds", ortsteil=["hiddesen", "hakedahl"], thema="abfall",
                          sprache="einfach").text
    query = "?ortsteil=hakedahl&amp;ortsteil=hiddesen&amp;thema=abfall&amp;sprache=einfach"
    for address in ("webcal://localhost/meldungen.ics", "http://localhost/meldungen.atom",
                    "http://localhost/meldungen.json"):
        assert f"{address}{query}" in page
    assert "kennen wir" in resident.open("/feeds?ortsteil=nirgendwo").text
