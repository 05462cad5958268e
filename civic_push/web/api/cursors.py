"""Pages by opaque keys: a cursor holds for the very list it came with, and is signed, so that
a made-up one is told from a page that has gone."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from flask import current_app

from civic_push.web.language import _
from civic_push.web.problems import Flaw, invalid

_MARK = 12  # bytes


def write(number: int, of: dict[str, Any]) -> str:
    """A cursor behind the row with this number, in the list that `of` describes."""
    text = str(number).encode()
    return urlsafe_b64encode(_mark(text, of) + text).decode().rstrip("=")


def read(cursor: str, of: dict[str, Any]) -> int:
    """The row's number. Raises Problem for a cursor of another list, or of nobody's."""
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    mark, text = raw[:_MARK], raw[_MARK:]
    if not text or not hmac.compare_digest(mark, _mark(text, of)):
        raise invalid([Flaw("cursor", _(
            "Dieser Cursor gehört nicht zu dieser Liste. Beginnen Sie ohne Cursor."),
            parameter=True)])
    return int(text)


def _mark(text: bytes, of: dict[str, Any]) -> bytes:
    key = str(current_app.secret_key).encode()
    listed = json.dumps(of, sort_keys=True, default=str).encode()
    return hmac.digest(key, b"api cursor " + listed + b" " + text, "sha256")[:_MARK]
