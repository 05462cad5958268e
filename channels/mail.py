"""E-mail: one composed template a message, pipelined SMTP to the operator's relay.

Apprise reads the operator's URL, so that its many notations and providers work; the sending
is our own, because Apprise opens a connection for each mail and tells no SMTP codes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from apprise import Apprise
from apprise.plugins.email.base import NotifyEmail
from email_validator import EmailNotValidError, validate_email

from channels.base import Envelope, InvalidAddress, Kind, Outcome
from channels.mail_template import Letterhead, Template, compose
from channels.smtp import Transport
from channels.smtp_connection import Relay
from channels.smtp_session import Letter

_ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[A-Za-z0-9.-]{1,255}")
_LINK = re.compile(r"(?:https?://[!-;=?-~]{1,900})?")
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Mail:
    """The e-mail channel."""

    name = "email"
    batch_size = 1000
    repeatable = True  # the same Message-ID again: mail systems show it once or twice, no harm
    personal_links = True

    def __init__(self, transport: Transport, letterhead: Letterhead,
                 per_second: float = 0.0) -> None:
        self.per_second = per_second
        self._transport = transport
        self._letterhead = letterhead

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Read `email_url`, `email_reply_to`, `email_per_second`, `sender`, `public_url`.
        None without `email_url`; ValueError with a sentence for the operator if it is wrong."""
        if not config["email_url"]:
            return None
        parsed = _parse(config["email_url"])
        address = _own_address("?from= in CIVIC_PUSH_EMAIL_URL", str(parsed.from_addr[1]))
        reply_to = config["email_reply_to"]
        if reply_to:
            reply_to = _own_address("CIVIC_PUSH_EMAIL_REPLY_TO", reply_to)
        domain = _domain(config["public_url"], address)
        letterhead = Letterhead(address, config["sender"], reply_to, domain)
        return cls(Transport(_relay(parsed, address, domain)), letterhead,
                   config["email_per_second"])

    def clean(self, address: str) -> str:
        """Return the address in ASCII and lower case, umlauts in the domain as punycode.

        The local part is lowered too: RFC 5321 lets a server tell Max@ from max@, no server
        in use does, and one inbox must be one contact. Codes: "email_international" for
        umlauts before the @ (relays without SMTPUTF8 cannot carry them), else
        "email_malformed".
        """
        address = address.strip()
        try:
            valid = validate_email(address, check_deliverability=False, allow_smtputf8=False,
                                   strict=True)
        except EmailNotValidError as error:
            local = address.rpartition("@")[0]
            if local and not local.isascii():
                raise InvalidAddress(
                    "email_international", "letters beyond ASCII before the @") from error
            raise InvalidAddress("email_malformed", "not an e-mail address") from error
        if not valid.ascii_email or not _ADDRESS.fullmatch(valid.ascii_email):
            raise InvalidAddress("email_malformed", "not an e-mail address in ASCII")
        return valid.ascii_email.lower()

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Hand the envelopes to the relay; see channels.base.Channel."""
        sound = []
        for envelope in envelopes:
            if _is_sound(envelope):
                sound.append(envelope)
            else:
                yield envelope.id, Outcome(Kind.REFUSED, "address or link is malformed")
        yield from self._transport.send(self._letters(sound), len(sound))

    def written(self, envelope: Envelope) -> bytes:
        """The whole mail as it would leave (RFC 5322), for looking at it beforehand."""
        return next(self._letters([envelope])).text

    def check(self) -> str | None:
        """Connect, greet, secure and sign in. Return what is wrong, or None."""
        return self._transport.check()

    def close(self) -> None:
        """Close the connections to the relay."""
        self._transport.close()

    def _letters(self, envelopes: list[Envelope]) -> Iterator[Letter]:
        templates: dict[tuple[int, bool, bool, bool], Template] = {}
        for envelope in envelopes:
            # the envelopes keep their messages alive, so an id stays one message's
            kind = (id(envelope.message), bool(envelope.leave_url), bool(envelope.manage_url),
                    bool(envelope.follows))
            template = templates.get(kind)
            if template is None:
                template = compose(envelope.message, self._letterhead, *kind[1:])
                templates[kind] = template
            yield Letter(envelope.id, envelope.address.encode("ascii"),
                         template.fill(envelope, _date()))


def _is_sound(envelope: Envelope) -> bool:
    return bool(_ADDRESS.fullmatch(envelope.address) and _LINK.fullmatch(envelope.leave_url)
                and _LINK.fullmatch(envelope.manage_url))


_today: tuple[int, bytes] = (0, b"")


def _date() -> bytes:
    """Now, as RFC 5322 writes it; formatted once a second."""
    global _today  # noqa: PLW0603
    now = int(time.time())
    if _today[0] != now:
        _today = now, formatdate(now).encode("ascii")
    return _today[1]


def _parse(url: str) -> NotifyEmail:
    parsed = Apprise.instantiate(url)
    if not isinstance(parsed, NotifyEmail):
        raise ValueError("CIVIC_PUSH_EMAIL_URL is no mail URL; write for example "
                         "mailtos://user:password@smtp.example.org:587?from=news@example.org")
    written = parse_qs(urlsplit(url).query).get("from", [""])[0]
    if str(parsed.from_addr[1]) not in written and ("@" in written or not parsed.user):
        # Apprise would take an impossible address as a name, and make one up
        raise ValueError("CIVIC_PUSH_EMAIL_URL names no sender; add ?from=news@example.org")
    if parsed.password and not parsed.secure and not (
            _host(parsed) in _LOCAL or "mode=insecure" in url):
        raise ValueError(
            "CIVIC_PUSH_EMAIL_URL would send the password unencrypted; write mailtos:// "
            "(or add &mode=insecure if nobody can listen between us and the relay)")
    return parsed


def _host(parsed: NotifyEmail) -> str:
    return str(parsed.smtp_host or parsed.host).strip("[]")


def _relay(parsed: NotifyEmail, sender: str, hello: str) -> Relay:
    return Relay(host=_host(parsed), port=int(parsed.port or 25), sender=sender,
                 security=str(parsed.secure_mode), user=parsed.user or "",
                 password=parsed.password or "", verify=parsed.verify_certificate, hello=hello)


def _own_address(where: str, address: str) -> str:
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False,
                               test_environment=True)
    except EmailNotValidError:
        _, _, host = address.rpartition("@")
        if host == "localhost" and _ADDRESS.fullmatch(address):
            return address  # `make run` and relays on this machine
        raise ValueError(f"{where} is no e-mail address: {address!r}") from None
    assert valid.ascii_email is not None
    return valid.ascii_email


def _domain(public_url: str, address: str) -> str:
    """The right-hand side of Message-IDs: our public name, or the sender's domain."""
    host = urlsplit(public_url).hostname or ""
    if "." not in host or not host.isascii() or host.replace(".", "").isdigit():
        return address.rpartition("@")[2]
    return host
