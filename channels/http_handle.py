"""One request over libcurl: what goes in, what comes back, and the handle between them."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import certifi
import pycurl

from channels.public_addresses import is_public

_AGENT = "CivicPush"
_BODY_CAP = 4096  # bytes of an answer worth reading
_WORDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "host name not found",
    pycurl.E_COULDNT_CONNECT: "no connection",
    pycurl.E_OPERATION_TIMEDOUT: "time-out",
    pycurl.E_SSL_CONNECT_ERROR: "TLS failed",
    pycurl.E_SSL_CACERT: "certificate not trusted",
    pycurl.E_SEND_FAIL_REWIND: "connection broken, not repeated",
    pycurl.E_GOT_NOTHING: "closed without an answer",
    pycurl.E_SEND_ERROR: "connection broken",
    pycurl.E_RECV_ERROR: "connection broken",
}


class Post(NamedTuple):
    """One request. `headers` are whole lines ("Name: value"); handing the same list object
    to many requests saves libcurl from reading it again. None of it may contain CR or LF."""

    id: int
    url: str
    headers: list[bytes] | list[str]
    body: bytes


class Reply(NamedTuple):
    """What became of a request. `status` is 0 where no answer came; then `error` says why,
    without address or path, and `sent` whether the server may have got the request all
    the same."""

    status: int
    header_lines: Sequence[bytes] = ()
    body: bytes = b""  # at most 4 kB of it
    error: str = ""
    sent: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers by lower-case name; parsed when asked for."""
        lines = (line.decode("latin-1").partition(":") for line in self.header_lines)
        return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes on at once, and how long anything may take (seconds)."""

    in_flight: int = 128  # requests; outside this must reach rate x round-trip time
    per_host: int = 6  # connections; HTTP/2 needs more than one only past its stream limit
    streams: int = 100  # HTTP/2 streams a connection
    connect_seconds: float = 10.0
    total_seconds: float = 30.0


class _LentSocket(socket.socket):
    """pycurl takes a duplicate of the descriptor and drops the object, which is to close
    its own without a warning."""

    def __del__(self) -> None:
        self.close()


class Handle:
    """A reusable easy handle, and what its running request has received so far."""

    __slots__ = ("_barred", "_body", "_headers", "_lines", "_repeatable", "_trusted",
                 "_unread", "curl", "id")

    def __init__(self, limits: Limits, cainfo: str | None, repeatable: bool) -> None:
        self.curl: Any = pycurl.Curl()
        self.id = 0
        self._headers: object = None
        self._trusted = self._barred = False
        self._lines: list[bytes] = []
        self._body = bytearray()
        self._unread = b""
        self._repeatable = repeatable
        for option, value in (
                (pycurl.POST, 1), (pycurl.NOSIGNAL, 1), (pycurl.FOLLOWLOCATION, 0),
                (pycurl.USERAGENT, _AGENT), (pycurl.NETRC, 0), (pycurl.TCP_NODELAY, 1),
                (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS), (pycurl.PIPEWAIT, 1),
                (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
                (pycurl.CAINFO, cainfo or _authorities()),
                (pycurl.PROXY, ""),  # a proxy would connect for us, past the guard
                (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
                (pycurl.CONNECTTIMEOUT_MS, int(limits.connect_seconds * 1000)),
                (pycurl.TIMEOUT_MS, int(limits.total_seconds * 1000)),
                (pycurl.OPENSOCKETFUNCTION, self._open_socket),
                (pycurl.HEADERFUNCTION, self._lines.append),
                (pycurl.WRITEFUNCTION, self._write)):
            self.curl.setopt(option, value)
        if not repeatable:
            # A body that comes from a callback cannot be rewound, so libcurl has to give
            # up (SEND_FAIL_REWIND) where it would otherwise repeat a request silently.
            self.curl.setopt(pycurl.READFUNCTION, self._read)

    def prepare(self, post: Post, trusted: bool) -> None:
        """Set only what differs from the request before."""
        self.id, self._trusted, self._barred = post.id, trusted, False
        curl = self.curl
        curl.setopt(pycurl.URL, post.url)
        if self._headers is not post.headers:
            curl.setopt(pycurl.HTTPHEADER, post.headers)
            self._headers = post.headers
        if self._repeatable:
            curl.setopt(pycurl.POSTFIELDS, post.body)
        else:
            self._unread = post.body
            curl.setopt(pycurl.POSTFIELDSIZE_LARGE, len(post.body))

    def answered(self) -> Reply:
        """The reply of a request that libcurl calls done."""
        reply = Reply(self.curl.getinfo(pycurl.RESPONSE_CODE), self._lines[:], bytes(self._body))
        self.forget()
        return reply

    def failed(self, code: int) -> Reply:
        """The reply of a request that ended in libcurl's error `code`."""
        if code == pycurl.E_WRITE_ERROR and len(self._body) == _BODY_CAP:
            return self.answered()  # we broke it off ourselves
        self.forget()
        if self._barred:
            return Reply(0, error="address is not public", sent=False)
        # Counts from the first byte of the request; 0 while queueing, connecting, in TLS.
        sent = self.curl.getinfo(pycurl.REQUEST_SIZE) > 0
        return Reply(0, error=f"curl {code}: {_WORDS.get(code, 'no usable answer')}", sent=sent)

    def forget(self) -> None:
        """Drop what was received."""
        self._lines.clear()
        self._body.clear()

    def _write(self, data: bytes) -> int | None:
        """Keep what fits; a longer answer is broken off (its status is known by now)."""
        room = _BODY_CAP - len(self._body)
        self._body += data[:room]
        return None if len(data) <= room else 0

    def _read(self, size: int) -> bytes:
        part, self._unread = self._unread[:size], self._unread[size:]
        return part

    def _open_socket(self, _purpose: int, address: Any) -> Any:
        """The guard: libcurl connects to nothing but what this lets through."""
        if not self._trusted and not is_public(address.addr[0]):
            self._barred = True
            return pycurl.SOCKET_BAD
        return _LentSocket(address.family, address.socktype, address.protocol)


def _authorities() -> str:
    """The file of certificate authorities: SSL_CERT_FILE, the system's, or certifi's."""
    return (os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
            or certifi.where())
