"""An HTTP answer as it comes in, and what its headers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MAX_AGE = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE)


@dataclass(slots=True)
class Answer:
    """Status, headers (lower-case names) and body, filled by libcurl's callbacks."""

    max_bytes: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    overflowed: bool = False
    headed: bool = False  # the blank line after the headers has come

    def take_header(self, line: bytes) -> None:
        """Keep one header line. A status line starts anew: what came before was an
        interim answer (1xx). Of repeated headers the first counts."""
        text = line.decode("utf-8", "replace").strip()
        if text.upper().startswith("HTTP/"):
            self.headers.clear()
        self.headed = not text
        name, colon, value = text.partition(":")
        if colon and " " not in name:  # the status line may contain one
            self.headers.setdefault(name.strip().lower(), value.strip())

    def take_body(self, chunk: bytes) -> int:
        """Keep one decompressed piece; refusing it (0) ends the transfer."""
        if len(self.body) + len(chunk) > self.max_bytes:
            self.overflowed = True
            return 0
        self.body += chunk
        return len(chunk)

    @property
    def retry_after(self) -> float | None:
        """Seconds until the server wants to be asked again (RFC 9110, 10.2.3)."""
        value = self.headers.get("retry-after", "")
        if value.isascii() and value.isdigit():
            return float(value[:12])
        return self._seconds_to(value)

    @property
    def fresh_for(self) -> float | None:
        """Seconds for which the answer stays fresh (RFC 9111, 4.2): max-age less Age, or
        Expires. None where the server does not say or wants to be asked each time."""
        control = self.headers.get("cache-control", "")
        if re.search(r"\bno-(?:cache|store)\b", control, re.IGNORECASE):
            return None
        if found := _MAX_AGE.search(control):
            age = self.headers.get("age", "0")
            spent = float(age[:12]) if age.isascii() and age.isdigit() else 0.0
            return max(0.0, float(found[1]) - spent)
        return self._seconds_to(self.headers.get("expires", ""))

    def _seconds_to(self, date: str) -> float | None:
        """How far a date lies ahead, by the server's own clock where it tells it."""
        then = _date(date)
        if then is None:
            return None
        now = _date(self.headers.get("date", "")) or datetime.now(UTC)
        return max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
