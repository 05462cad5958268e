"""What fits into an SMS: the GSM 7-bit alphabet (3GPP TS 23.038) and its arithmetic.

A text within the alphabet has 160 characters a segment (153 where there are several,
since 7 go to the header that joins them); one letter outside it makes the whole text
UCS-2 with 70 (67). So typographic characters are spelled plainly where nothing is lost.
"""

from __future__ import annotations

import re
import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
_EXTENDED = frozenset("\f^{}\\[~]|€")  # reached by an escape: two septets
_PLAIN = str.maketrans({
    "„": '"', "“": '"', "”": '"', "«": '"', "»": '"', "‟": '"',
    "‚": "'", "‘": "'", "’": "'", "‹": "'", "›": "'", "′": "'", "´": "'", "`": "'", "″": '"',
    "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-", "•": "-", "·": "-",
    "…": "...", "→": "->", "←": "<-", "⇒": "=>", "×": "x", "÷": ":", "ẞ": "SS", "ç": "c",
    "²": "2", "³": "3", "¼": "1/4", "½": "1/2", "¾": "3/4", "≥": ">=", "≤": "<=", "№": "Nr.",
    "©": "(c)", "®": "(R)", "™": "(TM)", "\t": " ", "\v": "\n", "\u2028": "\n", "\u2029": "\n",
})
_BARE = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE",
                       "ħ": "h", "Ħ": "H", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"})
# Emoji and dingbats decorate; in an SMS each would halve the room for words.
_DECORATION = re.compile(r"[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\u20e3]")
# Soft hyphens, joiners and marks that are invisible, but for those that Arabic or Indic
# scripts need to join letters (U+200C, U+200D) and to set direction (U+200E, U+200F).
_INVISIBLE = re.compile(r"[\u00ad\u2060\ufeff\ufe00-\ufe0f\x00-\x09\x0b\x0c\x0e-\x1f]")
_SPACES = re.compile(r"[^\S\n]+")


def plain(text: str) -> str:
    """Spell typographic characters with those of GSM 03.38, drop emoji and invisible
    marks, fold spaces. Letters of other alphabets stay."""
    text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    text = _INVISIBLE.sub("", _DECORATION.sub("", text))
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_marks(text: str) -> str:
    """Spell foreign Latin letters without their marks (ğ, š, ł), where that saves the
    alphabet for the whole text: one such name would halve the room for words. A text that
    still needs other letters stays as it is."""
    if is_gsm7(text):
        return text
    spelled = "".join(c if is_gsm7(c) else _bare(c) for c in text)
    return spelled if is_gsm7(spelled) else text


def _bare(letter: str) -> str:
    letter = letter.translate(_BARE)
    return "".join(c for c in unicodedata.normalize("NFKD", letter)
                   if not unicodedata.combining(c))


def is_gsm7(text: str) -> bool:
    """Whether every character is in the alphabet or its extension table."""
    return all(c in _BASIC or c in _EXTENDED for c in text)


def segments(text: str) -> int:
    """How many SMS a text is sent and paid as; 0 for none."""
    if is_gsm7(text):
        return _count([2 if c in _EXTENDED else 1 for c in text], 160, 153)
    return _count([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67)


def fit(text: str, link: str, max_segments: int) -> str:
    """Join a text and a link within `max_segments`. A text too long is cut between words
    and marked; the link (or "") always stays whole, if need be alone."""
    whole = _join(text, link)
    if segments(whole) <= max_segments:
        return whole
    marks = "..." if is_gsm7(text) else "…"
    words = text.split(" ")
    low, high = 0, len(words) - 1  # how many words surely fit; how many might
    while low < high:
        middle = (low + high + 1) // 2
        if segments(_join(_cut(words[:middle], marks), link)) <= max_segments:
            low = middle
        else:
            high = middle - 1
    if low:
        return _join(_cut(words[:low], marks), link)
    return link or _cut_letters(text, marks, max_segments)


def _cut(words: list[str], marks: str) -> str:
    return " ".join(words).rstrip(" \n,;:-") + marks


def _cut_letters(text: str, marks: str, max_segments: int) -> str:
    """For a text without spaces: as many letters as fit."""
    size = len(text)
    while size and segments(text[:size] + marks) > max_segments:
        size -= 1
    return text[:size] + marks


def _join(text: str, link: str) -> str:
    return f"{text} {link}" if text and link else text or link


def _count(widths: list[int], single: int, joined: int) -> int:
    """Fill segments; a character of two units is never split between them."""
    if sum(widths) <= single:
        return 1 if widths else 0
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts
