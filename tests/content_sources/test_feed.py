"""Feeds as they come: kinds, lies, damage and malice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_sources import feed
from content_sources.entry import Entry
from content_sources.feed import NotAFeed, parse

DATA = Path(__file__).parent / "data"
URL = "https://stadt.example/feeds/all.xml"


def saved(name: str) -> bytes:
    return (DATA / name).read_bytes()


def rss(items: str, head: str = "") -> bytes:
    return f"<rss version='2.0' {head}><channel><title>t</title>{items}</channel></rss>".encode()


def one(item: str, head: str = "", url: str = URL) -> Entry:
    (entry,) = parse(rss(f"<item>{item}</item>", head), url)
    return entry


def test_the_transit_feed_with_its_own_namespace() -> None:
    entries = parse(saved("wien_oepnv.rss"), URL)
    assert len(entries) == 10
    assert len({entry.key for entry in entries}) == 10
    first = entries[0]
    assert first.title == "56A/60A: Maurer Waldorf Lauf 13.09.2026"
    assert first.summary.startswith("Wegen Abhaltung des Maurer Waldorf Laufes am Maurer")
    assert first.published_at == datetime(2026, 8, 22, 22, tzinfo=UTC)
    assert first.starts_at == datetime(2026, 8, 22, 22, tzinfo=UTC)
    assert first.ends_at == datetime(2026, 9, 13, 11, tzinfo=UTC)
    assert (first.language, first.url) == ("de", "https://www.wienerlinien.at/ogd_realtime")


def test_the_alert_feed_of_another_country() -> None:
    crash, closure = parse(saved("ny_alerts.rss"), URL)
    assert crash.title == ("I-81 NB 29S EXIT RAMP to I-481SB is Restricted @ 3:20 PM due to an "
                           "accident for upto 2 hours. Onondaga County.")
    assert "line & West Point" in closure.title
    assert closure.published_at == datetime(2011, 1, 28, 16, 13, tzinfo=UTC)


def test_atom_with_html_and_xhtml_texts() -> None:
    works, pool = parse(saved("town.atom"), URL)
    assert works.title == "Sanierung & Sperrung der Bandelstraße"
    assert works.url == "https://stadt.example/aktuell/bandelstrasse?von=1&bis=2"
    assert works.summary == "Ab Montag wird gebaut.\n\n– erst im Norden\n– dann im Süden"
    assert works.published_at == datetime(2026, 11, 16, 7, tzinfo=UTC)
    assert works.updated_at == datetime(2026, 11, 17, 18, 30, 2, tzinfo=UTC)
    assert works.categories == ("Baustellen", "Hiddesen")
    assert works.language == "de-DE"
    assert pool.title == "Freibad offen"
    assert pool.summary == "Erster Absatz\nzweite Zeile\n\nZweiter Absatz"
    assert (pool.published_at, pool.updated_at) == (
        None, datetime(2026, 11, 15, 18, 30, 2, tzinfo=UTC))


def test_rdf_with_dublin_core_and_the_event_module() -> None:
    (fest,) = parse(saved("town.rdf"), URL)
    assert (fest.title, fest.summary) == ("Dorffest in Brokhausen", "Mit Musik & Kuchen")
    assert fest.categories == ("Feste",)
    assert fest.starts_at == datetime(2026, 12, 5, 13, tzinfo=UTC)
    assert fest.ends_at == datetime(2026, 12, 5, 21, tzinfo=UTC)


def test_json_feed() -> None:
    water, text = parse(saved("town.json"), "https://werke.example/feed.json")
    assert water.title == "Wasser abgestellt"
    assert water.url == "https://werke.example/stoerung/42"
    assert water.summary == "In der Allee von 8 bis 12 Uhr."
    assert water.published_at == datetime(2026, 11, 17, 6, tzinfo=UTC)
    assert water.updated_at == datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert (water.categories, water.language) == (("Wasser",), "de")
    assert text.title == text.summary == (
        "Nur ein Text ohne Überschrift, der aber trotzdem eine braucht.")
    assert text.url == "https://anderswo.example/43"


def test_latin_1_that_claims_to_be_utf_8() -> None:
    (entry,) = parse(saved("latin1_that_says_utf8.rss"), URL)
    assert entry.title == "Straßensperrung „Große Brücke“ – Umleitung"
    assert entry.published_at == datetime(2026, 3, 17, 9, tzinfo=UTC)


def test_utf_8_that_claims_to_be_latin_1() -> None:
    body = b"<?xml version='1.0' encoding='ISO-8859-1'?>" + rss(
        "<item><title>Müllabfuhr</title></item>")
    assert parse(body, URL)[0].title == "Müllabfuhr"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "iso-8859-15"])
def test_declared_encodings_are_read(encoding: str) -> None:
    text = (f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?>"
            "<rss version='2.0'><channel><item><title>Öl für 5 €</title></item></channel></rss>")
    assert parse(text.encode(encoding), URL)[0].title == "Öl für 5 €"


def test_one_broken_byte_spoils_one_letter_and_not_the_feed() -> None:
    body = rss("<item><title>Grüße aus Hövelhof</title></item>")
    assert parse(body.replace("ö".encode(), b"\xf6"), URL)[0].title == "Grüße aus Hövelhof"


def test_an_entry_keeps_its_key_when_its_words_or_the_feed_s_address_change() -> None:
    before = one("<guid>7</guid><title>Alt</title><link>/a</link>", url="http://a.example/feed")
    after = one("<guid>7</guid><title>Neu</title><link>/b</link>", url="https://b.example/feed")
    assert before.key == after.key
    assert len(before.key) == 64


def test_without_an_id_link_and_title_are_the_key() -> None:
    item = "<title>Sperrung</title><link>/s/1</link>"
    assert one(item).key == one(item, url="https://elsewhere.example/").key
    assert one(item).key != one("<title>Anderes</title><link>/s/1</link>").key


def test_an_id_shared_by_several_entries_is_not_one() -> None:
    entries = parse(rss("".join(
        f"<item><guid>https://x.example/</guid><title>{n}</title></item>" for n in "abc")), URL)
    assert len({entry.key for entry in entries}) == 3


def test_the_same_entry_twice_is_one() -> None:
    assert len(parse(rss("<item><guid>1</guid><title>a</title></item>" * 2), URL)) == 1


@pytest.mark.parametrize(("link", "url"), [
    ("../a", "https://stadt.example/a"), ("//cdn.example/a", "https://cdn.example/a"),
    ("javascript:alert(1)", ""), ("data:text/html,x", ""), ("mailto:a@b.example", ""),
    ("https://user:pass@stadt.example/", ""), ("http://[::1", ""), ("", ""),
    ("https://stadt.example/ä b", "https://stadt.example/%C3%A4%20b")])
def test_only_web_addresses_survive(link: str, url: str) -> None:
    assert one(f"<title>t</title><guid isPermaLink='false'>x</guid><link>{link}</link>").url == url


def test_relative_links_honour_xml_base() -> None:
    body = (b"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://base.example/x/'>"
            b"<entry><id>1</id><title>t</title><link href='y'/></entry></feed>")
    assert parse(body, URL)[0].url == "https://base.example/x/y"


def test_a_permalink_guid_stands_in_for_a_missing_link() -> None:
    assert one("<title>t</title><guid>https://stadt.example/9</guid>").url == (
        "https://stadt.example/9")


def test_a_missing_title_is_made_from_the_text() -> None:
    entry = one(f"<description>{'Langer Text über die Brücke. ' * 20}</description>")
    assert entry.title.startswith("Langer Text über die Brücke.")
    assert entry.title.endswith("…")
    assert len(entry.title) <= 100


def test_an_entry_without_anything_is_left_out() -> None:
    assert parse(rss("<item/><item><guid isPermaLink='false'>1</guid></item>"), URL) == []


def test_huge_titles_and_texts_are_cut_at_a_word() -> None:
    entry = one(f"<title>{'Wort ' * 10_000}</title><description>{'Satz. ' * 10_000}</description>")
    assert len(entry.title) <= 300
    assert entry.title.endswith("Wort…")
    assert len(entry.summary) <= 4000


def test_doubly_escaped_titles_are_read_as_meant() -> None:
    assert one("<title>M&amp;uuml;ll &amp;amp; Gr&amp;#252;n</title>").title == "Müll & Grün"


def test_signs_that_only_look_like_markup_stay() -> None:
    assert one("<title>Pegel &lt; 3 m &amp; fallend</title>").title == "Pegel < 3 m & fallend"


def test_broken_markup_is_read_as_far_as_it_goes() -> None:
    entries = parse(rss("<item><title>Rock & Pop</title><description>5 < 6</description></item>"
                        "<item><title>Zweiter</title></item>"), URL)
    assert [entry.title for entry in entries] == ["Rock & Pop", "Zweiter"]


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parse(rss(""), URL) == []
    assert parse(b'{"version": "https://jsonfeed.org/version/1", "items": []}', URL) == []


@pytest.mark.parametrize(("body", "code"), [
    (b"", "empty"), (b" \n\t", "empty"), (b"\xef\xbb\xbf", "empty"), (b"\0\0\0", "empty"),
    (b"<!DOCTYPE html><html><head><title>Willkommen</title></head></html>", "html"),
    (b"<!-- hallo -->\n<HTML lang=de><body><p>rss</p></body></HTML>", "html"),
    (b"just words", "no-feed"), (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no-feed"),
    (b"%PDF-1.7 ...", "no-feed"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no-feed"),
    (b"[1, 2]", "no-feed"), (b"{}", "no-feed"), (b'{"items": []}', "no-feed"), (b"{", "no-feed"),
    (b'{"version": "https://jsonfeed.org/version/1.1", "items": 3}', "no-feed"),
    (b"[" * 200_000, "no-feed"), (b'{"a": ' + b"9" * 10_000 + b"}", "no-feed")])
def test_what_is_no_feed_says_so(body: bytes, code: str) -> None:
    with pytest.raises(NotAFeed) as error:
        parse(body, URL)
    assert error.value.code == code
    assert str(error.value)


@pytest.mark.parametrize("name", ["wien_oepnv.rss", "ny_alerts.rss", "town.atom", "town.rdf",
                                  "town.json"])
def test_a_feed_that_breaks_off_is_none(name: str) -> None:
    body = saved(name)
    for part in (0.5, 0.9):
        with pytest.raises(NotAFeed) as error:
            parse(body[:int(len(body) * part)], URL)
        assert error.value.code in ("cut-off", "no-feed")


BILLION = b"<!DOCTYPE rss [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)) + b"]>"
LONG = b"<!DOCTYPE rss [<!ENTITY a '" + b"x" * 1_000_000 + b"'>]>"
FILES = b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("head", [BILLION, LONG, FILES])
def test_entities_of_its_own_make_a_feed_suspect(head: bytes) -> None:
    body = head + b"<rss version='2.0'><channel><item><title>" + (
        b"&a11;&a;" * 1000) + b"</title></item></channel></rss>"
    with pytest.raises(NotAFeed) as error:
        parse(body, URL)
    assert error.value.code == "entities"


def test_an_external_document_type_is_not_loaded() -> None:
    body = (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd">' + rss("<item><title>t</title></item>"))
    assert parse(body, URL)[0].title == "t"


def markup_bombs() -> dict[str, bytes]:
    """Bodies of 5 MB that would keep feedparser busy for minutes."""
    millions = 5_000_000
    return {
        "tags": rss("<a>" * (millions // 3)), "open": rss("<" * millions),
        "ampersands": rss(f"<item><title>{'&' * millions}</title></item>"),
        "attributes": rss(f"<item {'a=b ' * (millions // 4)}>"),
        "one tag": rss(f"<a b='{'x ' * (millions // 2)}"),
        "items": rss("<item/>" * (millions // 7)),
        "categories": rss(f"<item>{'<category>a</category>' * 6000}</item>")}


@pytest.mark.timeout(60)  # feedparser alone would take minutes
@pytest.mark.parametrize("name", list(markup_bombs()))
def test_markup_without_end_is_refused_at_once(name: str) -> None:
    body = markup_bombs()[name]
    with pytest.raises(NotAFeed) as error:
        parse(body, URL)
    assert error.value.code == "too-large"


@pytest.mark.timeout(60)
def test_keywords_by_the_hundred_thousand_do_not_matter() -> None:
    words = ",".join(map(str, range(300_000)))
    entry = one(f"<title>t</title><itunes:keywords>{words}</itunes:keywords>",
                "xmlns:itunes='http://www.itunes.com/DTDs/PodCast-1.0.dtd'")
    assert entry.title == "t"


def test_at_most_the_newest_500_entries_are_read() -> None:
    items = "".join(f"<item><guid>{n}</guid><title>{n}</title></item>" for n in range(600))
    assert [e.title for e in parse(rss(items), URL)][-1] == "499"
    body = {"version": "https://jsonfeed.org/version/1.1",
            "items": [{"id": str(n), "title": str(n)} for n in range(600)]}
    assert len(parse(json.dumps(body).encode(), URL)) == feed.MAX_ENTRIES


FRAGMENTS = st.sampled_from([
    b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"</channel>", b"</rss>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"</entry>", b"</feed>",
    b"<title>", b"</title>", b"<link href='http://[x'/>", b"<link>//[::</link>", b"<guid>",
    b"</guid>", b"<pubDate>", b"Mon, 99 Foo 2026 25:61:00 +9999", b"</pubDate>", b"<![CDATA[",
    b"]]>", b"&#x110000;", b"&#xD800;", b"&", b"<!--", b"-->", b"<description>", b"<b>fett",
    b"<?xml version='1.0' encoding='utf-7'?>", b"xml:base='http://[a'", b"<category/>",
    b"<gml:pos>1 2</gml:pos>", b"<content type='base64'>", b"\xff\xfe", b"\0", b"\xc3",
    b"<itunes:duration>x</itunes:duration>", "ü".encode()])
JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "url", "title", "tags", "items", "content_html", "language",
                         "date_published"]), inner, max_size=5), max_leaves=12)


def unusable(body: bytes) -> list[Entry]:
    """Entries of a feed that nobody could be told of; what is no feed has none."""
    try:
        return [entry for entry in parse(body, URL) if not is_usable(entry)]
    except NotAFeed:
        return []


def is_usable(entry: Entry) -> bool:
    (entry.title + entry.summary + entry.url).encode("utf-8")  # raises at lone surrogates
    return (0 < len(entry.title) <= 300 and "\n" not in entry.title
            and (not entry.url or entry.url.startswith(("https://", "http://")))
            and (entry.published_at is None or entry.published_at.tzinfo is not None))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_said_to_be_none(body: bytes) -> None:
    assert unusable(body) == []


@settings(max_examples=150)
@given(st.lists(FRAGMENTS | st.binary(max_size=6), max_size=25),
       st.sampled_from([b"</rss>", b"</feed>", b""]))
def test_pieces_of_feeds_in_any_order_do_no_harm(pieces: list[bytes], end: bytes) -> None:
    assert unusable(b"<rss version='2.0'>" + b"".join(pieces) + end) == []


@settings(deadline=None)
@given(st.lists(JSONS, max_size=4))
def test_any_json_feed_does_no_harm(items: list[object]) -> None:
    assert unusable(json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()) == []
