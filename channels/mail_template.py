"""A mail composed once for each message; only bytes change from inbox to inbox.

Building an EmailMessage for each recipient is a thousand times slower. So a mail is composed
with holes for what is personal (To, Date, Message-ID, the links to leave and to change), and
filling them is one join.

Everything is 7-bit (quoted-printable, RFC 2045), so that no relay needs 8BITMIME; and no
line begins with a dot, so that SMTP has nothing to stuff.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr
from functools import lru_cache

from channels.base import Envelope, Message, Urgency
from channels.mail_body import Hole, Pieces, html_page, plain_text

SUBJECT_LIMIT = 200  # characters; longer titles stand in full in the text
NAME_LIMIT = 60
_LINE = 75  # and a "=" where the line goes on (RFC 2045, 6.7)
_QUOTED = {i: f"={i:02X}" for i in range(256) if chr(i) == "=" or not 32 <= i < 127}
del _QUOTED[9], _QUOTED[10]  # tabs and line ends stay
_FLOWED = "; format=flowed"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_KEY = re.compile(r"[^A-Za-z0-9_-]")
_NO_LIST_ID = re.compile(r"[^A-Za-z0-9._-]")
_NO_LANGUAGE = re.compile(r"[^A-Za-z0-9-]")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails of a channel share."""

    address: str  # From, ASCII
    sender: str  # From's display name, where a message names no sender
    reply_to: str  # address, ASCII; "" for none
    domain: str  # right-hand side of Message-IDs, ASCII


class Template:
    """A composed mail with holes."""

    def __init__(self, parts: list[bytes | Hole]) -> None:
        self._parts = [b"" if isinstance(part, Hole) else part for part in parts]
        self._holes = [(i, int(part)) for i, part in enumerate(parts) if isinstance(part, Hole)]

    def fill(self, envelope: Envelope, date: bytes) -> bytes:
        """The mail for one inbox; `date` as RFC 5322 writes it. Address and links must be
        ASCII without spaces, line ends and angle brackets."""
        leave, manage = envelope.leave_url.encode("ascii"), envelope.manage_url.encode("ascii")
        leave_text, manage_text = _fold(leave), _fold(manage)
        values = (envelope.address.encode("ascii"), date, b"%d" % envelope.id, leave,
                  leave_text, manage_text,
                  _in_attribute(leave, leave_text), _in_attribute(manage, manage_text),
                  b"%d" % envelope.follows)
        parts = self._parts.copy()
        for place, hole in self._holes:
            parts[place] = values[hole]
        return b"".join(parts)


@lru_cache(maxsize=1024)
def compose(message: Message, letterhead: Letterhead, leave: bool, manage: bool,
            follows: bool = False) -> Template:
    """The template of a message, with or without the links to leave and to change, and with
    a place for the mail before it where it `follows` one."""
    boundary = _boundary(message)
    return Template([
        *_personal_headers(message, letterhead, leave),
        *_threading(message, letterhead.domain, follows),
        _shared_headers(message, letterhead).encode("ascii"),
        b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n--%b\r\n'
        % (boundary, boundary),
        *_part("plain", plain_text(message, leave, manage)),
        b"\r\n--%b\r\n" % boundary,
        *_part("html", html_page(message, leave, manage)),
        b"\r\n--%b--\r\n" % boundary])


