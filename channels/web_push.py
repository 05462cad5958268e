"""Browser push: RFC 8030 over pooled HTTP/2, encrypted (RFC 8291), identified (RFC 8292).

An address is `<key> <auth> <p256dh> <endpoint>`: the name of the VAPID key the browser
subscribed with, then what its PushSubscription says, in base64url, so that sending only
splits it. Without the first part it is the newest key's.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Self
from urllib.parse import urlsplit

from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome, Urgency
from channels.http_pool import HttpPool, Limits, Post, origin
from channels.push_answers import outcome
from channels.push_encryption import b64url_decode, b64url_encode, check_keys, encrypt
from channels.push_payload import payload
from channels.vapid import Vapid, key_name

MAX_ENDPOINT = 1000  # characters
MAX_TTL = 28 * 24 * 3600  # seconds; the longest that every push service takes
_DEFAULT_TTL = 24 * 3600  # seconds, for a message without end
_ENDPOINT = re.compile(
    r"(https?)://([a-z0-9.-]+)(?::(\d{1,5}))?(/[!$-;=?-\[\]_a-z~%]*)", re.IGNORECASE)
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")  # RFC 8030 section 5.4
_URGENCY = {Urgency.DANGER: "high", Urgency.IMPORTANT: "high", Urgency.INFO: "normal"}


class WebPush:
    """All push services that browsers may bring."""

    name = "push"
    batch_size = 1000
    repeatable = True  # Topic and tag make a second copy replace the first
    personal_links = False  # the browser unsubscribes by itself

    def __init__(self, private_key: str, subject: str, push_services: Collection[str],
                 per_second: float = 0.0, limits: Limits | None = None,
                 cainfo: str | None = None) -> None:
        """`push_services` are host patterns ("*.push.example.net") and trusted origins
        ("http://127.0.0.1:8123"). A key or subject that is no use shows in `check`."""
        self.per_second = per_second
        self._trusted = {origin(entry).lower() for entry in push_services if "://" in entry}
        self._hosts = [entry.lower() for entry in push_services if "://" not in entry]
        self._known = {*self._trusted, *(f"https://{host}" for host in self._hosts)}
        self._fault = ""
        self._vapid: Vapid | None = None
        try:
            self._vapid = Vapid(private_key, subject)
        except ValueError as error:
            self._fault = str(error)
        # a silent push service may hold up a batch for a minute at most
        self._pool = HttpPool(trusted=self._trusted, cainfo=cainfo, limits=limits or Limits(
            connect_seconds=5, total_seconds=15))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Build the channel where there is a VAPID key."""
        if not config.get("vapid_private_key"):
            return None
        return cls(str(config["vapid_private_key"]),
                   str(config.get("vapid_subject") or _subject(str(config["public_url"]))),
                   tuple(config["push_services"]), float(config["push_per_second"]))

    def clean(self, address: str) -> str:
        """The canonical spelling of a PushSubscription's JSON, or of an address. JSON may
        say beside it, as "key", which applicationServerKey it was made with.

        Raises InvalidAddress "push_malformed", "push_service_unknown" for an endpoint that
        is not on the list of push services, "push_key_unknown" for a key not ours."""
        *key, auth, p256dh, endpoint = _parts(address)
        try:
            keys = b64url_decode(p256dh), b64url_decode(auth)
            check_keys(*keys)
        except ValueError as error:
            raise InvalidAddress("push_malformed", "not a key of a subscription") from error
        return " ".join((*self._key(key), b64url_encode(keys[1]), b64url_encode(keys[0]),
                         self._endpoint(endpoint)))

    def _key(self, told: list[str]) -> list[str]:
        """The name of the key a subscription was made with."""
        if self._vapid is None:
            return []
        name = told[0] if told else self._vapid.newest
        if name not in self._vapid:
            raise InvalidAddress("push_key_unknown", "made with a key that is not ours")
        return [name]

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Send to every browser; see Channel.send.

        What could not be sent at all is reported last: only then is it clear whether one
        push service is away or we are (`whole`)."""
        if self._vapid is None:
            yield from ((e.id, Outcome(Kind.LATER, self._fault, whole=True)) for e in envelopes)
            return
        now = datetime.now(UTC)
        origins = {e.id: origin(e.address.rpartition(" ")[2]) for e in envelopes}
        unsent: list[tuple[int, Outcome]] = []
        refused: list[tuple[int, Outcome]] = []
        answered = False
        posts = self._posts(self._vapid, envelopes, origins, refused, now)
        for number, reply in self._pool.post_many(posts):
            result = outcome(reply, now)
            if reply.status:
                answered = True
                self._known.add(origins[number])
            if reply.status or reply.sent:
                yield number, result
            else:
                unsent.append((number, result))
        yield from refused
        # A host that never answered says nothing about our own connection: whoever brings
        # an endpoint that does not exist must not be able to pause the channel.
        whole = not answered and any(origins[number] in self._known for number, _ in unsent)
        for number, result in unsent:
            yield number, Outcome(result.kind, result.detail, whole=whole)

    def check(self) -> str | None:
        """Whether we can identify ourselves; push services cannot be asked without sending."""
        if self._fault:
            return f"Browser push cannot work: {self._fault}."
        if not self._hosts and not self._trusted:
            return "Browser push cannot work: the list of push services is empty."
        return None

    def close(self) -> None:
        """Close connections."""
        self._pool.close()

    def _posts(self, vapid: Vapid, envelopes: Sequence[Envelope], origins: Mapping[int, str],
               refused: list[tuple[int, Outcome]], now: datetime) -> Iterator[Post]:
        """Encrypt, one after the other, while the pool sends; what cannot be goes to
        `refused`."""
        headers: dict[tuple[object, ...], list[bytes]] = {}
        texts: dict[int, bytes] = {}  # by the message's identity: hashing one costs more
        for envelope in envelopes:
            message, where = envelope.message, origins[envelope.id]
            try:
                *key, auth, p256dh, endpoint = envelope.address.split(" ")
                # messages that differ in their words only share one list, which the pool
                # then need not hand to libcurl again
                same = (where, *key, message.key, message.urgency, message.expires_at)
                lines = headers.get(same)
                if lines is None:
                    self._allow(where)
                    signed = vapid.authorization(where, key=self._key(key)[0])
                    lines = headers[same] = _headers(message, signed, now)
                text = texts.get(id(message))
                if text is None:
                    text = texts[id(message)] = payload(message)
                body = encrypt(text, _unpadded(p256dh), _unpadded(auth))
            except ValueError as error:
                code = error.code if isinstance(error, InvalidAddress) else "push_malformed"
                refused.append((envelope.id, Outcome(Kind.REFUSED, code)))
            else:
                yield Post(envelope.id, endpoint, lines, body)

    def _endpoint(self, url: str) -> str:
        """An endpoint with its host in lower case and without the default port."""
        found = _ENDPOINT.fullmatch(url)
        if not found or len(url) > MAX_ENDPOINT:
            raise InvalidAddress("push_malformed", "not the address of a subscription")
        scheme, host, port, path = found.groups()
        default = {"https": "443", "http": "80"}[scheme.lower()]
        where = f"{scheme}://{host}".lower() + (f":{port}" if port not in (None, default) else "")
        self._allow(where)
        return where + path

    def _allow(self, where: str) -> None:
        """Raise InvalidAddress for an origin that is no push service we know."""
        scheme, _, host = where.partition("://")
        if where not in self._trusted and not (scheme == "https" and any(
                fnmatchcase(host, pattern) for pattern in self._hosts)):
            raise InvalidAddress("push_service_unknown", "not a push service we know")


def _parts(address: str) -> list[str]:
    """The key's name (where it is told), auth, p256dh and endpoint, from JSON or from the
    canonical spelling."""
    if len(address) <= 4 * MAX_ENDPOINT:
        try:
            if address.lstrip().startswith("{"):
                found = json.loads(address)
                keys = found["keys"]
                parts = [keys["auth"], keys["p256dh"], found["endpoint"]]
                if "key" in found:
                    parts.insert(0, key_name(found["key"]))
            else:
                parts = address.split(" ")
        except (ValueError, KeyError, TypeError, RecursionError):
            parts = []
        if len(parts) in (3, 4) and all(isinstance(part, str) for part in parts):
            return parts
    raise InvalidAddress("push_malformed", "not a push subscription")


def _headers(message: Message, authorization: bytes, now: datetime) -> list[bytes]:
    """The header lines of a message for one push service."""
    left = (message.expires_at - now).total_seconds() if message.expires_at else _DEFAULT_TTL
    lines = [
        authorization,
        b"TTL: %d" % min(max(int(left), 0), MAX_TTL),
        f"Urgency: {_URGENCY[message.urgency]}".encode(),
        b"Content-Encoding: aes128gcm",
        b"Content-Type: application/octet-stream",
    ]
    if _TOPIC.fullmatch(message.key):
        lines.append(b"Topic: " + message.key.encode())
    return lines


def _unpadded(text: str) -> bytes:
    """Decode base64url as `clean` wrote it."""
    return a2b_base64(text.replace("-", "+").replace("_", "/") + "==")


def _subject(public_url: str) -> str:
    """Whom push services may turn to, from our public address."""
    if public_url.startswith("https://"):
        return public_url
    return f"mailto:webpush@{urlsplit(public_url).hostname or 'localhost'}"
