"""The one door to the network.

FetchError             nothing was read
├── NotAllowed         we may not go there: scheme, credentials, private address, downgrade
├── TooLarge           more than the cap, counted after decompression
├── Busy               the server asks us to come later; `retry_after` says when, if it did
├── Unreachable        no answer, or one that broke off
└── HttpError          the server answered with another status than we can use

libcurl does the talking: every connection asks us first whether its *resolved* address is
allowed (so a name that changes its address between two look-ups gains nothing), bodies
are decompressed as they stream and stop at the cap, and redirects are followed by us, so
that each of them is checked like the first.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import pycurl

from content_sources import addresses, headers
from content_sources.addresses import Address, BadAddress

MAX_BYTES = 5_000_000
MAX_REDIRECTS = 5
_ACCEPT = ("application/rss+xml, application/atom+xml, application/feed+json, "
           "application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5")


class FetchError(Exception):
    """Nothing was read. `code` names the reason for the house, which words it in the
    editor's language; the text is one English sentence for operators and logs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotAllowed(FetchError):
    """We may not go there."""


class TooLarge(FetchError):
    """More than the cap."""


class Unreachable(FetchError):
    """No answer, or one that broke off."""


class Busy(FetchError):
    """The server asks us to come later (429, 503); `retry_after` in seconds, if it said."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__("busy", f"the server is busy (status {status})")
        self.retry_after = retry_after


class HttpError(FetchError):
    """The server answered with a status that carries no content for us."""

    def __init__(self, status: int, code: str = "") -> None:
        codes = {401: "forbidden", 403: "forbidden", 404: "missing", 410: "gone"}
        super().__init__(code or codes.get(status, "status"),
                         f"the server answered with status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body, decompressed."""

    body: bytes
    url: str  # where it was found in the end: links within are relative to this
    moved_to: str = ""  # the new address, where every redirect before was a permanent one
    etag: str = ""
    last_modified: str = ""
    fresh_for: float | None = None  # seconds the server wants it kept (RFC 9111)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The source is as it was when we saw this ETag or Last-Modified (304)."""

    url: str
    moved_to: str = ""
    fresh_for: float | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    headers: tuple[str, ...]
    user_agent: str
    max_bytes: int
    connect_seconds: float
    deadline: float  # time.monotonic()


def fetch(url: str, *, etag: str = "", last_modified: str = "",
          allow_private: Collection[str] = (), user_agent: str = "CivicPush",
          max_bytes: int = MAX_BYTES, connect_seconds: float = 5.0, total_seconds: float = 15.0,
          ) -> Fetched | NotModified:
    """Get a URL, conditionally where `etag` or `last_modified` is given.

    `allow_private` lists places ("host:port", IPv6 in brackets) that may have a private
    address; `total_seconds` covers all redirects together. Raises FetchError.
    """
    request = _Request(_conditions(etag, last_modified), user_agent, max_bytes,
                       connect_seconds, time.monotonic() + total_seconds)
    here, private, moved_to, permanent = _address(url), True, "", True
    for _ in range(MAX_REDIRECTS + 1):
        # only the operator's own address, or one of the operator's that leads on, may be
        # private: a stranger's redirect must not reach into the town's network
        private = private and here.place in allow_private
        answer = _get(here, request, private)
        if answer.status not in (301, 302, 303, 307, 308):
            return replace(_judge(answer, here), moved_to=moved_to)
        permanent = permanent and answer.status in (301, 308)
        here = _next(here, answer)
        moved_to = here.url if permanent else moved_to
    raise HttpError(answer.status, "redirects")


def _conditions(etag: str, last_modified: str) -> tuple[str, ...]:
    wanted = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return tuple(f"{name}: {value}" for name, value in wanted.items()
                 if value and value.isascii() and value.isprintable())


def _address(url: str) -> Address:
    try:
        return addresses.read(url)
    except BadAddress as error:
        raise NotAllowed(error.code, str(error)) from error


def _next(here: Address, answer: headers.Answer) -> Address:
    location = answer.headers.get("location", "")
    if not location:
        raise HttpError(answer.status)
    try:
        target = _address(urljoin(here.url, location))
    except ValueError as error:
        raise NotAllowed("address", "the redirect's address is malformed") from error
    if here.scheme == "https" and target.scheme == "http":
        raise NotAllowed("downgrade", "a redirect leads from https to http")
    return target


