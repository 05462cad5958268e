"""The write form's rules, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from werkzeug.datastructures import MultiDict

from civic_push.announcements.details import read_point
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.forms import Written
from civic_push.web.wall_clock import parse_local

NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Sentences need a language; a bare app has German source texts."""
    app = Flask("words")
    Babel(app, default_locale="de")
    with app.test_request_context():
        yield


def right(**overrides: Any) -> Written:
    return Written(**{"title": "Brücke gesperrt", "body": "Bis Freitag.", "where": "town",
                      "topics": [1], **overrides})


def errors(written: Written) -> dict[str, str]:
    return write_forms.check_ready(written, {1, 2}, {7, 8}, NOW)


def test_a_complete_form_is_right() -> None:
    assert errors(right(expires="2026-11-18T18:00", link="https://www.detmold.de/x",
                        where="places", places=[7], plain_body="Kurz.")) == {}


@pytest.mark.parametrize(("field", "overrides"), [
    ("title", {"title": ""}), ("title", {"title": "x" * 301}), ("body", {"body": ""}),
    ("body", {"body": "x" * 100_000}), ("short", {"short": "x" * 301}),
    ("topics", {"topics": []}), ("topics", {"topics": [1, 99]}), ("where", {"where": ""}),
    ("where", {"where": "places"}), ("where", {"where": "places", "places": [99]}),
    ("urgency", {"urgency": "panic"}), ("plain_body", {"plain_title": "Kurz"}),
    ("expires", {"expires": "2026-11-18T10:30"}),  # 9:30 UTC: now
    ("expires", {"expires": "morgen"}), ("expires", {"expires": "2026-02-30T10:00"}),
    ("expires", {"expires": "2027-03-28T02:30"}),  # the clocks jump from 2 to 3
    ("expires", {"expires": "0000-00-00T00:00"}),
    ("link", {"link": "detmold.de"}), ("link", {"link": "javascript:alert(1)"}),
    ("link", {"link": "https://"}), ("link", {"link": "https://a b.de/"}),
    ("link", {"link": "https://redaktion:geheim@detmold.de/"}), ("link", {"link": "http://["}),
    ("body", {"body": "> " * 2_000 + "tief"}), ("body", {"body": "In der {{Straße}} wird gebaut."}),
    ("plain_body", {"reviewer": "Prüfgruppe Lippe"}), ("starts", {"starts": "bald"}),
    ("ends", {"ends": "2026-11-18T10:30"}), ("address", {"address": "x" * 201}),
    ("ends", {"starts": "2026-11-20T10:00", "ends": "2026-11-20T09:00"}),
    ("expires", {"starts": "2026-11-20T10:00", "expires": "2026-11-19T09:00"}),
    ("coordinates", {"coordinates": "Marktplatz"}), ("coordinates", {"coordinates": "91.5, 8.8"}),
    ("body-en", {"translations": {"en": {"title": "Bridge closed"}}}),
    ("title-ar", {"translations": {"ar": {"title": "", "body": "نص"}}}),
    ("title-en", {"translations": {"en": {"title": "x" * 301, "body": "Text"}}}),
    ("body-tr", {"translations": {"tr": {"title": "x", "body": "> " * 2_000 + "x"}}}),
])
def test_what_is_wrong_is_said_at_its_field(field: str, overrides: dict[str, Any]) -> None:
    found = errors(right(**overrides))
    assert list(found) == [field]
    assert found[field].endswith(".")


def test_a_draft_may_lack_text_and_topic_but_not_its_title() -> None:
    assert write_forms.check_draft(right(body="", topics=[]), {1}, {7}, NOW) == {}
    assert list(write_forms.check_draft(right(title=""), {1}, {7}, NOW)) == ["title"]


def test_too_long_texts_say_how_long_they_are_and_may_be() -> None:
    assert errors(right(body="x" * 100_000))["body"] == (
        "Bitte kürzen Sie: höchstens 20.000 Zeichen, es sind 100.000.")


