"""Where sentences end, for Einfache Sprache and for pushes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic_push.wording.markdown import to_html
from civic_push.wording.sentences import first_thought, one_a_line, sentences


@pytest.mark.parametrize("text", [
    "Ab dem 3. Mai gilt das.", "Die Paulinenstr. Nr. 5 ist zu.", "Das ist z. B. Hiddesen.",
    "Das kostet ca. 5 Euro.", "Dr. Meier kommt.", "Der Termin ist am 1. 12. 2026 um 9 Uhr.",
    "Um 9.30 Uhr geht es los", "Siehe www.detmold.de Seite 3", "A. Meier und B. Schulz"])
def test_what_is_one_sentence_stays_one(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(("text", "parts"), [
    ("Die Straße ist zu. Das bleibt so.", ["Die Straße ist zu.", "Das bleibt so."]),
    ("Ach! Wirklich? Ja.", ["Ach!", "Wirklich?", "Ja."]),
    ("Er sagt: „Nein.“ Dann geht er.", ["Er sagt: „Nein.“", "Dann geht er."]),
    ("Es ist **zu.** Fahren Sie um.", ["Es ist **zu.**", "Fahren Sie um."]),
    ("Bis Mai 2026. Danach nicht.", ["Bis Mai 2026.", "Danach nicht."]),
    ("Дорога закрыта. Объезд есть.", ["Дорога закрыта.", "Объезд есть."]),
    ("الطريق مغلق. هناك تحويلة.", ["الطريق مغلق.", "هناك تحويلة."]),
    ("", [])])
def test_where_a_sentence_ends_another_begins(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(st.text("aB .!?„“1\n*", max_size=200))
def test_no_word_is_lost(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()
    assert one_a_line(text).split() == text.split()


def test_einfache_sprache_gets_one_thought_a_line() -> None:
    assert to_html(one_a_line("Die Straße ist zu. Das bleibt so.\n\n- Der Bus hält. Er hält hier."
                              )) == (
        "<p>Die Straße ist zu.<br>\nDas bleibt so.</p>\n<ul>\n"
        "<li>Der Bus hält.<br>\nEr hält hier.</li>\n</ul>")


@pytest.mark.parametrize("markdown", [
    "# Erstens. Zweitens.", "| Eins. Zwei | B |\n|---|---|\n| A. B | c |",
    "```\nEins. Zwei.\n```", "    Eins. Zwei.", "Titel\n====="])
def test_headings_tables_and_code_keep_their_lines(markdown: str) -> None:
    assert to_html(one_a_line(markdown)) == to_html(markdown)


def test_nested_lists_stay_nested() -> None:
    markdown = "- Eins. Zwei.\n  - Drei. Vier."
    assert to_html(one_a_line(markdown)).count("<ul>") == 2


def test_a_push_says_one_thought_or_enough_to_be_one() -> None:
    long = "Die Brücke am Bahnhof ist ab Montag für alle Fahrzeuge gesperrt."
    assert first_thought(f"{long} Das dauert.") == long
    assert first_thought(f"Achtung! {long} Das dauert.") == f"Achtung! {long}"
    assert first_thought("Zu.") == "Zu."
    cut = first_thought("wort " * 100)
    assert len(cut) <= 302
    assert cut.endswith("wort …")
