"""Charts for the report: where lines and bars lie. Templates draw them as SVG; each has a
table with the same numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from civic_push.delivery.report import Arrivals

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 28  # margins, for the axes' words
TICKS = (1, 10, 60, 600, 3_600, 6 * 3_600, 86_400, 7 * 86_400)  # seconds
_MOST_POINTS = 150  # in one line; more cannot be told apart


@dataclass(frozen=True, slots=True)
class Line:
    """One channel's way to 100 %: `points` as SVG writes them, `style` numbers its dashes."""

    name: str
    points: str
    style: int


@dataclass(frozen=True, slots=True)
class TimeChart:
    """Shares of what was handed over, against the time since publishing, whose axis is
    logarithmic: seconds and days fit on one."""

    lines: list[Line]
    ticks: list[tuple[float, int]]  # where, and which second


def time_chart(arrivals: Sequence[tuple[str, Arrivals]]) -> TimeChart:
    """A line for each named channel."""
    longest = max((a.seconds[-1][0] for _name, a in arrivals), default=1)
    end = next((tick for tick in TICKS if tick >= longest), longest)
    lines = [Line(name, _points(found, end), style)
             for style, (name, found) in enumerate(arrivals)]
    return TimeChart(lines, [(across(tick, end), tick) for tick in TICKS if tick <= end])


def across(second: float, end: float) -> float:
    """Where a second lies from left to right."""
    share = math.log1p(second) / math.log1p(end)
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def up(share: float) -> float:
    """Where a share (0 to 1) lies; SVG counts downwards."""
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _points(arrivals: Arrivals, end: int) -> str:
    """A staircase, one step for each place across that can be told apart."""
    steps: dict[int, tuple[float, float]] = {}
    so_far = 0
    for second, number in arrivals.seconds:
        so_far += number
        x = across(second, end)
        steps[int(x * _MOST_POINTS / WIDTH)] = (x, up(so_far / arrivals.total))
    found, level = [f"{LEFT},{up(0)}"], up(0)
    for x, y in steps.values():
        found += [f"{x},{level}", f"{x},{y}"]
        level = y
    return " ".join([*found, f"{WIDTH - RIGHT},{level}"])


def bar(parts: Sequence[int]) -> list[tuple[float, float]]:
    """Where the parts of one stacked bar begin, and how wide they are, in percent."""
    whole, begins, found = sum(parts) or 1, 0.0, []
    for part in parts:
        width = 100 * part / whole
        found.append((round(begins, 2), round(width, 2)))
        begins += width
    return found
