"""Times as editors type them: on the town's wall clock."""

from __future__ import annotations

from datetime import UTC, datetime

from subscriptions.timing import TOWN_TIME


class AmbiguousHour(LookupError):
    """An hour that the town's clocks show twice, in the autumn night."""


def parse_exact(text: str) -> datetime:
    """As `parse_local`, for what happens at that moment: an hour that comes twice is refused
    with AmbiguousHour."""
    moment = parse_local(text)
    local = moment.astimezone(TOWN_TIME)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        raise AmbiguousHour("an hour that comes twice")
    return moment


def parse_local(text: str) -> datetime:
    """Read the town's wall clock ("2026-11-18T18:00" or "18.11.2026 18:00") as aware UTC.

    An hour that comes twice in autumn means its second pass: what is valid until then must
    not end early. Raises ValueError for what is no time, LookupError for one that spring skips."""
    for form in ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=TOWN_TIME, fold=1)
            break
        except ValueError:
            continue
    else:
        raise ValueError("no time")
    utc = moment.astimezone(UTC)
    if utc.astimezone(TOWN_TIME).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise LookupError("an hour that does not exist")
    return utc
