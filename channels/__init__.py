"""Ways out: one file a channel. KINDS names them; build() makes those that are set up.

base      Message, Envelope, Outcome, Channel: what every channel promises
reading   a message's HTML, for ways out that show none

mail      e-mail over pipelined SMTP
mail_template, mail_body, mail_text  composed once a message
smtp      handing letters to the relay
smtp_connection, smtp_session, smtp_replies  its socket, its conversation, its words

web_push  browser push (RFC 8030, 8291, 8292) over HTTP/2
push_payload, push_encryption, vapid  what a push carries, encrypted and signed
push_answers      what push services answer

telegram  the Bot API
telegram_text, telegram_edits  what a chat shows, and changing it
http_pool, http_handle  many HTTPS posts at once, for the two above
public_addresses  the guard against being led into our own network

sms       the operator's gateway, through Apprise
gsm7      the alphabet and arithmetic of SMS
outlet    public places, through Apprise
relay     Apprise with its wire in view, for sms and outlet
wire      the `requests` that its plugins get
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from channels.base import Channel
from channels.mail import Mail
from channels.outlet import Outlets
from channels.sms import Sms
from channels.telegram import Telegram
from channels.web_push import WebPush


class _Kind(Protocol):
    def from_config(self, config: Mapping[str, Any]) -> Channel | None: ...


KINDS: dict[str, _Kind] = {
    "push": WebPush,
    "email": Mail,
    "telegram": Telegram,
    "sms": Sms,
    "outlet": Outlets,
}
"""Every channel by the name contacts and deliveries carry."""


def build(config: Mapping[str, Any]) -> dict[str, Channel]:
    """Make every channel the operator has set up, by name. `config` holds the settings by
    the names of civic_push/config.py. Nothing connects yet."""
    made = ((name, kind.from_config(config)) for name, kind in KINDS.items())
    return {name: channel for name, channel in made if channel is not None}
