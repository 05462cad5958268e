"""One spelling for what Germans write in two ways: Grünstraße, GRUENSTRASSE."""

from __future__ import annotations

import unicodedata

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def written_out(text: str) -> str:
    """Small letters, umlauts written out, however they were composed."""
    return unicodedata.normalize("NFC", text).casefold().translate(UMLAUTS)
