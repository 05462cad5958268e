"""Which neighbourhoods a text names, and what an entry becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic_push.intake.rules import (
    Fate,
    Gazetteer,
    Origin,
    Place,
    fate_of,
    neighbourhoods_of,
    to_draft,
    to_markdown,
)
from civic_push.seed import rows
from civic_push.wording.markdown import to_html, to_text
from content_sources.entry import Entry

PLACES = [Place(n, (row["name"], *filter(None, row["aliases"].split("|"))))
          for n, row in enumerate(rows("ortsteile.csv"))]
SLUGS = [row["slug"] for row in rows("ortsteile.csv")]
TOWN = Gazetteer(PLACES, "Detmold")
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
WEEK = timedelta(days=7)


def named(text: str, context: str = "", expected: tuple[str, ...] = ()) -> set[str]:
    found = TOWN.named_in(text, context, {SLUGS.index(slug) for slug in expected})
    return {SLUGS[n] for n in found}


def entry(title: str = "Titel", **overrides: Any) -> Entry:
    return Entry(**{"key": "k" * 64, "title": title, **overrides})


@pytest.mark.parametrize(("text", "slugs"), [
    ("Vollsperrung in Hiddesen ab Montag", {"hiddesen"}),
    ("HIDDESEN: Straße gesperrt", {"hiddesen"}),
    ("Bürgerfest (Hiddesen/Berlebeck)", {"hiddesen", "berlebeck"}),
    ("Detmold-Hiddesen: Wasserrohrbruch", {"hiddesen"}),
    ("Hiddesens schönster Garten", {"hiddesen"}),
    ("Bürger:innen aus Remmighausen", {"remmighausen"}),
    ("Jerxen-Orbke", {"jerxen-orbke"}), ("Jerxen – Orbke", {"jerxen-orbke"}),
    ("Oettern-Bremke.", {"oettern-bremke"}), ("Spork-Eichholz,", {"spork-eichholz"}),
    ("Pivitsheide V.H.", {"pivitsheide-vh"}), ("Pivitsheide V. L.", {"pivitsheide-vl"}),
    ("Pivitsheide VL", {"pivitsheide-vl"}),
    ("Feuerwehr Pivitsheide", {"pivitsheide-vh", "pivitsheide-vl"}),
    ("Pivitsheide V.H. und V.L.", {"pivitsheide-vh", "pivitsheide-vl"}),
    ("Kernstadt Nord", {"detmold-nord"}), ("Kernstadt Nord und Süd",
                                           {"detmold-nord", "detmold-sued"}),
    ("Kanalbau in Detmold-Süd", {"detmold-sued"}), ("Detmold Sued", {"detmold-sued"}),
    ("die Kernstadt", {"detmold-nord", "detmold-sued"}),
    ("Lossbruch", {"lossbruch"}), ("LOSSBRUCH", {"lossbruch"}), ("Loßbruch", {"lossbruch"}),
    ("Niederscho\u0308nhagen", {"niederschoenhagen"}), ("Oberschoenhagen", {"oberschoenhagen"}),
    ("Am Johannaberg", {"berlebeck"})])
def test_neighbourhoods_are_found_in_every_spelling(text: str, slugs: set[str]) -> None:
    assert named(text) == slugs


@pytest.mark.parametrize("text", [
    "Hiddeser Straße gesperrt", "Heidenoldendorfer Str. 5", "Neuhiddesen", "Hiddesenbach",
    "Neues aus Detmold", "Bezirksregierung Detmold", "", "Pivitsheider Straße"])
def test_words_that_only_contain_a_name_do_not_count(text: str) -> None:
    assert named(text) == set()


@pytest.mark.parametrize(("text", "context", "found"), [
    ("Unfall in Nienhagen", "", False),
    ("Unfall in Nienhagen", "Stadt Detmold", True),
    ("Detmold: Unfall in Nienhagen", "", True),
    ("Unfall im Detmolder Ortsteil Nienhagen", "", True),
    ("Unfall in Nienhagen und Hakedahl", "", True),
    ("Nienhagen: Unfall auf der Detmolder Straße", "", False),
    ("Nienhagen", "Regierungsbezirk Detmold", False),
    ("Nienhagen", "Bezirksregierung Detmold", False),
    ("Hülsen für den Garten", "", False)])
def test_ambiguous_names_count_beside_a_hint_only(
        text: str, context: str, found: bool) -> None:
    assert bool(named(text, context) & {"nienhagen", "diestelbruch"}) is found


def test_an_ambiguous_name_is_believed_of_a_source_that_belongs_there() -> None:
    assert named("Fest in Klüt", expected=("kluet",)) == {"kluet"}
    assert named("Fest in Klüt", expected=("hiddesen",)) == set()


def test_explicit_tags_are_believed_before_the_text() -> None:
    tagged = entry("Von Hiddesen nach Berlebeck", categories=("Verkehr", "KLÜT"))
    found = neighbourhoods_of(tagged, Origin("Irgendwer"), TOWN)
    assert [SLUGS[n] for n in found] == ["kluet"]


def test_the_source_s_own_neighbourhoods_are_always_among_them() -> None:
    own = Origin("Heimatverein", neighbourhoods=(SLUGS.index("brokhausen"),))
    assert [SLUGS[n] for n in neighbourhoods_of(entry("Ausflug nach Hiddesen"), own, TOWN)] == [
        "brokhausen", "hiddesen"]
    assert neighbourhoods_of(entry("Ausflug"), own, TOWN) == own.neighbourhoods


def test_nothing_named_means_the_whole_town() -> None:
    assert neighbourhoods_of(entry("Rathaus geschlossen"), Origin("Stadt"), TOWN) == ()


def test_a_town_with_a_pattern_s_signs_in_its_name_is_no_trouble() -> None:
    places = [Place(1, ("Bad (Süd)", "", "++"))]
    assert Gazetteer(places, "Bad+Salzuflen (").named_in("Bad (Süd) und ++") == {1}


@pytest.mark.parametrize(("values", "publish", "fate"), [
    ({}, True, Fate.PUBLISH), ({}, False, Fate.TRAY),
    ({"published_at": NOW - timedelta(days=1)}, True, Fate.PUBLISH),
    ({"published_at": NOW - timedelta(days=8)}, True, Fate.TRAY),
    ({"published_at": NOW - timedelta(days=8), "updated_at": NOW}, True, Fate.PUBLISH),
    ({"published_at": NOW - timedelta(days=80), "ends_at": NOW + WEEK}, True, Fate.PUBLISH),
    ({"ends_at": NOW}, True, Fate.KEEP), ({"ends_at": NOW - WEEK}, False, Fate.KEEP)])
def test_what_becomes_of_a_new_entry(values: dict[str, Any], publish: bool, fate: Fate) -> None:
    assert fate_of(entry(**values), Origin("Stadt", publish=publish), NOW, WEEK) is fate


def test_a_draft_says_what_the_entry_says() -> None:
    found = entry("Sperrung in Hiddesen", summary="Ab *Montag*", url="https://stadt.example/1",
                  starts_at=NOW, ends_at=NOW + WEEK)
    draft = to_draft(found, Origin("Stadt Detmold", topics=(3,)), TOWN)
    assert (draft.title, draft.body) == ("Sperrung in Hiddesen", r"Ab \*Montag\*")
    assert (draft.link, draft.source_name) == ("https://stadt.example/1", "Stadt Detmold")
    assert draft.topics == (3,)
    assert draft.neighbourhoods == (SLUGS.index("hiddesen"),)
    assert draft.expires_at == draft.ends_at == NOW + WEEK
    assert draft.starts_at == NOW


def test_of_a_publisher_s_items_only_the_title_is_passed_on() -> None:
    found = entry("Titel", summary="Der Text des Verlags")
    assert to_draft(found, Origin("Zeitung", titles_only=True), TOWN).body == ""
    assert to_draft(entry("Titel", summary="Titel"), Origin("Stadt"), TOWN).body == ""


PARAGRAPH = st.text(
    st.sampled_from("ab1 .-+*_#>~`[]()<>|!&;\\=:/Ü") | st.characters(
        categories=["L", "N", "P", "S"]), min_size=1, max_size=30)


@given(st.lists(PARAGRAPH.map(lambda t: " ".join(t.split())).filter(
    lambda t: t and not t.startswith("–")), min_size=1, max_size=4))
def test_a_source_s_text_reads_the_same_as_markdown(lines: list[str]) -> None:
    for text in ("\n".join(lines), "\n\n".join(lines)):
        assert to_text(to_markdown(text)) == text


@pytest.mark.parametrize("text", [
    "[klick](https://evil.example)", "<a href=https://evil.example>klick</a>",
    "<https://evil.example>", "![Bild](https://evil.example/pixel)",
    "[x]\n\n[x]: https://evil.example"])
def test_nothing_a_source_writes_becomes_a_link(text: str) -> None:
    assert "<a" not in to_html(to_markdown(text))
    assert "<img" not in to_html(to_markdown(text))


def test_a_source_s_lists_stay_lists() -> None:
    assert to_html(to_markdown("Mit:\n\n– *Brot*\n– Wein")) == (
        "<p>Mit:</p>\n<ul>\n<li>*Brot*</li>\n<li>Wein</li>\n</ul>")
