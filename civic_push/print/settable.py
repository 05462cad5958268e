"""Which characters a print can show.

PDF/UA forbids characters without a glyph, and Typst 0.15 not only refuses them but can crash
over them. So texts are brought down to what the fonts built into Typst have in every style
(found by trying each): Latin, Greek, Cyrillic and the usual signs.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

BREAK = "\u200b"
"""Where a very long word may be broken."""

RANGES = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x388, 0x38A), (0x38E, 0x3A1),
          (0x3A3, 0x482), (0x48A, 0x4FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x2040),
          (0x2070, 0x2071), (0x2074, 0x208E), (0x20A0, 0x20C0), (0x2100, 0x211E),
          (0x2153, 0x2184), (0x2190, 0x22FF), (0x25A0, 0x25FF))
"""First and last of each range of settable characters."""

_OTHERS = re.compile("[^\n" + BREAK + "".join(
    f"{chr(first)}-{chr(last)}" for first, last in RANGES) + "]")
_GAPS = re.compile("  +")
_LETTER = "□"  # stands for a letter of another script; other signs are left out


def settable(value: Any) -> Any:
    """A value with every string in it brought down to what can be set."""
    if isinstance(value, str):
        return _GAPS.sub(" ", _OTHERS.sub(_instead, unicodedata.normalize("NFC", value)))
    if isinstance(value, dict):
        return {key: settable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [settable(part) for part in value]
    return value


def _instead(found: re.Match[str]) -> str:
    category = unicodedata.category(found[0])
    if category.startswith("L"):
        return _LETTER
    return " " if category.startswith("Z") or found[0] in "\t\r\f\v" else ""