def _judge(answer: headers.Answer, here: Address) -> Fetched | NotModified:
    if answer.status == 304:
        return NotModified(here.url, fresh_for=answer.fresh_for)
    if answer.status in (429, 503):
        raise Busy(answer.status, answer.retry_after)
    if answer.status != 200:
        raise HttpError(answer.status)
    return Fetched(bytes(answer.body), here.url, etag=answer.headers.get("etag", ""),
                   last_modified=answer.headers.get("last-modified", ""),
                   fresh_for=answer.fresh_for)


def _get(address: Address, request: _Request, private: bool) -> headers.Answer:
    """One request over a connection of its own, no redirect followed."""
    answer = headers.Answer(request.max_bytes)
    refused: list[str] = []
    opened: list[socket.socket] = []

    def open_socket(_purpose: int, to: Any) -> socket.socket | int:
        if not private and not addresses.is_public(to.addr[0].partition("%")[0]):
            refused.append(to.addr[0])
            return int(pycurl.SOCKET_BAD)
        opened.append(socket.socket(to.family, to.socktype, to.protocol))
        return opened[-1]

    curl = pycurl.Curl()
    try:
        _prepare(curl, address, request, answer)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, open_socket)
        curl.perform()
        answer.status = curl.getinfo(pycurl.RESPONSE_CODE)
    except pycurl.error as error:
        raise _translate(error, answer, bool(refused and not opened)) from error
    finally:
        curl.close()
        for own in opened:  # libcurl works on a duplicate
            own.close()
    if not answer.headed:  # libcurl lets headers pass that break off
        raise Unreachable("broken", _BROKEN)
    return answer


def _prepare(curl: Any, address: Address, request: _Request, answer: headers.Answer) -> None:
    left = max(0.001, request.deadline - time.monotonic())
    options: dict[int, Any] = {
        pycurl.URL: address.url,
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.FOLLOWLOCATION: False,
        pycurl.PROXY: "",  # a proxy would connect for us, past the check of addresses
        pycurl.NOSIGNAL: True,  # RQ's own alarm must keep working
        pycurl.CONNECTTIMEOUT_MS: max(1, int(min(left, request.connect_seconds) * 1000)),
        pycurl.TIMEOUT_MS: max(1, int(left * 1000)),
        pycurl.MAXFILESIZE: request.max_bytes,
        pycurl.ACCEPT_ENCODING: "gzip, deflate, br",
        pycurl.USERAGENT: request.user_agent,
        pycurl.HTTPHEADER: [f"Accept: {_ACCEPT}", *request.headers],
        pycurl.HEADERFUNCTION: answer.take_header,
        pycurl.WRITEFUNCTION: answer.take_body,
    }
    authorities = ssl.get_default_verify_paths().cafile  # the system's, or SSL_CERT_FILE
    if authorities and os.path.exists(authorities):
        options[pycurl.CAINFO] = authorities
    for option, value in options.items():
        curl.setopt(option, value)


_BROKEN = "the answer broke off or is garbled"
_REASONS: dict[int, tuple[str, str]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: ("dns", "the server's name is unknown"),
    pycurl.E_COULDNT_CONNECT: ("connect", "the server cannot be reached"),
    pycurl.E_OPERATION_TIMEDOUT: ("timeout", "the server did not answer in time"),
    pycurl.E_PEER_FAILED_VERIFICATION: ("tls", "the server's certificate is not valid"),
    pycurl.E_SSL_CONNECT_ERROR: ("tls", "no secure connection could be made"),
    pycurl.E_URL_MALFORMAT: ("address", "the address is malformed"),
}


def _translate(error: pycurl.error, answer: headers.Answer, refused: bool) -> FetchError:
    number = error.args[0]
    if refused:
        return NotAllowed("private", "the address leads into a private network")
    if answer.overflowed or number == pycurl.E_FILESIZE_EXCEEDED:
        return TooLarge("too-large", f"the answer has more than {answer.max_bytes:,} bytes")
    code, text = _REASONS.get(number, ("broken", _BROKEN))
    return Unreachable(code, text)
