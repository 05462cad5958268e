"""What a message's HTML says, as a flat list of blocks: for ways out that show no HTML
(mails in text mode) or only a little of it (Telegram)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple

from channels.base import Message

_BLOCKS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "div", "tr",
                     "table", "nav"))
_SPACES = re.compile(r"[ \t\r\n\f]+")  # not the no-break space


class Run(NamedTuple):
    """Words that look alike. A line break is a run of its own."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""


class Block(NamedTuple):
    """A paragraph, heading, list item, table row or rule."""

    runs: tuple[Run, ...]
    level: int = 0  # 1 to 6 for headings
    marker: str = ""  # "- " or "2. " where a list item begins
    indent: int = 0  # columns, for what belongs to a list item
    quoted: bool = False
    pre: bool = False  # spaces and line ends count
    close: bool = False  # follows the block before without a blank line

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(run.text for run in self.runs)


def blocks(message: Message) -> tuple[Block, ...]:
    """What a message says, from its HTML, or from its plain text where it has none."""
    return _blocks(message.html, message.text)


@lru_cache(maxsize=64)  # messages that differ in their reason only say the same
def _blocks(html: str, text: str) -> tuple[Block, ...]:
    if html:
        return tuple(read(html))
    paragraphs = (part.strip("\n") for part in text.split("\n\n"))
    return tuple(Block((Run(part),)) for part in paragraphs if part)


def read(html: str) -> list[Block]:
    """The blocks of a sanitised fragment. Tags it does not know say nothing."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    return reader.blocks


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._runs: list[Run] = []
        self._open: dict[str, int] = {}  # how many elements of a name are open
        self._href = ""
        self._lists: list[int | None] = []  # the next number; None in a list without
        self._indents: list[int] = []  # of the list items that are open
        self._marker = ""
        self._close = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what an element begins."""
        given = dict(attrs)
        if tag in _BLOCKS:
            self.end_block()
        if tag in ("ul", "ol"):
            self._begin_list(tag, given.get("start") or "1")
        elif tag == "li":
            self._begin_item()
        elif tag == "br":
            self._runs.append(Run("\n"))
        elif tag == "hr":
            self.end_block()
            self.blocks.append(Block((Run("* * *"),)))
        elif tag == "a":
            self._href = given.get("href") or ""
        elif tag in ("td", "th") and self._runs:
            self._runs.append(Run(" | "))
        self._open[tag] = self._open.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        """End what an element ends."""
        if tag in _BLOCKS or tag == "li":
            self.end_block(level=int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0)
        if tag in ("ul", "ol") and self._lists:
            self.end_block()
            self._lists.pop()
            self._close = bool(self._lists)
        elif tag == "li" and self._indents:
            self._indents.pop()
            self._marker = ""
            self._close = True
        elif tag == "tr":
            self._close = True
        elif tag == "table":
            self._close = False
        elif tag == "a":
            self._href = ""
        self._open[tag] = max(0, self._open.get(tag, 0) - 1)

    def handle_data(self, data: str) -> None:
        """Take words in."""
        if not self._is_open("pre"):
            data = _SPACES.sub(" ", data)
            if not self._runs or self._runs[-1].text.endswith(("\n", " ")):
                data = data.lstrip(" ")
        if data and not (self._is_open("tr") and not self._is_open("td", "th")):
            self._runs.append(Run(data, self._is_open("strong", "b", "th"),
                                  self._is_open("em", "i"), self._is_open("code"), self._href))

    def end_block(self, level: int = 0) -> None:
        """Store the words since the last block as one, if there are any."""
        runs = _trimmed(self._runs)
        self._runs = []
        if not runs:
            return
        indent = self._indents[-1] if self._indents else 0
        self.blocks.append(Block(
            tuple(runs), level, self._marker, indent, self._is_open("blockquote"),
            self._is_open("pre"), self._close))
        self._marker, self._close = "", False

    def _begin_list(self, tag: str, start: str) -> None:
        self.end_block()
        number = int(start) if start.isascii() and start.isdigit() else 1
        self._lists.append(number if tag == "ol" else None)
        self._close = len(self._lists) > 1

    def _begin_item(self) -> None:
        self.end_block()
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._marker = "- " if number is None else f"{number}. "
        before = self._indents[-1] if self._indents else 0
        self._indents.append(before + len(self._marker))

    def _is_open(self, *tags: str) -> bool:
        return any(self._open.get(tag) for tag in tags)


def _trimmed(runs: Iterable[Run]) -> list[Run]:
    """Without white space before the first and after the last word."""
    kept = list(runs)
    while kept and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].text.strip():
        del kept[-1]
    if kept:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip())
    return kept
