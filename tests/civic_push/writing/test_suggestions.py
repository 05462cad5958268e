"""Topics suggested from a text."""

from __future__ import annotations

import pytest

from civic_push.announcements.suggestions import topics_in
from civic_push.seed import rows
from subscriptions.models import Topic

TOPICS = [Topic(id=number, **row) for number, row in enumerate(rows("topics.csv"), start=1)]


def slugs(text: str) -> list[str]:
    found = topics_in(text, TOPICS)
    return [topic.slug for topic in TOPICS if topic.id in found]


@pytest.mark.parametrize(("text", "topics"), [
    ("Vollsperrung der Paulinenstraße", ["baustellen"]),
    ("an den Baustellen", ["baustellen"]), ("DIE BAUSTELLE", ["baustellen"]),
    ("Die Biotonne kommt später", ["abfall"]), ("Der Sperrmuell", ["abfall"]),
    ("die Beteiligung der Schulen", ["beteiligung", "kinder-schule"]),
    ("Die Ratssitzung am Donnerstag", ["rathaus-rat"]),
    ("Ein guter Ratschlag für den Fußgänger", []), ("Das Badezimmer", []), ("", [])])
def test_a_topic_is_found_by_its_words_in_any_form(text: str, topics: list[str]) -> None:
    assert slugs(text) == topics


def test_the_word_that_speaks_for_it_is_told() -> None:
    assert list(topics_in("Wegen der Bauarbeiten gesperrt.", TOPICS).values()) == ["Bauarbeiten"]


def test_a_topic_without_aliases_is_found_by_its_name() -> None:
    dogs = Topic(id=1, name="Hunde & Katzen", aliases="")
    assert topics_in("Der Hund", [dogs]) == {1: "Hund"}
    assert topics_in("Die Katze", [dogs]) == {1: "Katze"}
    assert topics_in("Der Hundertjährige", [dogs]) == {}
