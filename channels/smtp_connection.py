"""An open, secured and authenticated connection to the relay.

smtplib greets, secures and signs in, once for hundreds of letters; then the socket no
longer blocks and `Session` speaks.
"""

from __future__ import annotations

import base64
import contextlib
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache

from channels.smtp_replies import RelayError, Reply, scrub
from channels.smtp_session import Session

OPEN_SECONDS = 15.0  # for each step of opening
_WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True, slots=True)
class Relay:
    """The SMTP server that takes our mail, and how to speak to it."""

    host: str
    port: int
    sender: str  # envelope sender: bounces go there
    security: str = "insecure"  # or "starttls", or "ssl" from the first byte
    user: str = ""
    password: str = ""
    verify: bool = True  # the server's certificate
    hello: str = "localhost"  # our name in EHLO

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Connection:
    """A socket that does not block, and the session that speaks over it."""

    def __init__(self, relay: Relay, opening: float = OPEN_SECONDS) -> None:
        """Open it. Raises RelayError after at most `opening` seconds a step."""
        smtp = open_relay(relay, opening)
        assert smtp.sock is not None
        self._sock = smtp.sock
        self._tls = isinstance(self._sock, ssl.SSLSocket)
        smtp.sock = None
        smtp.close()  # its reading side only: the socket is ours now
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.session = Session(relay.sender, smtp.has_extn("pipelining"))
        self.active_at = time.monotonic()  # when a byte last went over
        self.wish = 0  # the events its selector watches for

    def fileno(self) -> int:
        """For selectors."""
        return self._sock.fileno()

    def read(self) -> None:
        """Hear what has arrived. Raises RelayError when the connection is lost."""
        while True:
            try:
                data = self._sock.recv(65_536)
            except _WAIT:
                return
            except OSError as error:
                raise RelayError(f"connection lost: {scrub(str(error))}") from error
            if not data:
                raise RelayError("connection lost: closed by the server")
            self.active_at = time.monotonic()
            self.session.receive(data)
            if not self._tls:  # TLS may hold back what select cannot see
                return

    def flush(self) -> None:
        """Send what fits. Raises RelayError when the connection is lost."""
        session = self.session
        while session.out:
            try:
                count = self._sock.send(session.out)
            except _WAIT:
                return
            except OSError as error:
                self.read()  # the server's last words say more than a broken pipe
                raise RelayError(f"connection lost: {scrub(str(error))}") from error
            session.sent(count)
            self.active_at = time.monotonic()

    def usable(self, rest: float) -> bool:
        """Whether an idle connection has rested for less than `rest` seconds and the server
        has neither closed it nor said anything."""
        if time.monotonic() - self.active_at >= rest:
            return False
        try:
            self._sock.recv(1)
        except _WAIT:
            return True
        except OSError:
            return False
        return False

    def quit(self) -> None:
        """Take leave without waiting for the answer, and close."""
        with contextlib.suppress(OSError):
            self._sock.send(b"QUIT\r\n")
        self.close()

    def close(self) -> None:
        """Close without a word; after a fork the parent's connection stays whole."""
        self._sock.close()


def open_relay(relay: Relay, opening: float = OPEN_SECONDS) -> smtplib.SMTP:
    """Connect, greet, secure and sign in. Raises RelayError, whose text is a sentence
    without password and addresses; no step takes longer than `opening` seconds."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connect(relay, opening)
        if relay.security == "starttls":
            _start_tls(smtp, relay)
        smtp.ehlo_or_helo_if_needed()
        if relay.user:
            _sign_in(smtp, relay)
    except (OSError, UnicodeError, RelayError) as error:
        if smtp is not None:
            smtp.close()
        raise RelayError(f"{relay}: {_words(error)}") from error
    return smtp


def _connect(relay: Relay, opening: float) -> smtplib.SMTP:
    if relay.security == "ssl":
        return smtplib.SMTP_SSL(relay.host, relay.port, relay.hello, timeout=opening,
                                context=tls_context(relay.verify))
    return smtplib.SMTP(relay.host, relay.port, relay.hello, timeout=opening)


def _start_tls(smtp: smtplib.SMTP, relay: Relay) -> None:
    smtp.ehlo_or_helo_if_needed()
    if not smtp.has_extn("starttls"):
        raise RelayError("the server does not offer STARTTLS")
    smtp.starttls(context=tls_context(relay.verify))


def _sign_in(smtp: smtplib.SMTP, relay: Relay) -> None:
    # smtplib's own login() knows ASCII passwords only
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    user, password = relay.user.encode(), relay.password.encode()
    if "PLAIN" in offered:
        code, answer = smtp.docmd("AUTH", "PLAIN " + _base64(b"\0%b\0%b" % (user, password)))
    elif "LOGIN" in offered:
        code, answer = smtp.docmd("AUTH", "LOGIN " + _base64(user))
        if code == 334:
            code, answer = smtp.docmd(_base64(password))
    else:
        raise RelayError("the server offers neither AUTH PLAIN nor AUTH LOGIN")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


@lru_cache(maxsize=2)
def tls_context(verify: bool) -> ssl.SSLContext:
    """How we speak TLS. Reading the system's certificates takes 40 ms, so once a process."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        signing_in = isinstance(error, smtplib.SMTPAuthenticationError)
        return ("sign-in refused: " if signing_in else "") + Reply(error.smtp_code, text).words
    return scrub(str(error) or type(error).__name__)
