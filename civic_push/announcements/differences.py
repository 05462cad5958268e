"""What is different between two wordings, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST = 4_000  # words; comparing more would keep the page waiting

Part = tuple[str, str]
"""A sign ("+" new, "-" gone, "" as before) and the text it is about."""


def differences(before: str, after: str) -> list[Part]:
    """Both texts in one, in reading order; nothing where they are the same. Very long ones
    are told apart as a whole."""
    if before == after:
        return []
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST:
        return [("-", before), ("+", after)]
    parts: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("", "".join(old[a:b])))
            continue
        parts += [(sign, words) for sign, words in
                  (("-", "".join(old[a:b])), ("+", "".join(new[c:d]))) if words]
    return parts
