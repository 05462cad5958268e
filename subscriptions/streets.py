"""Finding the Ortsteil that people mean by its name, an alias, or a street in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscriptions.models import Neighbourhood, Street
from subscriptions.spelling import UMLAUTS

_HOUSE_NUMBER = re.compile(r"\s+\d+\s*[a-z]?\s*(?:[-/]\s*\d+\s*[a-z]?)?\s*$")
_SHORT_STREET = re.compile(r"str\b\.?")
_SHORTEST = 3  # letters; fewer would find half the town
_MOST = 40  # streets looked at for one search
_CLOSE = 0.8  # how much of a misspelt name must be right (difflib's ratio)


class BadStreets(ValueError):
    """A street list that cannot be used; the text says where, why, and what to do."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a street list that will not do: which, why ("form", "place" or "name"), and
    the words in it that are meant."""

    number: int
    code: str
    words: str

    def __str__(self) -> str:
        return f"Line {self.number}{_REASONS[self.code].format(self.words)}"


_REASONS = {"form": " is not of the form name;ortsteil: {!r}.",
            "place": ": there is no Ortsteil {!r}.", "name": ": {!r} is no street's name."}


@dataclass(frozen=True, slots=True)
class Found:
    """An Ortsteil, and what of it was found: a street or an alias ("": its own name)."""

    place: Neighbourhood
    why: str = ""


def folded(text: str) -> str:
    """A name as letters and digits only, so that "Lange Str. 5a" finds "Lange Straße" and
    "Loßbruch" is "lossbruch". A house number at the end is left out."""
    text = _HOUSE_NUMBER.sub("", text[:200].strip().casefold())
    text = _SHORT_STREET.sub("strasse", text).translate(UMLAUTS)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if c.isalnum())


def names(place: Neighbourhood) -> list[str]:
    """An Ortsteil's name and its aliases."""
    return [place.name, *filter(None, place.aliases.split("|"))]


def search(session: Session, words: str) -> list[Found]:
    """Ortsteile whose name, alias or street contains these words, names first; where there
    are none, those that are spelt much like them."""
    key = folded(words)
    if len(key) < _SHORTEST:
        return []
    places = session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all()
    named = _by_name(places, key)
    known = {one.place.id for one in named}
    streets = [one for one in _by_street(session, key) if one.place.id not in known]
    return named + streets or _alike(session, places, key)


def load(session: Session, text: str) -> int:
    """Replace the street list by a CSV text, as `read` takes it. Return how many rows there
    are now. Does not commit. Raises BadStreets, having changed nothing."""
    rows, troubles = read(session, text)
    if troubles:
        raise BadStreets(str(troubles[0]))
    if not rows:
        raise BadStreets("The file names no street. Write one a line: Lange Straße;Hiddesen")
    replace(session, rows)
    return len(rows)


def read(session: Session, text: str) -> tuple[list[Street], list[BadLine]]:
    """Read a CSV text "name;ortsteil", with or without such a first line; the Ortsteil by
    name, alias or slug. Return the rows, not stored yet, and the lines that will not do."""
    known = {folded(name): place.id for place in session.scalars(select(Neighbourhood))
             for name in (*names(place), place.slug)}
    rows: dict[tuple[str, int], Street] = {}
    troubles = []
    # each line by itself: a forgotten quotation mark must not swallow those below it
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip().strip('"') for cell in line.split(";")]
        if not any(cells) or (number == 1 and [c.casefold() for c in cells][:2]
                              == ["name", "ortsteil"]):
            continue
        if wrong := _wrong(cells, known):
            troubles.append(BadLine(number, wrong[0], wrong[1][:60]))
            continue
        name, place_id = cells[0], known[folded(cells[1])]
        rows[folded(name), place_id] = Street(
            name=name, key=folded(name), neighbourhood_id=place_id)
    return list(rows.values()), troubles


def replace(session: Session, rows: Iterable[Street]) -> None:
    """Put these rows in the place of all there are. Does not commit."""
    session.execute(delete(Street))
    session.add_all(rows)
    session.flush()


def _wrong(cells: Sequence[str], known: dict[str, int]) -> tuple[str, str] | None:
    """What is wrong with a line, as a BadLine says it; None if nothing is."""
    if len(cells) != 2 or not all(cells):
        return "form", ";".join(cells)
    name, place = cells
    if folded(place) not in known:
        return "place", place
    return ("name", name) if len(name) > 120 or not folded(name) else None


def _by_name(places: Iterable[Neighbourhood], key: str) -> list[Found]:
    found = []
    for place in places:
        hits = [name for name in names(place) if key in folded(name)]
        if hits:
            found.append(Found(place, "" if hits[0] == place.name else hits[0]))
    return found


def _by_street(session: Session, key: str) -> list[Found]:
    """Streets that begin so, or else that contain it; each Ortsteil with up to three."""
    for condition in (Street.key.startswith(key), Street.key.contains(key)):
        rows = session.execute(
            select(Neighbourhood, Street.name).join(Street)
            .where(condition).order_by(Street.name).limit(_MOST)).all()
        if rows:
            return _together(rows)
    return []


def _together(rows: Iterable[tuple[Neighbourhood, str]]) -> list[Found]:
    streets: dict[Neighbourhood, list[str]] = {}
    for place, street in rows:
        streets.setdefault(place, []).append(street)
    return [Found(place, ", ".join(found[:3]) + (" …" if len(found) > 3 else ""))
            for place, found in streets.items()]


def _alike(session: Session, places: Iterable[Neighbourhood], key: str) -> list[Found]:
    own = {folded(name): name for place in places for name in names(place)}
    keys = [*own, *session.scalars(select(Street.key).distinct())]
    found: list[Found] = []
    for close in get_close_matches(key, keys, n=3, cutoff=_CLOSE):
        found += _by_name(places, close) if close in own else _by_street(session, close)
    return list({one.place.id: one for one in reversed(found)}.values())[::-1]
