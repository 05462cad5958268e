"""Every error a source can cause has a sentence."""

from __future__ import annotations

import re
from pathlib import Path

from civic_push.intake import wording
from content_sources.entry import Unreadable

ROOM = Path(__file__).parents[3] / "content_sources"


def codes() -> set[str]:
    """The codes the room's errors are raised with."""
    found = set()
    for path in ROOM.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(
            r"(?:NotAFeed|BadAddress|NotAllowed|TooLarge|Unreachable)\(\s*\"([a-z-]+)\"", text))
        found |= set(re.findall(r": \(\"([a-z-]+)\", \"", text))
    return found | {"busy", "forbidden", "missing", "gone", "status", "redirects"}


def test_every_code_has_a_german_sentence_and_no_sentence_is_idle() -> None:
    assert codes() == set(wording.SENTENCES)
    assert all(text[0].isupper() and text.endswith(".") for text in wording.SENTENCES.values())


def test_an_unknown_code_is_worded_all_the_same() -> None:
    assert wording.sentence(Unreadable("something-new", "")) == (
        "Die Quelle lässt sich nicht lesen.")
