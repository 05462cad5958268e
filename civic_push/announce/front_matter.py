"""A Markdown file that says at its top what it is about:

    ---
    thema: baustellen, verkehr
    ortsteil: Hiddesen
    dringlichkeit: important
    bis: 2026-11-20T18:00
    ---
    # Brücke gesperrt

    Die Brücke ist bis **Freitag** gesperrt.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FENCE = "---"
_NAMES = {
    "title": "title", "titel": "title", "text": "text", "short": "short", "kurz": "short",
    "kurztext": "short", "topic": "topics", "topics": "topics", "thema": "topics",
    "themen": "topics", "ortsteil": "places", "ortsteile": "places", "neighbourhood": "places",
    "neighbourhoods": "places", "urgency": "urgency", "dringlichkeit": "urgency",
    "link": "link", "expires": "expires", "bis": "expires", "starts": "starts",
    "beginn": "starts", "ends": "ends", "ende": "ends", "plain": "plain", "einfach": "plain",
    "place": "place", "ort": "place"}
_LISTS = ("topics", "places")


class BadFile(ValueError):
    """A file that cannot be read as one; the text says what to write."""


@dataclass(slots=True)
class Head:
    """What stood at the top of a file, by our names, and the Markdown below."""

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    text: str = ""


def read(text: str) -> Head:
    """Take a file apart. A first-level heading at its beginning is the title, where none is
    given. Raises BadFile."""
    head, lines = Head(), text.removeprefix("\ufeff").splitlines()
    if lines and lines[0].rstrip() == FENCE:
        try:
            end = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE)
        except StopIteration:
            raise BadFile(f"The part at the top has no end: close it with {FENCE}.") from None
        for number, line in enumerate(lines[1:end], 2):
            _take(head, line, number)
        lines = lines[end + 1:]
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and lines[0].startswith("# ") and "title" not in head.values:
        head.values["title"] = lines.pop(0)[2:].strip()
    head.text = "\n".join(lines).strip()
    return head


def _take(head: Head, line: str, number: int) -> None:
    if not line.strip() or line.lstrip().startswith("#"):
        return
    name, colon, value = line.partition(":")
    known = _NAMES.get(name.strip().casefold())
    if not colon or known is None:
        raise BadFile(f"Line {number} is not understood: {line.strip()!r}. Write for example "
                      "“thema: baustellen”.")
    value = value.strip().strip("\"'")
    if known in _LISTS:
        head.lists.setdefault(known, []).extend(
            part.strip().strip("\"'") for part in value.strip("[]").split(",") if part.strip())
    else:
        head.values[known] = value
