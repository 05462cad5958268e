"""How easily a German text reads: measures, and the places that make it hard. They are hints;
nothing is refused because of them.

Flesch-Amstad (Toni Amstad, 1978) is 180 − words per sentence − 58.5 × syllables per word: 0 is
very hard, 100 very easy. LIX (Björnsson, 1968) is words per sentence + percentage of words
with more than six letters: up to 40 is easy, from 60 on hard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from civic_push.wording.markdown import to_text
from civic_push.wording.sentences import sentences

LONG_SENTENCE = {"standard": 20, "plain": 12}  # words
_LONG_WORD = {"standard": 20, "plain": 15}  # letters without a hyphen between
_ENOUGH = 20  # words; measures of less say nothing
_MOST = 5  # examples of each kind
_WORD = re.compile(r"[^\W\d_]+(?:[-‑’'][^\W\d_]+)*")
_ADDRESS = re.compile(r"\(?https?://\S+|\S+@\S+\.\S+")
_SYLLABLE = re.compile(r"aa|ee|oo|ie|ei|ai|ey|au|eu|äu|[aeiouyäöüáàéèâêîôû]")
_WERDEN = re.compile(r"\b(?:werde|wirst|wird|werdet|werden|wurde|wurdest|wurden|worden)\b", re.I)
# a participle at the end of its clause: "gesperrt", "eingerichtet", "erneuert", "saniert"
_PARTICIPLE = re.compile(
    r"\b(?:[a-zäöü]{0,9}ge[a-zäöüß]{2,}(?:t|en)|(?:be|er|ent|ver|zer|miss)[a-zäöüß]{2,}(?:t|en)|"
    r"[a-zäöüß]{2,}iert)(?=\s*(?:[.,;:!?)]|$)|\s+(?:werden|worden|wird|wurden?|sein|und|oder)\b)")
_NO_PARTICIPLE = frozenset({"gegen", "gestern", "bereit", "erst", "verkehrt", "geben",
                            "gehen", "gelten", "gemein", "besuchen", "beginnen", "bekommen",
                            "erhalten", "erreichen", "verlassen", "beachten", "entstehen"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a text. The measures are None where it is too short to be measured;
    examples are as they stand there, each once."""

    words: int
    lix: int | None
    flesch: int | None
    long_sentences: tuple[str, ...]
    long_words: tuple[str, ...]
    passive: tuple[str, ...]
    most_words: int  # a sentence should have no more


def read(markdown: str, register: str) -> Reading:
    """Read a text as its readers will, in the standard or the plain register."""
    said = [sentence for line in _ADDRESS.sub("", to_text(markdown)).splitlines()
            for sentence in sentences(line.lstrip("- ")) if _WORD.search(sentence)]
    words = [word for sentence in said for word in _WORD.findall(sentence)]
    most = LONG_SENTENCE[register]
    enough = len(words) >= _ENOUGH
    return Reading(
        words=len(words), most_words=most,
        lix=_lix(words, len(said)) if enough else None,
        flesch=_flesch(words, len(said)) if enough else None,
        long_sentences=_some(s for s in said if len(_WORD.findall(s)) > most),
        long_words=_some(w for w in words if max(map(len, re.split("[-‑]", w)))
                         >= _LONG_WORD[register]),
        passive=_some(s for s in said if _is_passive(s)))


def syllables(word: str) -> int:
    """About how many syllables a German word has."""
    return max(1, len(_SYLLABLE.findall(word.lower())))


def _lix(words: list[str], count: int) -> int:
    return round(len(words) / count + 100 * sum(len(w) > 6 for w in words) / len(words))


def _flesch(words: list[str], count: int) -> int:
    measure = 180 - len(words) / count - 58.5 * sum(map(syllables, words)) / len(words)
    return round(min(100.0, max(0.0, measure)))


def _is_passive(sentence: str) -> bool:
    """Whether "werden" stands with a participle; with an infinitive it is the future."""
    if not _WERDEN.search(sentence):
        return False
    rest = _WERDEN.sub(lambda found: found.group().lower(), sentence)
    return any(found.group() not in _NO_PARTICIPLE for found in _PARTICIPLE.finditer(rest))


def _some(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST]
