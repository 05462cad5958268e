"""When a delivery is due: one pure function over frequency and quiet hours.

Residents think in local hours, so every rule is evaluated on the town's wall clock and
only the result is UTC; that keeps "18 o'clock" at 18 o'clock when the clocks change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from subscriptions.models import Frequency

TOWN_TIME = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How one contact wants to be reached. Hours are local, 0-23; Monday is 0."""

    frequency: Frequency = Frequency.NOW
    digest_hour: int = 18
    digest_weekday: int = 4
    quiet_from: int | None = None
    quiet_to: int | None = None


def due_at(rhythm: Rhythm, *, now: datetime, skip_digest: bool = False,
           skip_quiet: bool = False) -> datetime:
    """Return when a message published at `now` (aware) may leave, as aware UTC: at the
    contact's next digest, if it wants digests, and then after its quiet hours. What is
    urgent skips one or both.
    """
    due = now
    if rhythm.frequency != Frequency.NOW and not skip_digest:
        weekday = rhythm.digest_weekday if rhythm.frequency == Frequency.WEEKLY else None
        due = next_digest(rhythm.digest_hour, weekday, now)
    if not skip_quiet:
        due = after_quiet(rhythm.quiet_from, rhythm.quiet_to, due)
    return due.astimezone(UTC)


def next_digest(hour: int, weekday: int | None, now: datetime) -> datetime:
    """The next moment after `now` when the town's clocks show `hour`, on `weekday` if given."""
    day = now.astimezone(TOWN_TIME).date()
    while True:
        moment = _at(day, hour)
        if moment > now and weekday in (None, day.weekday()):
            return moment
        day += timedelta(days=1)


def after_quiet(start: int | None, end: int | None, moment: datetime) -> datetime:
    """`moment`, or the end of the quiet hours it falls into. `end` is exclusive;
    22 to 7 spans midnight; equal hours mean none."""
    if start is None or end is None or start == end:
        return moment
    local = moment.astimezone(TOWN_TIME)
    hour = local.hour
    quiet = start <= hour < end if start < end else hour >= start or hour < end
    if not quiet:
        return moment
    day = local.date() if hour < end else local.date() + timedelta(days=1)
    return _at(day, end)


def _at(day: date, hour: int) -> datetime:
    """The instant when the town's clocks first show `hour` on `day`. An hour skipped in
    spring becomes the instant the clocks jump over it; a doubled one its first pass."""
    return datetime.combine(day, time(hour), TOWN_TIME).astimezone(UTC)
