"""Residents' numbers as the desk may tell them.

Fewer than FEW are hidden, in sums too: a sum is made of the numbers that are shown, so that
nobody can work out a hidden one by subtracting the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask_babel import format_decimal

from civic_push.delivery.report import FEW
from civic_push.web.desk_words import _


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
