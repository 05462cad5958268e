"""A style sheet cut down to the rules that can ever match in our pages.

KERN UX comes as one sheet of 340 kB, of which our pages use a quarter, and browsers read all of
it for every page. A rule goes when a class in its selector stands nowhere in our sources; rules
without classes (elements, attributes, custom properties) stay, as do all at-rules' own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_SOURCES = frozenset((".html", ".py", ".js", ".css"))
_WORD = re.compile(r"[A-Za-z_][\w-]*")
# says what may be or must not be; only what must be counts
_MAYBE = re.compile(r":(?:not|is|where)\((?:[^()]|\([^()]*\))*\)")
_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_BRACE = re.compile("[{}]")
_COMMA = re.compile(r",(?![^()]*\))")
_NESTED = ("@media", "@supports", "@layer", "@container")


class Names:
    """The words of our sources, any of which may be a class. Templates put some together: what
    begins with a word that ends in "-" or "_" is one if its rest is a word too."""

    def __init__(self, words: set[str]) -> None:
        self._words = words
        self._starts = [word for word in words if word.endswith(("-", "_"))]

    def __contains__(self, name: str) -> bool:
        return name in self._words or any(
            name.startswith(start) and name[len(start):] in self._words
            for start in self._starts)


def names_in(folder: Path, without: Path) -> Names:
    """All words of the sources in `folder`, but for those `without`."""
    words: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in _SOURCES and without not in path.parents:
            words.update(_WORD.findall(path.read_text(encoding="utf-8")))
    return Names(words)


def cut(css: str, names: Names) -> str:
    """A minified sheet (no comments, no braces in strings) without the rules whose classes are
    not among `names`. Raises ValueError for braces that do not close."""
    return "".join(_kept(css, names))


def _kept(css: str, names: Names) -> Iterator[str]:
    for start, body in _rules(css):
        before, _, head = start.rpartition(";")  # @charset, @import
        if before:
            yield f"{before};"
        if head.startswith(_NESTED):
            if inner := cut(body, names):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        elif selectors := [s for s in _COMMA.split(head) if _may_match(s, names)]:
            yield f"{','.join(selectors)}{{{body}}}"


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """What stands before each outer pair of braces, and between them."""
    at = 0
    while (opening := css.find("{", at)) >= 0:
        depth, end = 1, opening
        while depth:
            following = _BRACE.search(css, end + 1)
            if following is None:
                raise ValueError("a brace does not close")
            end = following.start()
            depth += 1 if css[end] == "{" else -1
        yield css[at:opening].strip(), css[opening + 1:end]
        at = end + 1


def _may_match(selector: str, names: Names) -> bool:
    return all(name.replace("\\", "") in names
               for name in _CLASS.findall(_MAYBE.sub("", selector)))
