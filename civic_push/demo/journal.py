"""What has arrived at the demo inboxes: a file of JSON lines, one a message, newest last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEPT = 500  # newest entries that a full file is cut down to
_FULL = 2 * KEPT

Entry = dict[str, Any]
"""`channel` and `at` (ISO 8601), and what the channel adds."""


class Journal:
    """The file, for the one process that writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lines = sum(1 for _ in read(path))

    def append(self, channel: str, **entry: Any) -> None:
        """Add what has just arrived."""
        stamped = {"channel": channel, "at": datetime.now(UTC).isoformat(), **entry}
        line = json.dumps(stamped, ensure_ascii=False) + "\n"
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                       "a", encoding="utf-8") as file:
            file.write(line)
        self._lines += 1
        if self._lines > _FULL:
            self._cut()

    def _cut(self) -> None:
        newest = list(read(self.path))[-KEPT:]
        part = self.path.with_suffix(".new")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                       "w", encoding="utf-8") as file:
            file.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in newest)
        part.replace(self.path)
        self._lines = len(newest)


def read(path: Path) -> Iterator[Entry]:
    """Everything kept, oldest first. A line cut off by a crash is passed over."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and "channel" in entry and "at" in entry:
                    yield entry
    except FileNotFoundError:
        return
