"""Editors' Markdown as safe HTML for pages and mails, and as plain text for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# Raw HTML is shown, not interpreted; nh3 is the second lock. No images: they would tell
# their host who reads when.
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
_TAGS = {"a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
         "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
SCHEMES = {"http", "https", "mailto", "tel"}


def to_html(markdown: str) -> str:
    """A safe HTML fragment. Its highest headings are h2, because the title is the page's h1."""
    tokens = _PARSER.parse(markdown)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(4, int(token.tag[1]) - highest + 2)}"
    rendered: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(rendered, tags=_TAGS, attributes={"a": {"href"}, "ol": {"start"}},
                     url_schemes=SCHEMES, link_rel="noopener noreferrer").strip()


def to_text(markdown: str) -> str:
    """Plain text: paragraphs separated by blank lines, list items on lines of their own,
    a link as its words followed by its address in brackets."""
    return "\n\n".join(text for node in tree(markdown).children if (text := _block(node)))


def tree(markdown: str) -> SyntaxTreeNode:
    """The text's structure, for what is neither HTML nor plain text. Links in it may have
    any scheme: use those in SCHEMES only."""
    return SyntaxTreeNode(_PARSER.parse(markdown))


def _block(node: SyntaxTreeNode) -> str:
    """The plain text of one block, its lines joined."""
    if node.type in ("bullet_list", "ordered_list"):
        return "\n".join(_items(node))
    if node.type in ("fence", "code_block"):
        return node.content.rstrip()
    if node.type == "inline":
        return "".join(_words(node.children)).strip()
    if node.type == "tr":
        return " | ".join(_block(cell) for cell in node.children)
    between = "\n" if node.type in ("table", "thead", "tbody", "list_item") else "\n\n"
    return between.join(text for child in node.children if (text := _block(child)))


def _items(node: SyntaxTreeNode) -> Iterator[str]:
    """The items of a list, marked and indented; `2.` where the Markdown begins at two."""
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        marker = f"{number}. " if node.type == "ordered_list" else "- "
        yield marker + _block(item).replace("\n", "\n" + " " * len(marker))


def _words(nodes: Sequence[SyntaxTreeNode]) -> Iterator[str]:
    """Inline text without its marks."""
    for node in nodes:
        if node.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif node.type == "link":
            words, target = "".join(_words(node.children)), str(node.attrs["href"])
            yield words if words in (target, target.split(":", 1)[-1]) else f"{words} ({target})"
        elif node.children:
            yield from _words(node.children)
        else:
            yield node.content
