"""What every reader of a source gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class Unreadable(Exception):
    """A body that its reader can make nothing of.

    `code` names the reason for the house, which words it in the editor's language; the
    exception's text is one English sentence for operators and logs.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing as the source worded it. All text is plain text, all times aware UTC."""

    key: str  # SHA-256, 64 hexadecimal digits: the same thing has the same key next time
    title: str  # one line, never empty, at most 300 characters
    url: str = ""  # absolute http(s) address, or ""
    summary: str = ""  # paragraphs separated by blank lines, at most 4,000 characters
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()
    language: str | None = None  # BCP 47, as the source says it
    starts_at: datetime | None = None
    ends_at: datetime | None = None  # when the thing itself is over: a roadwork, an event
