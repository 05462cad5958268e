"""When a message leaves: frequency, quiet hours, and the two nights the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.models import Frequency
from subscriptions.timing import TOWN_TIME, Rhythm, after_quiet, due_at, next_digest


def town(text: str, fold: int = 0) -> datetime:
    """A moment by the town's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=TOWN_TIME, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(("now", "hour", "weekday", "due"), [
    ("2026-11-18 10:30", 18, None, "2026-11-18 18:00"),
    ("2026-11-18 18:00", 18, None, "2026-11-19 18:00"),  # at six sharp it is tomorrow's
    ("2026-11-18 10:30", 7, 2, "2026-11-25 07:00"),  # Wednesday, seven has passed
    ("2026-11-18 06:59", 7, 2, "2026-11-18 07:00"),
    ("2026-12-31 19:00", 18, None, "2027-01-01 18:00"),
    ("2028-02-28 19:00", 18, None, "2028-02-29 18:00"),  # leap day
    ("2027-03-27 19:00", 18, None, "2027-03-28 18:00"),  # clocks go forward in between
    ("2027-10-30 19:00", 18, None, "2027-10-31 18:00"),  # clocks go back in between
])
def test_a_digest_comes_when_the_towns_clocks_show_its_hour(now, hour, weekday, due):
    assert next_digest(hour, weekday, town(now)) == town(due)


def test_a_digest_hour_that_spring_skips_comes_at_the_jump():
    assert next_digest(2, None, town("2027-03-28 00:30")) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_a_digest_hour_that_autumn_doubles_comes_once():
    first = next_digest(2, None, town("2027-10-31 00:30"))
    assert first == town("2027-10-31 02:00", fold=0)
    assert next_digest(2, None, first) == town("2027-11-01 02:00")


@pytest.mark.parametrize(("moment", "start", "end", "due"), [
    ("2026-11-18 21:59", 22, 7, "2026-11-18 21:59"),
    ("2026-11-18 22:00", 22, 7, "2026-11-19 07:00"),
    ("2026-11-19 06:59", 22, 7, "2026-11-19 07:00"),
    ("2026-11-19 07:00", 22, 7, "2026-11-19 07:00"),
    ("2026-11-18 12:30", 12, 14, "2026-11-18 14:00"),
    ("2026-11-18 23:30", 23, 0, "2026-11-19 00:00"),
    ("2026-11-18 12:30", 9, 9, "2026-11-18 12:30"),
    ("2026-11-18 12:30", None, None, "2026-11-18 12:30"),
    ("2027-03-28 01:30", 22, 7, "2027-03-28 07:00"),
    ("2027-10-31 02:30", 22, 7, "2027-10-31 07:00"),
])
def test_quiet_hours_end_by_the_towns_clocks(moment, start, end, due):
    assert after_quiet(start, end, town(moment)) == town(due)


def test_a_digest_in_quiet_hours_waits_for_their_end():
    rhythm = Rhythm(Frequency.DAILY, digest_hour=6, quiet_from=22, quiet_to=7)
    assert due_at(rhythm, now=town("2026-11-18 10:00")) == town("2026-11-19 07:00")


def test_what_is_urgent_skips_what_it_is_told_to_skip():
    rhythm, now = Rhythm(Frequency.WEEKLY, quiet_from=22, quiet_to=7), town("2026-11-18 23:00")
    assert due_at(rhythm, now=now, skip_digest=True, skip_quiet=True) == now
    assert due_at(rhythm, now=now, skip_digest=True) == town("2026-11-19 07:00")


@given(now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
       hour=st.integers(0, 23), weekday=st.none() | st.integers(0, 6))
def test_every_digest_is_in_the_future_and_within_its_period(now, hour, weekday):
    due = next_digest(hour, weekday, now)
    assert timedelta(0) < due - now <= timedelta(days=1 if weekday is None else 7, hours=1)
    local = due.astimezone(TOWN_TIME)
    assert weekday in (None, local.weekday())
    skipped = due == due.replace(hour=1, minute=0) and local.hour == 3 and hour == 2
    assert local.hour == hour or skipped