def _personal_headers(message: Message, letterhead: Letterhead, leave: bool
                      ) -> list[bytes | Hole]:
    right = f".{_key(message.key)}@{letterhead.domain}>\r\n".encode("ascii")
    headers: list[bytes | Hole] = [
        b"To: <", Hole.ADDRESS, b">\r\nDate: ", Hole.DATE,
        b"\r\nMessage-ID: <d", Hole.ID, right]
    if leave:  # RFC 8058
        headers += [b"List-Unsubscribe: <", Hole.LEAVE_HEADER,
                    b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"]
    return headers


def _shared_headers(message: Message, letterhead: Letterhead) -> str:
    name = _line(message.sender or letterhead.sender, NAME_LIMIT)
    headers = {
        "From": _mailbox(name, letterhead.address),
        "Reply-To": letterhead.reply_to,
        "Subject": _encoded("Subject", _line(message.title, SUBJECT_LIMIT)),
        "List-Id": f"<{list_id}>" if (list_id := _NO_LIST_ID.sub("", message.list_id)) else "",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answering machine may answer
        "Importance": "high" if message.urgency is Urgency.DANGER else "",
        "Content-Language": _languages(message),
        "MIME-Version": "1.0",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)


def _threading(message: Message, domain: str, follows: bool) -> list[bytes | Hole]:
    """Let a correction stand beneath what it corrects: it answers the mail that this inbox
    got (RFC 5322, 3.6.4). All mails about one thing also refer to a root that nobody got, so
    that they stand together where that mail was part of a digest."""
    if not message.list_id:
        return []
    root = f"<{_key(message.thread or message.key)}.thread@{domain}>".encode("ascii")
    if not follows:
        return [b"References: " + root + b"\r\n"]
    right = f".{_key(message.thread or message.key)}@{domain}>".encode("ascii")
    return [b"In-Reply-To: <d", Hole.FOLLOWS, right + b"\r\nReferences: " + root + b"\r\n <d",
            Hole.FOLLOWS, right + b"\r\n"]


def _languages(message: Message) -> str:
    """The language of what is said, and the reader's where it is another (RFC 3282)."""
    tags = dict.fromkeys((message.text_tag, message.language))
    return ", ".join(_NO_LANGUAGE.sub("", tag) for tag in tags)


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    if name.isascii() and "=?" not in name:
        return formataddr((name, address))
    return f"{_encoded('From', name, always=True)}\r\n <{address}>"


@lru_cache(maxsize=128)
def _encoded(header: str, text: str, always: bool = False) -> str:
    """RFC 2047 where it is needed: beyond ASCII, too long for a line, or what looks like it."""
    if text.isascii() and len(text) < 76 - len(header) and "=?" not in text and not always:
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _line(text: str, limit: int) -> str:
    """One line of at most `limit` characters, cut at a word; nothing can end the header."""
    text = _CONTROLS.sub("", " ".join(_sound(text).split()))
    if len(text) <= limit:
        return text
    return text[:limit - 1].rsplit(" ", 1)[0] + "…"


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _key(key: str) -> str:
    return _NO_KEY.sub("", key)


def _boundary(message: Message) -> bytes:
    """Always the same for a message; "=_" cannot occur in quoted-printable."""
    return b"=_" + hashlib.sha256(_sound(message.key + message.text).encode()
                                  ).hexdigest()[:32].encode()


def _part(subtype: str, pieces: Pieces) -> list[bytes | Hole]:
    parts: list[bytes | Hole] = [
        f"Content-Type: text/{subtype}; charset=utf-8{_FLOWED if subtype == 'plain' else ''}"
        "\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")]
    before = ""
    for piece in pieces:
        if isinstance(piece, Hole):  # on lines of its own, so that folding never cuts it
            parts += [b"" if before.endswith("\n") else b"=\r\n", piece, b"=\r\n"]
        else:
            parts.append(_quoted_once(piece))
            before = piece
    return parts


def _quoted(text: str) -> bytes:
    """Quoted-printable with CRLF, none of its lines beginning with a dot. (The library's
    own lets lines grow to 77 bytes, and leaves dots.)"""
    text = _CONTROLS.sub("", "\n".join(_sound(text).splitlines())) + "\n" * text.endswith("\n")
    lines = text.encode().decode("latin-1").translate(_QUOTED).split("\n")
    return "\r\n".join(map(_broken, lines)).encode("ascii")


# one announcement goes out with a hundred reasons, and all the rest is the same
_quoted_once = lru_cache(maxsize=128)(_quoted)


def _broken(line: str) -> str:
    """One quoted line, with soft line ends where it is too long."""
    if line.endswith((" ", "\t")):
        line = line[:-1] + f"={ord(line[-1]):02X}"
    parts: list[str] = []
    while True:
        if line.startswith("."):
            line = "=2E" + line[1:]
        if len(line) <= _LINE:
            return "=\r\n".join([*parts, line])
        cut = _LINE
        while "=" in line[cut - 2:cut]:
            cut -= 1
        parts.append(line[:cut])
        line = line[cut:]


def _fold(link: bytes) -> bytes:
    """A link in quoted-printable, over as many lines as it needs: what `_quoted` does, but
    fast for the links we make."""
    if b"=" in link:
        return _quoted(link.decode("ascii"))
    if len(link) <= _LINE:
        return link
    lines = [link[i:i + _LINE - 2] for i in range(0, len(link), _LINE - 2)]
    return b"=\r\n".join([b"=2E" + line[1:] if line[:1] == b"." else line for line in lines])


def _in_attribute(link: bytes, folded: bytes) -> bytes:
    """A link as an HTML attribute's value: mostly what stands in the text."""
    if b"&" not in link and b'"' not in link:
        return folded
    return _fold(link.replace(b"&", b"&amp;").replace(b'"', b"&quot;"))
