"""Ways out: one file a channel. KINDS names them; build() makes those that are set up.

base      Message, Envelope, Outcome, Channel: what every channel promises
mail      e-mail over pipelined SMTP
web_push  browser push (RFC 8030, 8291, 8292) over HTTP/2
telegram  the Bot API
sms       the operator's gateway, through Apprise
outlet    public places, through Apprise
"""

from __future__ import annotations

from typing import Any

from channels.base import Channel

KINDS = ("email", "push", "telegram", "sms", "outlet")


def build(settings: Any) -> dict[str, Channel]:
    """Make every channel the operator has set up, by name. Nothing connects yet."""
    return {}
