"""What push services answer, in our five words (RFC 8030 sections 5 and 7, RFC 8292)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.base import Kind, Outcome
from channels.http_pool import Reply

_SENT = Outcome(Kind.SENT)
_LONGEST_WAIT = 24 * 3600.0  # seconds; a provider's typing error must not silence us
_BUSY = frozenset((406, 408, 425, 429))  # 406: Windows' way of saying 429


def outcome(reply: Reply, now: datetime) -> Outcome:
    """Translate a reply; `now` (aware) is for a Retry-After that is a date.

    Where no usable answer came, it depends on whether the request may have arrived:
    LATER if not, else UNKNOWN (which the message's Topic makes harmless to repeat).
    """
    status = reply.status
    if 200 <= status < 300:
        receipt = _receipt(reply)
        return Outcome(Kind.SENT, receipt=receipt) if receipt else _SENT
    if status == 0:
        return Outcome(Kind.UNKNOWN if reply.sent else Kind.LATER, detail=reply.error)
    detail = " ".join(filter(None, (f"HTTP {status}", _reason(reply.body))))
    if status in (404, 410):
        return Outcome(Kind.GONE, detail)
    if status in _BUSY or status >= 500 or status < 400:  # a redirect: maintenance, a portal
        return Outcome(Kind.LATER, detail, after=retry_after(reply, now))
    # 401 and 403 too: our key is not the one this browser subscribed with. To end the
    # contact for it would empty the list after one wrong setting.
    return Outcome(Kind.REFUSED, detail)


def retry_after(reply: Reply, now: datetime) -> float | None:
    """Seconds that the provider asks us to wait, 0 to 86400; None where it does not say."""
    text = reply.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _receipt(reply: Reply) -> str:
    """The push service's name of the message: the last part of its Location."""
    for line in reply.header_lines:
        if line.startswith((b"location:", b"Location:")):
            return line[9:].strip().rpartition(b"/")[2][:200].decode("ascii", "replace")
    return ""


def _reason(body: bytes) -> str:
    """The service's own words, without anything long enough to be somebody's token."""
    text = body[:1000].decode("utf-8", "replace")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        text = next((str(said[name]) for name in ("reason", "message", "error", "detail")
                     if isinstance(said.get(name), str)), "")
    words = re.findall(r"[A-Za-z0-9'()_.-]+", re.sub(r"<[^>]*>|\w+://\S+|\S{25,}", " ", text))
    return " ".join(words)[:100].strip()
