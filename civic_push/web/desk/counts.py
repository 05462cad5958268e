"""Residents' numbers as the desk may tell them.

Fewer than FEW are hidden, in sums too: a sum is made of the numbers that are shown, so that
nobody can work out a hidden one by subtracting the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask_babel import format_decimal

from civic_push.delivery.report import FEW, Failures
from civic_push.web.desk.words import _


class Count(NamedTuple):
    """A number; public ones are nobody's private matter."""

    number: int
    public: bool = False

    @property
    def hidden(self) -> bool:
        """Whether it is too small to be told."""
        return 0 < self.number < FEW and not self.public


def least(counts: Iterable[Count]) -> int:
    """The sum of what is shown."""
    return sum(c.number for c in counts if not c.hidden)


def told(counts: Iterable[Count]) -> str:
    """A sum in words: "1.234", "mehr als 1.234" where a hidden number is part of it."""
    counts = list(counts)
    some = format_decimal(least(counts))
    if not any(c.hidden for c in counts):
        return str(some)
    if len(counts) == 1:
        return _("weniger als %(few)s", few=FEW)
    return _("mehr als %(number)s", number=some) if least(counts) else _("wenige")


def plain(count: Count) -> str:
    """A number as spreadsheets read it."""
    return f"<{FEW}" if count.hidden else str(count.number)


def veiled(failures: Iterable[Failures]) -> dict[int, bool]:
    """Which groups (by their place) must not be told, because their state's sum is told
    elsewhere and would give a small one away: the small ones, and the smallest of the rest."""
    cells: dict[tuple[str, bool, str], list[tuple[int, int]]] = {}
    for place, group in enumerate(failures):
        cells.setdefault((group.channel, group.public, group.state), []).append(
            (group.count, place))
    found: dict[int, bool] = {}
    for (_channel, public, _state), numbers in cells.items():
        whole = sum(number for number, _place in numbers)
        small = [place for number, place in numbers if number < FEW]
        tells = whole >= FEW and bool(small) and not public
        others = sorted(pair for pair in numbers if pair[0] >= FEW)[:1]
        hidden = {*small, *(place for _number, place in others)} if tells else set()
        found |= {place: place in hidden for _number, place in numbers}
    return found
