"""Who will get it: inboxes by channel, now or later, and what the SMS will cost. Counted in
one statement, whose groups are few however many inboxes there are. It reads every contact (a
million take seconds), so a count holds for a minute.

Small numbers of residents are told to nobody, and nobody can work them out: a channel's row
shows its parts only where none of them is small, and the sum of all only where no channel is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import Row
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.config import Settings
from civic_push.delivery import audiences, budget
from civic_push.delivery.report import FEW
from subscriptions.matching import counted
from subscriptions.models import Frequency, Register
from subscriptions.timing import after_quiet

_HOLDS = 60.0  # seconds
_MOST = 500  # counts kept

_Rows = Sequence[Row[str, Frequency, int | None, int | None, str, Register, int]]
_Kept = dict[tuple[tuple[int, ...], tuple[int, ...], bool], tuple[float, _Rows]]

Parts = Mapping[tuple[str, str], int]
"""SMS segments of the text that a language and register get."""


@dataclass(slots=True)
class ChannelReach:
    """The inboxes of one channel. Those that sleep are among those served at once."""

    total: int = 0
    digest: int = 0
    quiet: int = 0
    quiet_until: datetime | None = None  # when the last of them wakes

    @property
    def at_once(self) -> int:
        """Inboxes that do not wait for a digest."""
        return self.total - self.digest

    @property
    def told(self) -> bool:
        """Whether the parts may be shown: none is small, nor what is left beside one."""
        return not any(0 < part < FEW for part in (
            self.total, self.digest, self.at_once, self.quiet, self.at_once - self.quiet))


@dataclass(frozen=True, slots=True)
class SmsCost:
    """An estimate, rounded up so that no single inbox can be read from it."""

    parts: int
    cents: float
    spent: int  # segments this month
    cap: int  # segments a month; 0: none

    @property
    def left(self) -> int:
        """Segments that this month's budget still holds."""
        return max(0, self.cap - self.spent)

    @property
    def enough(self) -> bool:
        """Whether all of them can leave this month."""
        return not self.cap or self.parts <= self.left


@dataclass(slots=True)
class Audience:
    """Who will get an announcement that is published now."""

    channels: dict[str, ChannelReach] = field(default_factory=dict)
    sms: SmsCost | None = None  # None: nobody by SMS, or too few to say
    follow_up: bool = False  # goes to whoever got what it follows; only totals are known

    @property
    def total(self) -> int | None:
        """All inboxes; None where a small number could be worked out from it."""
        if any(0 < c.total < FEW for c in self.channels.values()):
            return None
        return sum(c.total for c in self.channels.values())


def audience(session: Session, settings: Settings, announcement: Announcement, parts: Parts,
             now: datetime) -> Audience:
    """Count who gets it if it is published at `now`."""
    if announcement.kind != AnnouncementKind.ORIGINAL:
        found = audiences.reach(session, announcement)
        return Audience({channel: ChannelReach(r.following + r.first)
                         for channel, r in found.items()}, follow_up=True)
    danger = announcement.urgency == Urgency.DANGER
    whole, segments = Audience(), 0
    for channel, frequency, start, end, language, register, number in _counts(
            session, announcement, None if danger else now):
        one = whole.channels.setdefault(channel, ChannelReach())
        one.total += number
        wakes = now if danger else after_quiet(start, end, now)
        if frequency != Frequency.NOW and announcement.urgency == Urgency.INFO:
            one.digest += number
        elif wakes > now:
            one.quiet += number
            one.quiet_until = max(one.quiet_until or wakes, wakes)
        if channel == "sms":
            segments += number * parts.get((language, register), 1)
    whole.channels = dict(sorted(whole.channels.items()))
    if "sms" in whole.channels and whole.channels["sms"].total >= FEW:
        about = rounded_up(segments)
        whole.sms = SmsCost(about, about * settings.sms_segment_cents,
                            budget.spent_since_first(session, "sms", now), settings.sms_monthly_cap)
    return whole


def _counts(session: Session, announcement: Announcement, paused_at: datetime | None) -> _Rows:
    """The rows of `counted`, from memory where they are not a minute old."""
    topics = tuple(sorted(t.id for t in announcement.topics))
    places = tuple(sorted(n.id for n in announcement.neighbourhoods))
    kept: _Kept = current_app.extensions.setdefault("civic_push_counts", {})
    key = (topics, places, paused_at is None)
    found = kept.get(key)
    if found is None or found[0] < time.monotonic() - _HOLDS:
        if len(kept) >= _MOST:
            kept.clear()
        found = kept[key] = (time.monotonic(),
                             session.execute(counted(topics, places, paused_at)).all())
    return found[1]


def rounded_up(number: int) -> int:
    """To two significant digits, and to fives below a hundred: 7 → 10, 1,234 → 1,300."""
    step = max(5, int(10 ** (len(str(number)) - 2)))
    return -(-number // step) * step
