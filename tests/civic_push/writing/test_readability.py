"""Hints on German texts."""

from __future__ import annotations

import pytest

from civic_push.announcements.readability import read, syllables

HARD = ("Die Paulinenstraße wird ab Montag, dem 3. Mai, wegen umfangreicher "
        "Kanalsanierungsarbeiten zwischen der Bahnhofstraße und der Woldemarstraße für den "
        "gesamten Fahrzeugverkehr voll gesperrt.")
EASY = ("Die Straße ist zu. Sie können dort nicht fahren. Das dauert bis Freitag. "
        "Der Bus hält an der Post. Sie können zu Fuß gehen.")


def test_an_easy_text_measures_easier_than_a_hard_one() -> None:
    easy, hard = read(EASY, "plain"), read(HARD, "standard")
    assert easy.lix is not None
    assert hard.lix is not None
    assert easy.flesch is not None
    assert hard.flesch is not None
    assert easy.lix < 40 < 60 < hard.lix
    assert easy.flesch > 70 > 30 > hard.flesch
    assert (easy.long_sentences, easy.long_words, easy.passive) == ((), (), ())


def test_long_sentences_long_words_and_passive_are_named() -> None:
    found = read(f"{HARD} {EASY}", "standard")
    assert found.long_sentences == (HARD,)
    assert found.long_words == ("Kanalsanierungsarbeiten",)
    assert found.passive == (HARD,)


@pytest.mark.parametrize("sentence", [
    "Der Weg wurde saniert.", "Die Straße wird erneuert.", "Das Bad ist geschlossen worden.",
    "Die Arbeiten werden am Freitag beendet sein.", "Hier werden Bäume gepflanzt und gegossen."])
def test_passive_is_found(sentence: str) -> None:
    assert read(sentence, "standard").passive == (sentence,)


@pytest.mark.parametrize("sentence", [
    "Wir werden Sie informieren.", "Es wird kalt.", "Die Straße ist gesperrt.",
    "Das Fest wird schön.", "Wir werden gegen Abend kommen.", "Sie werden einen Brief bekommen."])
def test_what_is_no_passive_is_left_alone(sentence: str) -> None:
    assert read(sentence, "standard").passive == ()


def test_einfache_sprache_is_measured_more_strictly() -> None:
    text = "Am Montag kommt das Schadstoffmobil der Stadt um zehn Uhr auf den Marktplatz."
    assert read(text, "standard").long_sentences == ()
    assert read(text, "plain").long_sentences == (text,)


def test_a_word_with_hyphens_is_as_long_as_its_longest_part() -> None:
    assert read("Die Kanal-Sanierungs-Arbeiten.", "plain").long_words == ()
    assert read("Kanalsanierungs-Arbeiten.", "plain").long_words == ("Kanalsanierungs-Arbeiten",)


def test_links_lists_and_abbreviations_do_not_count_as_sentences_and_words() -> None:
    found = read("- Am 3. Mai, z. B. um 8 Uhr\n- [mehr](https://www.detmold.de/ein/langer/weg)",
                 "standard")
    assert found.long_words == ()
    assert found.words == 7


@pytest.mark.parametrize("text", ["", "Kurz.", "123 456", "🎉", "## \n\n- \n"])
def test_too_little_is_not_measured(text: str) -> None:
    found = read(text, "standard")
    assert found.lix is None
    assert found.flesch is None


@pytest.mark.parametrize(("word", "count"), [
    ("Straße", 2), ("Bürgermeisterin", 5), ("Beerdigung", 3), ("Bäume", 2), ("St", 1)])
def test_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word) == count
