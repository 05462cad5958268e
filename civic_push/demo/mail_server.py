"""A real SMTP server that keeps every mail instead of passing it on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

Keep = Callable[..., None]
"""Takes what arrived, as the journal's `append` does."""

_SHOWN = ("Message-ID", "Date", "Reply-To", "List-Id", "List-Unsubscribe",
          "List-Unsubscribe-Post", "Content-Language", "Auto-Submitted")


class MailServer:
    """SMTP (RFC 5321) on 127.0.0.1. `mails` holds what came, newest last; `refuse` may
    answer a recipient with a reply of its own ("550 5.1.1 …") and None otherwise."""

    def __init__(self, keep: Keep | None = None,
                 refuse: Callable[[str], str | None] | None = None) -> None:
        self.mails: list[EmailMessage] = []
        self._keep = keep
        self._refuse = refuse

    async def start(self, port: int = 0) -> asyncio.Server:
        """Listen."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, hostname="demo.invalid", enable_SMTPUTF8=True, loop=loop,
                         ident="Civic Push demo inbox"),
            "127.0.0.1", port)

    async def handle_RCPT(  # noqa: N802 – aiosmtpd's name
            self, _server: SMTP, _session: Session, envelope: Envelope, address: str,
            _options: list[str]) -> str:
        """Take or refuse a recipient."""
        refusal = self._refuse(address) if self._refuse else None
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
            self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        raw = cast(bytes, envelope.content)
        mail = message_from_bytes(raw, policy=policy.default)
        self.mails.append(mail)
        if self._keep:
            self._keep("email", recipients=list(envelope.rcpt_tos), **describe(mail))
        return "250 2.0.0 OK, kept for reading at /demo/inboxes"


def describe(mail: EmailMessage) -> dict[str, Any]:
    """What the page shows of a mail."""
    return {
        "subject": str(mail["Subject"] or ""), "sender": str(mail["From"] or ""),
        "to": str(mail["To"] or ""), "text": _part(mail, "plain"), "html": _part(mail, "html"),
        "headers": {name: str(mail[name]) for name in _SHOWN if mail[name]},
    }


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset nobody knows
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
