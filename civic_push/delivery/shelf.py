"""Messages that a worker keeps from one drain run to the next.

A run lasts two seconds; composing what it sends (Markdown, translations, one message for each
reason) costs as much as delivering a thousand pushes, and a large announcement takes many runs.
"""

from __future__ import annotations

from datetime import datetime

from channels.base import Message

Key = tuple[object, ...]

_MOST = 20  # announcements; the oldest leaves first


class Shelf:
    """Keeps what was composed while it cannot change: of published announcements, which are
    immutable, and while topics and Ortsteile have the same names."""

    def __init__(self) -> None:
        self._names: object = None
        self._kept: dict[tuple[int, datetime], dict[Key, Message]] = {}

    def check(self, names: object) -> None:
        """Forget everything when topics or Ortsteile are not called what they were."""
        if names != self._names:
            self._names, self._kept = names, {}

    def of(self, announcement_id: int, published_at: datetime | None) -> dict[Key, Message]:
        """Where the messages of an announcement are kept; nothing is kept of a draft, and
        what was taken back and published anew begins anew."""
        if published_at is None:
            return {}
        which = (announcement_id, published_at)
        if which not in self._kept:
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[which] = {}
        return self._kept[which]
