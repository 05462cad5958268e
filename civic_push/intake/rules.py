"""Which neighbourhoods a text names, and an entry as a draft. Pure: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from civic_push.announcements.publishing import Draft
from content_sources.entry import Entry
from subscriptions.spelling import written_out

AMBIGUOUS = frozenset({
    "barkhausen", "nienhagen", "vahlhausen", "kluet",  # places elsewhere in the region, too
    "biesen", "hohenwart", "huelsen", "schling"})  # words or family names
"""Names, folded, that mean our neighbourhood only beside a hint."""

_BETWEEN = r"[\s./‐‑–-]{0,3}"  # V.H., V. H., VH; Jerxen-Orbke, Jerxen – Orbke
_TITLE = 300


@dataclass(frozen=True, slots=True)
class Place:
    """A neighbourhood and what it is called."""

    id: int
    names: tuple[str, ...]  # name and aliases


@dataclass(frozen=True, slots=True)
class Origin:
    """What a source gives to each of its announcements."""

    name: str
    topics: tuple[int, ...] = ()
    neighbourhoods: tuple[int, ...] = ()
    titles_only: bool = False
    publish: bool = False


class Fate(Enum):
    """What becomes of a new entry."""

    KEEP = "keep"  # it is over: known from now on, never announced
    TRAY = "tray"
    PUBLISH = "publish"


class Gazetteer:
    """Finds neighbourhoods in German text: whole words, umlauts in either spelling."""

    def __init__(self, places: Iterable[Place], town: str) -> None:
        sure: list[tuple[str, int]] = []
        unsure: list[tuple[str, int]] = []
        for place in places:
            for name in place.names:
                (unsure if _fold(name) in AMBIGUOUS else sure).append((name, place.id))
        self._sure, self._unsure = _patterns(sure), _patterns(unsure)
        self._families = _families([*sure, *unsure])
        self._tags = {_fold(name): place_id for name, place_id in [*sure, *unsure]}
        town = re.escape(_fold(town))
        # "Detmold" is also a Regierungsbezirk, and a street in many towns
        self._region = re.compile(rf"\b(?:regierungsbezirks?|bezirksregierung) {town}\b")
        self._town = re.compile(rf"\b{town}(?:s|er)?\b(?!\s+str)")

    def named_in(self, text: str, context: str = "", expected: Collection[int] = ()) -> set[int]:
        """The neighbourhoods a text names. Ambiguous names count where the town or another
        neighbourhood is named too, in `text` or `context`, or where they are `expected`."""
        folded = _fold(text)
        found = {place for pattern, place in self._sure if pattern.search(folded)}
        unsure = {place for pattern, place in self._unsure if pattern.search(folded)}
        if unsure - found:
            hint = self._town.search(self._region.sub("", _fold(f"{text} {context}")))
            found |= unsure if found or hint else unsure & set(expected)
        for first, rests in self._families:
            if first.search(folded):
                members = {place for rest, place in rests if rest.search(folded)}
                found |= members or {place for _, place in rests}
        return found

    def tagged(self, categories: Iterable[str]) -> set[int]:
        """The neighbourhoods that categories name, and nothing else."""
        return {self._tags[_fold(tag)] for tag in categories if _fold(tag) in self._tags}


def neighbourhoods_of(entry: Entry, origin: Origin, gazetteer: Gazetteer) -> tuple[int, ...]:
    """The source's own and those the entry is about: by its categories, else by what its
    text names. None at all means the whole town."""
    found = gazetteer.tagged(entry.categories) or gazetteer.named_in(
        f"{entry.title}\n{entry.summary}", context=origin.name, expected=origin.neighbourhoods)
    return tuple(sorted(found | set(origin.neighbourhoods)))


def fate_of(entry: Entry, origin: Origin, now: datetime, news_lasts: timedelta) -> Fate:
    """What becomes of a new entry: what is over is not announced, and old news (a feed that
    was filled up or moved) is looked at by an editor first."""
    if entry.ends_at is not None and entry.ends_at <= now:
        return Fate.KEEP
    dated = entry.updated_at or entry.published_at
    old = entry.ends_at is None and dated is not None and dated < now - news_lasts
    return Fate.PUBLISH if origin.publish and not old else Fate.TRAY


def to_draft(entry: Entry, origin: Origin, gazetteer: Gazetteer) -> Draft:
    """An entry as the announcement it would become; its link and its source's name are said
    with every message by `delivery.compose`."""
    summary = "" if origin.titles_only or entry.summary == entry.title else entry.summary
    return Draft(
        title=entry.title[:_TITLE], body=to_markdown(summary), link=entry.url,
        source_name=origin.name, topics=origin.topics,
        neighbourhoods=neighbourhoods_of(entry, origin, gazetteer), expires_at=entry.ends_at,
        starts_at=entry.starts_at, ends_at=entry.ends_at)


def to_markdown(text: str) -> str:
    """Plain text as Markdown that reads the same: nothing a source writes becomes a link, a
    heading or a quotation, but its lists (lines with a dash) become lists."""
    return "\n".join(_escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    if line.startswith("– "):
        return "- " + _escaped(line[2:].lstrip())
    line = re.sub(r"([\\`*_\[\]<>|])", r"\\\1", line)
    line = re.sub(r"&(?=#?\w{1,32};)", r"\\&", line)
    # signs that mean something at the beginning of a line only
    line = re.sub(r"^(\s*)([#+=~-])", r"\1\\\2", line)
    return re.sub(r"^(\s*\d{1,9})([.)])", r"\1\\\2", line)


def _fold(text: str) -> str:
    """Lower case, umlauts in two letters, so that every spelling of a name is one."""
    return " ".join(written_out(text).split())


def _patterns(names: Iterable[tuple[str, int]]) -> list[tuple[re.Pattern[str], int]]:
    return [(_pattern(name), place) for name, place in names]


def _pattern(name: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in re.split(r"[\s./‐‑–-]+", _fold(name)) if word]
    return re.compile(rf"(?<!\w){_BETWEEN.join(words)}s?(?!\w)")


def _families(names: Iterable[tuple[str, int]]
              ) -> list[tuple[re.Pattern[str], list[tuple[re.Pattern[str], int]]]]:
    """Names that begin with the same word: "Pivitsheide" alone means V.H. and V.L., and
    "Pivitsheide V.H. und V.L." does so too."""
    families: dict[str, list[tuple[str, int]]] = {}
    for name, place in names:
        first, space, rest = _fold(name).partition(" ")
        if space:
            families.setdefault(first, []).append((rest, place))
    return [(_pattern(first), _patterns(rests)) for first, rests in families.items()
            if len({place for _, place in rests}) > 1]
