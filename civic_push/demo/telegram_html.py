"""Telegram's HTML (https://core.telegram.org/bots/api#html-style): strict, few tags."""

from __future__ import annotations

import re
from html import unescape

_TAGS = frozenset(("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span",
                   "tg-spoiler", "a", "code", "pre", "blockquote"))
_TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:\s+[a-z-]+(?:=\"[^\"<>]*\")?)*)\s*>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


class BadHtml(ValueError):
    """Markup that Telegram does not take, in its own words."""


def visible(html: str) -> str:
    """The text a reader sees. Raises BadHtml."""
    text: list[str] = []
    opened: list[str] = []
    at = 0
    while (start := html.find("<", at)) >= 0:
        text.append(html[at:start])
        tag = _TAG.match(html, start)
        where = f"at byte offset {len(html[:start].encode())}"
        if tag is None or tag[2].lower() not in _TAGS:
            raise BadHtml(f'Unsupported start tag "{tag[2] if tag else ""}" {where}')
        _nest(opened, tag[2].lower(), closing=bool(tag[1]), where=where)
        at = tag.end()
    if opened:
        raise BadHtml(f'Can\'t find end tag corresponding to start tag "{opened[-1]}"')
    return _ENTITY.sub(lambda entity: unescape(entity[0]), "".join([*text, html[at:]]))


def _nest(opened: list[str], name: str, *, closing: bool, where: str) -> None:
    if not closing:
        opened.append(name)
    elif not opened or opened.pop() != name:
        raise BadHtml(f'Unmatched end tag {where}, found "</{name}>"')
