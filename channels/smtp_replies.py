"""What an SMTP server's reply means for a letter (RFC 5321, RFC 3463).

A reply that concerns one recipient becomes one of the five outcomes. Everything the server
says before it knows the recipient (greeting, EHLO, AUTH, MAIL) concerns us, not them: that
is a failure of the relay, and never a reason to give up an inbox.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from channels.base import Kind, Outcome

_GONE = frozenset({"5.1.1", "5.1.6", "5.1.10"})  # no such mailbox; moved; domain takes no mail
_FULL = "5.2.2"
_STATUS = re.compile(r"\A([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"<[^<>\s]*@[^<>\s]*>|[^\s<>\"'()\[\],;:=]+@[^\s<>\"'()\[\],;:]+")
_NOBODY = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|mailbox|local part|address)"
    r"|no such (?:user|recipient|mailbox|person|account|address|local user)|no mailbox here"
    r"|(?:user|recipient|mailbox|account|address) (?:was )?not found"
    r"|(?:user|recipient|mailbox|account|address) (?:does not|doesn't|doesn.t) exist"
    r"|(?:recipient|user|mailbox) (?:is )?invalid|invalid (?:recipient|mailbox)",
    re.IGNORECASE)
_RELAYING = re.compile(
    r"relay(?:ing)?\b.*\b(?:denied|not permitted|not allowed|prohibited|rejected)"
    r"|(?:unable|not permitted|not allowed|denied) to relay|cannot relay|open relay",
    re.IGNORECASE)

TEXT_LIMIT = 200  # characters of the server's words that the ledger keeps


class RelayError(Exception):
    """The relay, not one recipient, failed; the connection is of no more use.

    `final`: another connection would get the same answer, so the batch should stop.
    The text is for the operator and holds no addresses.
    """

    def __init__(self, text: str, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class Reply(NamedTuple):
    """A complete reply: its code, and the text of all its lines joined by spaces."""

    code: int
    text: str

    @property
    def words(self) -> str:
        """Code and text for the ledger: no addresses, at most TEXT_LIMIT characters."""
        return scrub(f"{self.code} {self.text}")


def scrub(text: str) -> str:
    """Remove addresses and control characters, and cut to TEXT_LIMIT characters."""
    if "@" in text:
        text = _ADDRESS.sub("<address>", text)
    if not text.isprintable():
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:TEXT_LIMIT]


def judge(reply: Reply) -> Outcome:
    """What a reply to RCPT, DATA or the text means for this one recipient.

    421 ends the connection and must be handled before; 2xx means accepted, so judge a 2xx
    only where it answers the text.
    """
    if 200 <= reply.code < 300:
        return Outcome(Kind.SENT, receipt=scrub(reply.text))
    if reply.code < 500:
        return Outcome(Kind.LATER, reply.words)
    status = _STATUS.match(reply.text)
    code = status[1] if status else ""
    if _is_gone(reply, code):
        return Outcome(Kind.GONE, reply.words)
    if code == _FULL:  # RFC 5321, 4.5.3.1.10: full mailboxes are emptied again
        return Outcome(Kind.LATER, reply.words)
    if reply.code == 530 or _RELAYING.search(reply.text):
        return Outcome(Kind.LATER, reply.words, whole=True)  # it is us the relay refuses
    return Outcome(Kind.REFUSED, reply.words)


def _is_gone(reply: Reply, status: str) -> bool:
    if status:
        return status in _GONE
    return reply.code == 551 or (reply.code == 550 and bool(_NOBODY.search(reply.text)))
