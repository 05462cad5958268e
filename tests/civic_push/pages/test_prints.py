"""Posters and notice-board sheets: what stands on them, and that they are accessible PDFs."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import pypdf
import pypdfium2
import pytest
import segno
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civic_push.announcements.models import AnnouncementState
from civic_push.db import utcnow
from civic_push.print import composing, notice_sheet
from civic_push.print.blocks import blocks_of
from civic_push.print.notice_sheet import Week, of_week
from civic_push.print.settable import RANGES, settable
from civic_push.web.choosing import midnight
from subscriptions.timing import TOWN_TIME

QR = composing.qr_code("https://x.example/")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(make_neighbourhood):
    """An Ortsteil with a blank and dots in its name."""
    return make_neighbourhood("pivitsheide-vh", name="Pivitsheide V.H.")


@pytest.fixture
def published(session, make_announcement):
    """Store a published announcement; `at` is when."""
    def make(at: datetime | None = None, **draft):
        row = make_announcement(**draft)
        row.state, row.published_at = AnnouncementState.PUBLISHED, at or utcnow()
        session.commit()
        return row
    return make


def read(answer):
    """A PDF's reader and its whole text, without the places where lines break."""
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    pdf = pypdf.PdfReader(io.BytesIO(answer.data))
    text = " ".join(page.extract_text() for page in pdf.pages)
    return pdf, " ".join(text.replace("\u200b", "").replace("\u00a0", " ").split())


def links(pdf):
    """Where its links lead."""
    return {a.get_object()["/A"]["/URI"] for page in pdf.pages for a in page.get("/Annots", [])}


def check_accessible(pdf, language="de"):
    """What PDF/UA-1 asks and can be read off: tags, language, title, alternative texts."""
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    kinds = list(_tags(root["/StructTreeRoot"]))
    assert "H1" in [kind for kind, _alt in kinds]
    figures = [alt for kind, alt in kinds if kind == "Figure"]
    assert figures
    assert all(figures)
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            assert "Libertinus" in font.get_object()["/BaseFont"] or "DejaVu" in str(font)


def _tags(node):
    node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from _tags(part)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"]).strip("/"), node.get("/Alt", "")
        if "/K" in node:
            yield from _tags(node["/K"])


def qr_is_on(answer, address):
    """Whether the first page shows the QR code of an address: every dark stretch of the
    picture may be the upper edge of its finder pattern, seven modules wide."""
    picture = pypdfium2.PdfDocument(answer.data)[0].render(scale=4, grayscale=True)
    bits = bytes(picture.buffer).translate(bytes(1 if grey < 128 else 0 for grey in range(256)))
    matrix = segno.make(address, error="m", micro=False).matrix
    size = len(matrix)
    for y in range(picture.height):
        row = bits[y * picture.stride:y * picture.stride + picture.width]
        for edge in re.finditer(rb"\x01{21,}", row):
            module = len(edge[0]) / 7
            end = edge.start() + module * size
            if y + module * size < picture.height and end < len(row) and all(
                    bits[int(y + (r + .5) * module) * picture.stride
                         + int(edge.start() + (c + .5) * module)] == matrix[r][c]
                    for r in range(size) for c in range(size)):
                return True
    return False


@on_sqlite
def test_the_poster_invites_an_ortsteil_on_one_accessible_page(make_app, place):
    app = make_app(email_url="mailto://127.0.0.1:1?from=a@stadt.example",
                   sms_url="smseagle://token@127.0.0.1/{to}", counter="Bürgerbüro, 05231 977-0")
    answer = app.test_client().get("/aushang/anmelden/pivitsheide-vh.pdf")
    pdf, text = read(answer)
    check_accessible(pdf)
    assert len(pdf.pages) == 1
    for words in ("Neues aus Pivitsheide V.H.", "localhost/hier/pivitsheide-vh", "per SMS",
                  "Bürgerbüro, 05231 977-0", "112", "Impressum"):
        assert words in text, words
    assert "Telegram" not in text  # is not set up here
    assert links(pdf) == {"http://localhost/hier/pivitsheide-vh"}
    assert qr_is_on(answer, "http://localhost/hier/pivitsheide-vh")
    assert not qr_is_on(answer, "http://localhost/hier/pivitsheide-vl")
    assert 'filename="plakat-pivitsheide-vh.pdf"' in answer.headers["Content-Disposition"]


