"""What a browser push carries: a small JSON text that always fits one push message."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache

from channels.base import Message
from channels.push_encryption import MAX_PLAINTEXT

_TITLE_ROOM = 400  # bytes; notifications show about 50 characters of it
_WORDS_ROOM = 80  # bytes for each button label
_URL_ROOM = 1500  # bytes; a longer address is left out, the site's root opens instead
_MARK = "…"
_JOINERS = frozenset(map(chr, (0x200D, 0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400))))


@lru_cache(maxsize=1024)
def payload(message: Message) -> bytes:
    """The JSON that the service worker gets: title, body, url, tag, lang, dir, urgency and
    the words of its buttons (action, fewer). At most MAX_PLAINTEXT bytes of UTF-8: the body
    ends at a word, with "…", where it must. Nothing in it belongs to one inbox, so all
    inboxes share it."""
    parts = {
        "title": cut(message.title, _TITLE_ROOM),
        "body": "",
        "url": message.url if _size(message.url) <= _URL_ROOM else "",
        "tag": message.key,
        "lang": message.text_tag[:35],
        "dir": message.text_direction[:3],
        "urgency": str(message.urgency),
        "action": cut(message.action_label, _WORDS_ROOM),
        "fewer": cut(message.fewer_label, _WORDS_ROOM),
    }
    room = MAX_PLAINTEXT - len(_encode(parts))
    short = f"{message.short} {message.mark}" if message.mark else message.short
    whole = f"{short}\n\n{message.why}" if message.why else short
    parts["body"] = whole if _size(whole) <= room else cut(message.short, room)
    return _encode(parts)


def cut(text: str, room: int) -> str:
    """`text`, or as many of its whole words as fit `room` bytes of JSON, with "…"."""
    if _size(text) <= room:
        return text
    left = room - _size(_MARK)
    end = 0
    for end, letter in enumerate(text):  # noqa: B007 - ends before what fits no more
        left -= _size(letter)
        if left < 0:
            break
    space = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if space > end - 40 and space > 0:
        end = space
    else:
        while end and _inside_a_character(text, end):
            end -= 1
    return re.sub(r"[\s,;:–-]+$", "", text[:end]) + _MARK


def _inside_a_character(text: str, at: int) -> bool:
    """Whether what people see as one character (é, 👩‍🚒, 👍🏽, 🇩🇪) spans position `at`."""
    before, after = text[at - 1], text[at]
    return (after in _JOINERS or before == "\u200d" or bool(unicodedata.combining(after))
            or (_is_flag_letter(before) and _is_flag_letter(after)))


def _is_flag_letter(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _size(text: str) -> int:
    """Bytes of a text within JSON, without its quotes."""
    return len(_encode(text)) - 2
