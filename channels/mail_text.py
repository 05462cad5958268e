"""A mail's text part: for text mode, braille lines, watches, and the suspicious.

Lines end at 72 columns as "format=flowed" wants it (RFC 3676): programs that know it fill
the reader's window instead, so that nothing is cut on a phone or at 200 % zoom. Headings are
underlined, and every address stands on a line of its own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from functools import lru_cache

from channels.base import Message
from channels.reading import Block, blocks

WIDTH = 72
_LINES = "=-~^"  # beneath headings, by level; deeper ones get the last


def body_text(message: Message) -> str:
    """Title, note and text of a message, flowed; ends without a line end."""
    return _body(message.title, message.note, blocks(message))


@lru_cache(maxsize=64)  # messages that differ in their reason only say the same
def _body(title: str, note: str, said: tuple[Block, ...]) -> str:
    return "\n\n".join(filter(None, (_underlined(title, 1), flowed(note), _text(said))))


def flowed(paragraph: str) -> str:
    """A paragraph's lines: those that go on end with a space (RFC 3676, 4.2)."""
    lines = (_wrapped(line) for line in paragraph.splitlines())
    return "\n".join(" \n".join(map(_stuffed, parts)) for parts in lines)


def _text(said: Iterable[Block]) -> str:
    parts: list[str] = []
    for block in said:
        if parts:
            parts.append("\n" if block.close else "\n\n")
        parts.append(_block(block))
    return "".join(parts)


def _block(block: Block) -> str:
    words = block.text
    if block.pre:
        shown = "\n".join(_stuffed(line) for line in words.split("\n"))
    elif block.level:
        shown = _underlined(words, block.level)
    elif block.indent or block.quoted:
        shown = _hanging(block)
    else:
        shown = flowed(words)
    indent = " " * block.indent
    links = [_stuffed(indent + line) for line in _links(block)]
    return "\n".join([shown, *links])


def _hanging(block: Block) -> str:
    """A list item or quotation: its lines are fixed, because flowing would lose their
    indent."""
    room = WIDTH - block.indent - 2 * block.quoted
    lines = [part for line in block.text.splitlines() for part in _wrapped(line, room)]
    indent, quote = " " * block.indent, "> " * block.quoted
    first = block.marker.rjust(block.indent) if block.marker else indent
    return "\n".join(quote + (_stuffed(line) if not quote else line)
                     for line in (first + lines[0], *(indent + line for line in lines[1:])))


def _links(block: Block) -> Iterator[str]:
    """The addresses behind a block's words, each introduced by them, unless they are the
    address itself or all that the block says. Places within a mail are none."""
    targets: dict[str, str] = {}
    for run in block.runs:
        if run.href and not run.href.startswith("#"):
            targets[run.href] = targets.get(run.href, "") + run.text
    for target, words in targets.items():
        address = target.removeprefix("mailto:").removeprefix("tel:")
        if words in (target, address) or (
                target.startswith("tel:") and any(map(str.isdigit, words))):
            continue  # the words say it already
        if words != block.text and not block.level:
            yield f"{words}:".replace("\n", " ")
        yield address


def _underlined(words: str, level: int) -> str:
    sign = _LINES[min(level, len(_LINES)) - 1]
    lines = [line for part in words.splitlines() for line in _wrapped(part)]
    if not words.strip():
        return ""
    return "\n".join([*map(_stuffed, lines), sign * max(map(len, lines))])


def _wrapped(line: str, width: int = WIDTH - 1) -> list[str]:
    """Lines of whole words; addresses and compound words stay whole, soft hyphens are gone."""
    return textwrap.wrap(line.replace("\u00ad", ""), width, break_long_words=False,
                         break_on_hyphens=False) or [""]


def _stuffed(line: str) -> str:
    """RFC 3676, 4.4: what begins with a space, ">" or "From " gets a space before it."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