@pytest.mark.parametrize(("typed", "utc"), [
    ("2026-11-18T18:00", "2026-11-18T17:00"),
    ("2026-07-18T18:00", "2026-07-18T16:00"),
    ("18.07.2026 18:00", "2026-07-18T16:00"),
    ("2026-10-25T01:59", "2026-10-24T23:59"),
    ("2026-10-25T02:30", "2026-10-25T01:30"),  # comes twice: the second time
    ("2026-10-25T03:00", "2026-10-25T02:00"),
    ("2027-03-28T01:59", "2027-03-28T00:59"),
    ("2027-03-28T03:00", "2027-03-28T01:00"),
])
def test_a_time_typed_is_the_towns_own(typed: str, utc: str) -> None:
    assert parse_local(typed) == datetime.fromisoformat(f"{utc}+00:00")


def test_what_a_browser_sends_is_read_without_line_end_noise_and_control_characters() -> None:
    written = write_forms.read(MultiDict([
        ("title", "  Brü\x00cke\x07 "), ("body", "a\r\nb\rc\td"), ("where", "places"),
        ("places", "8"), ("places", "7"), ("places", "7"), ("places", "-1"), ("places", "x"),
        ("topics", "9" * 30), ("topics", "٣")]))
    assert (written.title, written.body) == ("Brücke", "a\nb\nc\td")
    assert (written.places, written.topics) == ([7, 8], [])


def test_who_ticks_ortsteile_alone_means_these() -> None:
    assert write_forms.read(MultiDict([("places", "7")])).where == "places"
    assert write_forms.read(MultiDict([("places", "7"), ("where", "town")])).where == "town"
    assert write_forms.read(MultiDict([("title", "Brücke")])).where == ""


def test_translations_that_are_empty_are_none() -> None:
    written = write_forms.read(MultiDict([
        ("title-en", " Bridge closed "), ("body-en", "Until <b>Friday</b>."),
        ("title-tr", " "), ("body-xx", "nobody speaks so")]))
    assert written.translations == {
        "en": {"change": "", "title": "Bridge closed", "body": "Until **Friday**.",
               "short": ""}}


def test_what_was_pasted_is_cleaned_before_anything_else() -> None:
    written = write_forms.read(MultiDict([
        ("body", "<p>Mehr: <a href='https://a.de/?utm_source=x'>hier</a></p><script>x()</script>"),
        ("link", "https://www.detmold.de/?fbclid=abc&seite=1")]))
    assert written.body == "Mehr: [hier](https://a.de/)"
    assert written.link == "https://www.detmold.de/?seite=1"


@pytest.mark.parametrize("words", [
    "51.9365, 8.8791", "51,9365; 8,8791", "51.9365 8.8791", "51.9365,8.8791",
    "https://www.openstreetmap.org/#map=18/51.9365/8.8791",
    "https://www.openstreetmap.org/?mlat=51.9365&mlon=8.8791"])
def test_a_point_is_read_as_maps_give_it(words: str) -> None:
    assert read_point(words) == (51.9365, 8.8791)


@pytest.mark.parametrize("words", ["", "51", "51.9365", "1,2,3", "100, 8", "51.9, 200.1", "a, b"])
def test_what_is_no_point_is_none(words: str) -> None:
    assert read_point(words) is None


def test_ortsteile_ticked_do_not_count_for_the_whole_town() -> None:
    assert right(where="town", places=[7]).neighbourhoods == []
    assert right(where="places", places=[7]).neighbourhoods == [7]


def test_the_seal_changes_with_the_content_only() -> None:
    assert right().seal == right().seal
    assert right().seal != right(urgency="danger").seal


def test_the_wordings_of_a_preview_say_their_language_as_stored_ones_do() -> None:
    wordings = write_forms.texts(right(plain_body="Die Brücke ist zu."))
    assert [(text.language, text.register) for text in wordings] == [
        ("de", "standard"), ("de", "plain")]
