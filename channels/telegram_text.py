"""A message as Telegram shows it (https://core.telegram.org/bots/api#html-style): bold
headings, lists, links, quotations; never longer than a message may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape

from channels.base import Message
from channels.reading import Block, Run, blocks

MAX_UNITS = 4096  # UTF-16 code units of visible text in a message
MAX_TITLE_UNITS = 256
LEAVE, MANAGE = "\0leave\0", "\0manage\0"  # where a contact's own links go
_MARK = "…"
_RESERVE = 3  # units behind every block for the sign that more would follow
_WORTH_IT = 40  # units; a shorter beginning of a block says nothing
_WEB, _SPOKEN = ("https://", "http://"), ("mailto:", "tel:")


@lru_cache(maxsize=64)
def compose(message: Message, leave: bool, manage: bool) -> str:
    """The message as Telegram's HTML, cut so that what is visible fits; with marks where
    the contact's own links go."""
    title = cut(_clean(message.title), MAX_TITLE_UNITS)
    links = _links(message, leave, manage)
    note, why = _clean(message.note), _clean(message.why)
    action = _clean(message.action_label or message.url) if message.url else ""
    rest = [title, note, action, why, " · ".join(label for label, _ in links)]
    room = MAX_UNITS - sum(units(part) + 2 for part in rest if part)
    parts = [
        _within("b", title),
        _within("i", note),
        "".join(_said(blocks(message), room)),
        _anchor(action, message.url) if action else "",
        _within("i", why),
        " · ".join(_anchor(label, url) for label, url in links),
    ]
    return "\n\n".join(part for part in parts if part)


def cut(text: str, room: int) -> str:
    """Shorten to `room` UTF-16 units, between words, with "…"."""
    if units(text) <= room:
        return text
    size = used = 0
    for size, character in enumerate(text):  # noqa: B007 – used after the loop
        used += units(character)
        if used > room - 1:
            break
    kept = text[:size]
    at = max(kept.rfind(" "), kept.rfind("\n"))
    return (kept[:at] if at > size // 2 else kept).rstrip(" \n,;:–-") + _MARK


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(c > "\uffff" for c in text)


def _said(said: Iterable[Block], room: int) -> Iterator[str]:
    """The blocks' markup and what stands between them, as far as there is room."""
    begun = False
    for block in map(_spelled_out, said):
        lead = ("\n" if block.close else "\n\n") * begun + _bullet(block)
        size = units(lead) + units(block.text)
        if size > room - _RESERVE:
            if room - units(lead) > _WORTH_IT:
                yield lead + _markup(_shortened(block, room - units(lead)))
            elif begun:
                yield f"\n\n{_MARK}"
            return
        yield lead + _markup(block)
        room -= size
        begun = True


def _spelled_out(block: Block) -> Block:
    """Telegram links to web pages only: mail addresses and telephone numbers behind words
    are said after them, and it finds those by itself."""
    return block._replace(runs=tuple(
        run._replace(text=f"{run.text} ({run.href.split(':', 1)[-1]})")
        if run.href.startswith(_SPOKEN) and run.text not in run.href
        and not (run.href.startswith("tel:") and any(map(str.isdigit, run.text)))
        else run for run in block.runs))


def _bullet(block: Block) -> str:
    indent = " " * (block.indent - len(block.marker)) if block.marker else ""
    return indent + block.marker.replace("- ", "• ")


def _shortened(block: Block, room: int) -> Block:
    """As many of the block's words as fit, and "…"."""
    runs: list[Run] = []
    for run in block.runs:
        if units(run.text) > room - 1:
            runs.append(run._replace(text=cut(run.text + " " * room, room)))
            break
        runs.append(run)
        room -= units(run.text)
    return block._replace(runs=tuple(runs))


def _markup(block: Block) -> str:
    if block.pre:
        return _within("pre", _clean(block.text))
    words = "".join(_run(run._replace(bold=run.bold or block.level > 0)) for run in block.runs)
    return f"<blockquote>{words}</blockquote>" if block.quoted else words


def _run(run: Run) -> str:
    """Words in their tags; Telegram takes code within nothing else."""
    words = run.text.replace("\0", "")
    if run.code:
        return _within("code", words)
    markup = escape(words, quote=False)
    if run.href.startswith(_WEB):
        markup = _anchor(words, run.href)
    if run.italic and words.strip():
        markup = f"<i>{markup}</i>"
    return f"<b>{markup}</b>" if run.bold and words.strip() else markup


def _links(message: Message, leave: bool, manage: bool) -> list[tuple[str, str]]:
    """Label and address of the small links below."""
    links = [(message.manage_label, MANAGE if manage else ""),
             (message.leave_label, LEAVE if leave else ""),
             (message.imprint_label, message.imprint_url),
             (message.privacy_label, message.privacy_url)]
    return [(_clean(label), url) for label, url in links if label and url]


def _anchor(label: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(label, quote=False)}</a>'


def _within(tag: str, words: str) -> str:
    return f"<{tag}>{escape(words, quote=False)}</{tag}>" if words else ""


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()
