"""Which topics a German text is about, by their names and aliases: to be suggested, never to
be set. (Ortsteile are found by `intake.rules.Gazetteer`.)

Words are compared without case, umlauts in either spelling, and without the endings of German
declension: "Baustelle" is found in "an den Baustellen". An alias that begins with "-" also
ends longer words: "-sperrung" is found in "Vollsperrung".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from subscriptions.models import Topic
from subscriptions.spelling import written_out

_ENDING = re.compile(r"(?:innen|ern|es|en|em|er|e|n|s)$")
_SHORTEST = 4  # letters that must be left; "Rat" and "Bad" stay as they are
_WORD = re.compile(r"\w+")


def topics_in(text: str, topics: Iterable[Topic]) -> dict[int, str]:
    """Topic id → the word of the text that speaks for it, in the topics' order."""
    words = {_stem(word): word for word in reversed(_WORD.findall(text))}
    found = {}
    for topic in topics:
        if word := _first(words, _terms(topic)):
            found[topic.id] = word
    return found


def _first(words: dict[str, str], terms: Iterable[str]) -> str:
    for term in terms:
        stem = _stem(term.lstrip("-"))
        if stem in words:
            return words[stem]
        if term.startswith("-"):
            ending = next((word for key, word in words.items() if key.endswith(stem)), "")
            if ending:
                return ending
    return ""


def _terms(topic: Topic) -> list[str]:
    named = _WORD.findall(topic.name) if not topic.aliases else []
    return [term for term in (*topic.aliases.split("|"), *named) if len(term) > 2]


def _stem(word: str) -> str:
    """Lower case, umlauts in two letters, without an ending."""
    plain = written_out(word)
    stem = _ENDING.sub("", plain)
    return stem if len(stem) >= _SHORTEST else plain
