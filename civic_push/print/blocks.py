"""Markdown as a small tree of values that the Typst templates can set.

A block is {"kind": "paragraph" | "heading" | "quote" | "code", "runs": [...]}, or {"kind":
"list", "ordered", "start", "items": [[run, ...], ...]}; a run is {"text", "strong", "emph",
"link"}. Lists in lists become one list, rows of tables become paragraphs: paper is narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from civic_push.print.settable import BREAK, settable
from civic_push.wording.markdown import SCHEMES, tree

_LONG = re.compile(r"\S{34,}")
_PIECE = 17  # characters between two places where a very long word may be broken

Block = dict[str, Any]
Run = dict[str, Any]


def blocks_of(markdown: str, most: int) -> tuple[list[Block], bool]:
    """The beginning of a text, about `most` characters; and whether that is all of it."""
    kept: list[Block] = []
    room = most
    for block in _blocks(tree(markdown).children):
        size = sum(len(run["text"]) for run in block["runs"])
        if size > room:
            if room > most // 3 or not kept:
                kept.append({**block, "runs": _cut(block["runs"], room)})
            return _grouped(kept), False
        kept.append(block)
        room -= size
    return _grouped(kept), True


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    """All blocks in their order; list items are still blocks of their own."""
    for node in nodes:
        if node.type in ("bullet_list", "ordered_list"):
            yield from _items(node)
        elif node.type in ("fence", "code_block"):
            yield {"kind": "code", "runs": [_run(node.content.rstrip())]}
        elif node.type == "tr":
            yield {"kind": "paragraph", "runs": _row(node)}
        elif node.type == "inline":
            yield {"kind": "paragraph", "runs": list(_runs(node.children))}
        elif node.type == "heading":
            yield from ({**block, "kind": "heading"} for block in _blocks(node.children)
                        if any(run["text"].strip(f" \n\u00a0{BREAK}") for run in block["runs"]))
        elif node.type == "blockquote":
            yield from ({**block, "kind": "quote"} if block["kind"] == "paragraph" else block
                        for block in _blocks(node.children))
        else:
            yield from _blocks(node.children)


def _items(node: SyntaxTreeNode) -> Iterator[Block]:
    """List items: the first paragraph of each begins it, further ones go on with it."""
    ordered, first = node.type == "ordered_list", int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        begins = True
        for block in _blocks(item.children):
            if block["kind"] != "paragraph":
                yield block
                continue
            yield {**block, "kind": "item", "ordered": ordered, "start": number,
                   "begins": begins}
            begins = False


def _grouped(blocks: Sequence[Block]) -> list[Block]:
    """Neighbouring items joined to lists."""
    grouped: list[Block] = []
    for block in blocks:
        last: Block = grouped[-1] if grouped else {"kind": ""}
        if block["kind"] != "item":
            grouped.append(block)
        elif last["kind"] != "list" or last["ordered"] != block["ordered"]:
            grouped.append({"kind": "list", "ordered": block["ordered"],
                            "start": block["start"], "items": [block["runs"]]})
        elif block["begins"]:
            last["items"].append(block["runs"])
        else:
            last["items"][-1] += [_run("\n"), *block["runs"]]
    return grouped


def _runs(nodes: Sequence[SyntaxTreeNode], **style: Any) -> Iterator[Run]:
    for node in nodes:
        if node.type in ("softbreak", "hardbreak"):
            yield _run("\n", **style)
        elif node.type == "strong":
            yield from _runs(node.children, **{**style, "strong": True})
        elif node.type == "em":
            yield from _runs(node.children, **{**style, "emph": True})
        elif node.type == "link":
            target = str(node.attrs["href"])
            safe = target.partition(":")[0].lower() in SCHEMES
            yield from _runs(node.children, **{**style, "link": target if safe else ""})
        elif node.children:
            yield from _runs(node.children, **style)
        else:
            yield _run(node.content, **style)


def breakable(text: str) -> str:
    """Text whose very long words may be broken, so that none leaves its column."""
    return _LONG.sub(lambda word: BREAK.join(
        word[0][i:i + _PIECE] for i in range(0, len(word[0]), _PIECE)), text)


def _run(text: str, **style: Any) -> Run:
    return {"text": breakable(settable(text)), "strong": False, "emph": False, "link": "", **style}


def _row(node: SyntaxTreeNode) -> list[Run]:
    """A table's row in one line."""
    cells = [[run for part in cell.children for run in _runs(part.children or [])]
             for cell in node.children]
    return [run for number, cell in enumerate(cells)
            for run in ([_run(" – ")] if number else []) + cell]


def _cut(runs: Sequence[Run], most: int) -> list[Run]:
    """The beginning of a paragraph, in whole words."""
    kept: list[Run] = []
    for run in runs:
        room = most - sum(len(k["text"]) for k in kept)
        if len(run["text"]) > room:
            return [*kept, {**run, "text": run["text"][:room].rsplit(" ", 1)[0] + " …"}]
        kept.append(run)
    return kept
