"""Which items are about the same thing, told by two sources or twice by one. Pure.

Three signs, the surest first: the same address at two sources; the same title; a title that
shares most of its words, at about the same time. Numbers are not words: a sitting on the 3rd
and one on the 10th are two. A sign groups what an editor sees; only the editor merges.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

from subscriptions.spelling import written_out

_LITTLE_WORDS = frozenset((
    "ab", "am", "an", "auf", "aus", "bei", "bis", "das", "dem", "den", "der", "des", "die",
    "ein", "eine", "einer", "es", "fuer", "im", "in", "ist", "mit", "nach", "sich", "sind",
    "ueber", "um", "und", "vom", "von", "vor", "wegen", "wird", "zu", "zum", "zur"))
_TRACKING = re.compile(r"utm_|fbclid$|gclid$|mtm_|pk_")
_ALIKE = 0.6  # shared words, of all words of both titles
_FEWEST = 3  # shared words
_COMMON = 60  # titles with a word; more of them, and it says nothing about any
_NEAR, _SAME_WEEK = timedelta(days=3), timedelta(days=7)


class Sign(StrEnum):
    """Why two items are taken for one."""

    LINK = "link"
    TITLE = "title"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is compared of an item. `at`: when it happens, or else when it was told."""

    id: int
    title: str
    link: str
    source: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Items about one thing, and the surest sign of it; one alone has none."""

    ids: tuple[int, ...]
    sign: Sign | None = None


def grouped(seen: Sequence[Seen]) -> list[Group]:
    """All items in groups, in the order in which each group's first one comes."""
    leader = {one.id: one.id for one in seen}
    signs: dict[int, set[Sign]] = defaultdict(set)

    def first_of(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    place = {one.id: index for index, one in enumerate(seen)}
    for a, b, sign in _pairs(seen):
        earlier, later = sorted((first_of(a), first_of(b)), key=place.__getitem__)
        leader[later] = earlier
        signs[earlier] |= {sign, *signs.pop(later, ())} if later != earlier else {sign}
    groups: dict[int, list[int]] = {}
    for one in seen:
        groups.setdefault(first_of(one.id), []).append(one.id)
    return [Group(tuple(ids), next((s for s in Sign if s in signs[first]), None))
            for first, ids in groups.items()]


def plain_link(link: str) -> str:
    """An address without what does not change where it leads; "" for none, and for a
    site's front page, which many items share."""
    parts = urlsplit(link)
    if not parts.hostname or not (parts.path.strip("/") or parts.query):
        return ""
    query = urlencode([pair for pair in parse_qsl(parts.query) if not _TRACKING.match(pair[0])])
    return f"{parts.hostname.removeprefix('www.')}{parts.path.rstrip('/')}?{query}"


def words_of(title: str) -> frozenset[str]:
    """The words of a title that say something, in one spelling."""
    return frozenset(re.findall(r"\w{2,}", written_out(title))) - _LITTLE_WORDS


def _pairs(seen: Sequence[Seen]) -> Iterator[tuple[int, int, Sign]]:
    """Pairs that are alike. A later item is compared only with those that share a word."""
    by_link: dict[str, Seen] = {}
    by_word: dict[str, list[int]] = defaultdict(list)
    words = [words_of(one.title) for one in seen]
    for index, one in enumerate(seen):
        link = plain_link(one.link)
        other = by_link.setdefault(link, one) if link else one
        if other.source != one.source:
            yield other.id, one.id, Sign.LINK
        near = Counter(i for word in words[index] if len(by_word[word]) <= _COMMON
                       for i in by_word[word])
        for i, shared in near.items():
            sign = _sign(seen[i], one, words[i], words[index], shared)
            if sign is not None:
                yield seen[i].id, one.id, sign
        for word in words[index]:
            by_word[word].append(index)


def _sign(a: Seen, b: Seen, first: frozenset[str], second: frozenset[str], shared: int
          ) -> Sign | None:
    apart = abs(a.at - b.at)
    if first == second and len(first) > 1 and apart <= _SAME_WEEK:
        return Sign.TITLE
    alike = shared >= _FEWEST and shared >= _ALIKE * len(first | second)
    if alike and apart <= _NEAR and _numbers(first) == _numbers(second):
        return Sign.SIMILAR
    return None


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word[0].isdigit())