@on_sqlite
def test_a_poster_stays_on_one_page_however_long_its_words(make_app, make_neighbourhood):
    app = make_app(counter="Bürgerbüro, " * 40, sender="Stadt " + "Donaudampfschifffahrt" * 3)
    make_neighbourhood("lang", name="Oberunterhinterrechtslinksvorneobendorf am langen Fluss " * 3)
    pdf, _text = read(app.test_client().get("/aushang/anmelden/lang.pdf"))
    assert len(pdf.pages) == 1


@on_sqlite
def test_the_sheet_says_what_the_week_brings(published, place, resident, make_topic, now):
    week = "/aushang/pivitsheide-vh/2026-W47.pdf"
    published(now, title="Straße gesperrt", urgency="important", source_name="Tiefbauamt",
              body="Bis **Freitag**.\n\n- Umleitung\n- Bus 703\n\n1. eins\n2. zwei",
              neighbourhoods=[place.id], expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    row = published(now, title="Fest", starts_at=datetime(2026, 11, 20, 17, tzinfo=UTC),
                    ends_at=datetime(2026, 11, 20, 19, tzinfo=UTC), topics=[make_topic().id])
    answer = resident.open(week)
    pdf, text = read(answer)
    check_accessible(pdf)
    for words in ("Meldungen für Pivitsheide V.H.", "Woche 47: 16. November bis 22. November 2026",
                  "Straße gesperrt", "Wichtig", "Quelle: Tiefbauamt", "Bus 703", "Ganze Stadt",
                  "Freitag, 20. November 2026, 18:00 bis 20:00 Uhr", "Stand:", "Seite 1 von 1",
                  "Impressum", "localhost/hier/pivitsheide-vh"):
        assert words in text, words
    assert text.index("Straße gesperrt") < text.index("Fest")  # the important first
    kinds = [kind for kind, _alt in _tags(pdf.trailer["/Root"]["/StructTreeRoot"])]
    assert kinds.count("L") == 2
    assert kinds.count("H2") == 2
    address = f"http://localhost/m/{row.id}"
    assert address in links(pdf)
    assert qr_is_on(answer, address)


@on_sqlite
def test_the_sheet_speaks_einfache_sprache_where_the_text_does(published, place, resident, now):
    published(now, title="Vollsperrung", plain_title="Straße zu",
              plain_body="Die Straße ist zu. Nehmen Sie den Bus.")
    published(now, title="Nur schwer", neighbourhoods=[place.id])
    for query in ("sprache=einfach", "sprachstil=einfach"):
        _pdf, text = read(resident.open(f"/aushang/pivitsheide-vh/2026-W47.pdf?{query}"))
        assert "Straße zu" in text
        assert "Vollsperrung" not in text
        assert text.count("nicht in Einfacher Sprache") == 1


@on_sqlite
def test_an_empty_week_has_a_sentence_and_an_impossible_one_no_sheet(place, resident):
    _pdf, text = read(resident.open("/aushang/pivitsheide-vh/2026-W02.pdf"))
    assert "In dieser Woche gibt es keine Meldungen für Pivitsheide V.H." in text
    assert resident.open("/aushang/pivitsheide-vh/2026-W53.pdf").status_code == 200
    for path in ("pivitsheide-vh/2025-W53", "pivitsheide-vh/2026-W54", "pivitsheide-vh/2026-W00",
                 "pivitsheide-vh/0001-W01", "nirgends/2026-W47", "pivitsheide-vh/2026-W7"):
        assert resident.open(f"/aushang/{path}.pdf").status_code == 404, path
    assert resident.open("/aushang/anmelden/nirgends.pdf").status_code == 404
    assert resident.open("/aushang/ganze-stadt/2026-W47.pdf").status_code == 200
    answer = resident.open("/aushang/pivitsheide-vh/diese-woche.pdf?sprache=einfach", follow=False)
    year, week, _day = utcnow().astimezone(TOWN_TIME).isocalendar()
    assert answer.headers["Location"] == (
        f"/aushang/pivitsheide-vh/{year}-W{week:02}.pdf?sprache=einfach")


@on_sqlite
def test_what_somebody_wrote_is_set_and_never_read_as_typst(published, place, resident, now):
    evil = '#panic("x") *a* _b_ $1/0$ @ref <label> `c` // d /* e #sys.inputs = [ ] \\ ~ -- "'
    published(now, title=evil, body=evil.replace("*", "\\*").replace("_", "\\_"),
              source_name=evil, link="https://x.example/")
    _pdf, text = read(resident.open("/aushang/pivitsheide-vh/2026-W47.pdf"))
    assert text.count('#panic("x")') == 3
    assert text.count("@ref <label>") == 3


@on_sqlite
def test_a_sheet_that_did_not_change_is_not_sent_again(published, place, resident, now):
    published(now)
    first = resident.open("/aushang/pivitsheide-vh/2026-W47.pdf")
    assert "public" in first.headers["Cache-Control"]
    again = resident.open("/aushang/pivitsheide-vh/2026-W47.pdf",
                       headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@on_sqlite
def test_composing_is_limited_for_each_visitor(place, resident):
    answers = [resident.open("/aushang/anmelden/pivitsheide-vh.pdf").status_code for _ in range(21)]
    assert (answers[:20], answers[20]) == ([200] * 20, 429)


@on_sqlite
def test_a_language_the_fonts_cannot_set_is_german(place, resident):
    pdf, _text = read(resident.open("/aushang/anmelden/pivitsheide-vh.pdf?sprache=ar"))
    assert pdf.trailer["/Root"]["/Lang"] == "de"


@on_sqlite
def test_the_page_lists_everything_there_is_to_print(place, resident):
    page = resident.open("/aushang?woche=2026-W47").text
    for address in ("/aushang/pivitsheide-vh/2026-W47.pdf", "?sprache=einfach",
                    "/aushang/anmelden/pivitsheide-vh.pdf", "/aushang/ganze-stadt/2026-W47.pdf",
                    "/aushang?woche=2026-W46", "/aushang?woche=2026-W48"):
        assert address in page, address
    for odd in ("2025-W53", "2026-47", "0001-W01", "9999-W52", "x" * 3000):
        page = resident.open("/aushang", query_string={"woche": odd})
        assert (page.status_code, "Diese Woche kennen wir nicht" in page.text) == (200, True)


def test_a_sheet_holds_what_falls_into_the_week_and_still_holds(session, published):
    monday = date(2026, 11, 16)
    begins = midnight(monday)
    week = Week(2026, 47, monday, begins, midnight(monday + timedelta(days=7)))
    minute, days = timedelta(minutes=1), timedelta(days=1)
    published(begins, title="erste Minute")
    published(begins - minute, title="eine Minute zu früh")
    published(week.ends, title="nächste Woche")
    published(begins - 20 * days, title="Termin in der Woche", starts_at=begins + 2 * days)
    published(begins - 20 * days, title="reicht hinein", starts_at=begins - 9 * days,
              ends_at=begins + days)
    published(begins - 20 * days, title="Termin davor", starts_at=begins - days)
    published(begins + days, title="abgelaufen", expires_at=begins + 2 * days)
    published(begins + minute, title="Gefahr", urgency="danger")
    now = begins + 3 * days
    assert [row.title for row in of_week(session, (), week, now)] == [
        "Gefahr", "erste Minute", "reicht hinein", "Termin in der Woche"]


def _values(text):
    """The least a notice sheet needs, with the same text everywhere."""
    blocks, complete = blocks_of(text, 400)
    item = {"title": notice_sheet.heading(text), "lang": "de", "badge": text, "meta": text,
            "when": text, "change": text, "blocks": blocks, "complete": complete, "more": text,
            "url": "https://x.example/", "address": text, "qr": QR, "source": text}
    return {"lang": "de", "sender": text, "plain": False, "title": "x" + text, "week": text,
            "items": [item], "empty": text, "invitation": text, "invitation_address": text,
            "invitation_url": "https://x.example/", "invitation_qr": QR, "qr_alt": "QR",
            "as_of": text, "imprint": text, "page": text, "of": text}


@settings(max_examples=25)
@given(st.one_of(st.text(max_size=60), st.text("#*_[]()`>-|!\\n 1.a🚧\u200b\u00a0", max_size=60)))
@example("# 🚧\n\n[🚧](https://x.example)\n\n- \n- 🚧\n\n> \n")
def test_whatever_is_written_can_be_printed(text):
    assert composing.compose("notice", _values(text), datetime(2026, 1, 1, tzinfo=UTC))


def test_every_character_that_counts_as_settable_has_a_glyph_in_every_style():
    every = [" ".join(map(chr, range(first, last + 1))) for first, last in RANGES]
    runs = [{"text": " ".join(every), "strong": strong, "emph": emph, "link": ""}
            for strong in (False, True) for emph in (False, True)]
    values = {**_values("x"), "items": [{**_values("x")["items"][0], "blocks": [
        {"kind": "paragraph", "runs": runs}]}]}
    assert composing.compose("notice", values, datetime(2026, 1, 1, tzinfo=UTC))


def test_what_has_no_glyph_is_left_out_or_marked():
    assert settable("Neu 🚧 hier") == "Neu hier"
    assert settable(["A\u0308", {"x": "日"}]) == ["Ä", {"x": "□"}]


def test_a_title_without_a_settable_character_is_still_a_heading(app):
    assert notice_sheet.heading("🚧🚧") == "Meldung"
    assert notice_sheet.heading(" Neu 🚧 ") == "Neu"


def test_markdown_becomes_blocks_and_unsafe_links_become_words():
    blocks, complete = blocks_of(
        "## Titel\n\nEin [Link](https://x.example) und [keiner](javascript:alert(1)).\n\n"
        "- eins\n- zwei\n\n  mit Absatz\n\n3. drei\n\n| a | b |\n|---|---|\n| c | d |\n\n"
        "> Zitat\n\n    code", 2000)
    assert complete
    assert [block["kind"] for block in blocks] == [
        "heading", "paragraph", "list", "list", "paragraph", "paragraph", "quote", "code"]
    assert {run["text"]: run["link"] for run in blocks[1]["runs"] if run["link"]} == {
        "Link": "https://x.example"}
    assert _text(blocks[1]).endswith("keiner](javascript:alert(1)).")
    assert [len(block["items"]) for block in blocks[2:4]] == [2, 1]
    assert (blocks[3]["ordered"], blocks[3]["start"]) == (True, 3)
    assert _text(blocks[5]) == "c – d"


def _text(block):
    return "".join(run["text"] for run in block["runs"])


def test_a_long_text_is_cut_between_words_and_says_so():
    blocks, complete = blocks_of("Wort " * 300 + "\n\nZweiter Absatz", 200)
    text = _text(blocks[0])
    assert not complete
    assert len(blocks) == 1
    assert len(text) < 210
    assert text.endswith("Wort …")


def test_composing_the_same_again_costs_nothing():
    values, now = _values("gleich"), datetime(2026, 1, 1, tzinfo=UTC)
    first = composing.compose("notice", values, now)
    hits = composing._composed.cache_info().hits
    assert composing.compose("notice", values, now) is first
    assert composing._composed.cache_info().hits == hits + 1
