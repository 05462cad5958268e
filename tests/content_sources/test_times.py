"""The dates that feeds really contain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_sources.times import moment


@pytest.mark.parametrize("text", [
    "Tue, 17 Mar 2026 10:30:00 +0100", "Tue, 17 Mar 2026 09:30:00 GMT", "17 Mar 2026 09:30:00 Z",
    "Tue, 17 Mar 2026 10:30:00 MEZ", "Tue, 17 Mar 2026 10:30:00 CET", "17 Mar 2026 05:30:00 EDT",
    "Di, 17 Mär 2026 10:30:00 +0100", "Dienstag, 17 März 2026 10:30:00 MEZ",
    "2026-03-17T10:30:00+01:00", "2026-03-17T09:30:00Z", "2026-03-17 10:30:00 +0100",
    "2026-03-17T09:30Z", "2026-03-17T09:30:00.000Z", "2026-03-17T10:30:00",
    "17.03.2026 10:30", "17.3.2026, 10:30 Uhr", "  2026-03-17T10:30:00+0100 "])
def test_one_moment_in_many_spellings(text: str) -> None:
    assert moment(text) == datetime(2026, 3, 17, 9, 30, tzinfo=UTC)


def test_a_date_without_a_zone_is_berlin_time_in_summer_too() -> None:
    assert moment("2026-07-17T10:30:00") == datetime(2026, 7, 17, 8, 30, tzinfo=UTC)
    assert moment("Fri, 17 Jul 2026 10:30:00 CEST") == datetime(2026, 7, 17, 8, 30, tzinfo=UTC)
    assert moment("17 Mai 2026 10:30:00") == datetime(2026, 5, 17, 8, 30, tzinfo=UTC)


def test_a_day_begins_at_midnight() -> None:
    assert moment("2026-03-17") == datetime(2026, 3, 16, 23, tzinfo=UTC)
    assert moment("17.03.2026") == datetime(2026, 3, 16, 23, tzinfo=UTC)


@pytest.mark.parametrize("text", [
    "", "bald", "0000-00-00T00:00:00Z", "2026-02-30", "31.02.2026", "17.03.26", "99999999999",
    "Thu, 01 Jan 1970 00:00:00 GMT", "2999-01-01T00:00:00Z", "Mon, 99 Foo 2026 25:61:00 +9999",
    "2026-03-17T10:30:00+99:00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text) is None


@given(st.text(alphabet="0123456789-+:.TZ, MarDiEST", max_size=40) | st.text(max_size=40))
def test_nothing_a_feed_says_raises(text: str) -> None:
    found = moment(text)
    assert found is None or found.tzinfo is UTC
