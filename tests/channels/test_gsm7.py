"""The alphabet of SMS, and its arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.gsm7 import fit, is_gsm7, plain, segments, without_marks

LINK = "https://push.detmold.de/a/123"


@pytest.mark.parametrize(("text", "count"), [
    ("", 0),
    ("a", 1),
    ("ä" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("€" * 80, 1),  # two septets each
    ("€" * 80 + "a", 2),
    ("ł" * 70, 1),
    ("ł" * 71, 2),
    ("ł" * 134, 2),
    ("ł" * 135, 3),
    ("😀" * 35, 1),  # two UTF-16 units each
    ("😀" * 36, 2),
])
def test_segments_are_counted_as_they_are_paid(text: str, count: int) -> None:
    assert segments(text) == count


def test_an_escaped_character_is_not_split_between_segments() -> None:
    assert segments("a" * 152 + "€" + "a" * 152) == 3  # 306 septets, yet one is left empty
    assert segments("a" * 152 + "bb" + "a" * 152) == 2


def test_an_emoji_is_not_split_between_segments() -> None:
    assert segments("ł" * 66 + "😀" + "ł" * 66) == 3
    assert segments("ł" * 134) == 2


def test_typographic_characters_do_not_cost_the_alphabet() -> None:
    text = plain("„Straße“ – gesperrt… ab\u00a05\u202fUhr, 3 × 4 m²; it’s\u00ad on ⚠️🚧")
    assert text == '"Straße" - gesperrt... ab 5 Uhr, 3 x 4 m2; it\'s on'
    assert is_gsm7(text)


def test_letters_composed_of_two_marks_become_one() -> None:
    assert plain("Mu\u0308ll") == "Müll"
    assert is_gsm7(plain("Mu\u0308ll"))


def test_other_alphabets_stay_as_they_are() -> None:
    assert plain("Дорога закрита") == "Дорога закрита"
    assert plain("می\u200cشود") == "می\u200cشود"
    assert not is_gsm7(plain("Дорога закрита"))


@pytest.mark.parametrize(("text", "spelled"), [
    ("Müller und Größe", "Müller und Größe"), ("Łódź, Doğan, İzmir", "Lodz, Dogan, Izmir"),
    ("Œuvre çà et là", "OEuvre cà et là"), ("Đorđe", "Dorde"),
    ("Łódź и Москва", "Łódź и Москва"), ("日本 Š", "日本 Š")])
def test_foreign_marks_go_only_where_that_saves_the_alphabet(text: str, spelled: str) -> None:
    assert without_marks(text) == spelled


def test_a_text_that_fits_is_not_changed() -> None:
    assert fit("Sperrung ab Montag.", LINK, 1) == f"Sperrung ab Montag. {LINK}"
    assert fit("Sperrung ab Montag.", "", 1) == "Sperrung ab Montag."


def test_a_long_text_is_cut_between_words_and_keeps_its_link() -> None:
    text = fit("Stadt Detmold: " + "Vollsperrung " * 40, LINK, 1)
    assert text.endswith(f"Vollsperrung... {LINK}")
    assert segments(text) == 1
    assert segments(text.replace("...", " Vollsperrung...")) == 2  # as long as it can be


def test_a_long_text_in_another_alphabet_is_marked_with_one_character() -> None:
    text = fit("Дорога " * 40, LINK, 2)
    assert text.endswith(f"Дорога… {LINK}")
    assert segments(text) == 2


def test_one_endless_word_gives_way_to_the_link() -> None:
    assert fit("x" * 500, LINK, 1) == LINK
    assert segments(fit("x" * 500, "", 1)) == 1


@given(st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]),
                                  st.sampled_from("aä €[]{}łД😀 ")), max_size=500),
       st.sampled_from(["", LINK]), st.integers(1, 4))
def test_whatever_the_text_it_fits_with_its_link(text: str, link: str, most: int) -> None:
    cut = fit(plain(text), link, most)
    assert segments(cut) <= most
    assert cut.endswith(link)
    assert plain(cut) == cut or link
