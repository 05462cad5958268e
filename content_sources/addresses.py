"""Which addresses may be fetched: public ones, over http and https."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit, urlunsplit

import idna

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
_PORTS = {"http": 80, "https": 443}
_LONGEST = 2000  # characters; longer URLs break browsers and mail programs on the way
# What may stand in a URL as it is; "%" because what is quoted already must stay so.
_SAFE = "!#$%&'()*+,/:;=?@[]~"


class BadAddress(ValueError):
    """A URL that is not fetched; `code` says why: "scheme", "credentials" or "address"."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart and spelled the one way that goes over the wire."""

    url: str
    scheme: str
    host: str  # ASCII; IPv6 without brackets
    port: int

    @property
    def place(self) -> str:
        """`host:port`, as the operator lists places that may be private."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read(url: str) -> Address:
    """Take a URL apart: http(s) only, no credentials, host in ASCII (IDNA 2008), no
    fragment, everything outside ASCII quoted. Raises BadAddress."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadAddress("address", "the address is malformed") from error
    if parts.scheme not in _PORTS:
        raise BadAddress("scheme", "the address must begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("credentials", "the address contains a user name or password")
    host = _ascii(host)
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        where = f"{where}:{port}"
    clean = urlunsplit((parts.scheme, where, quote(parts.path or "/", safe=_SAFE),
                        quote(parts.query, safe=_SAFE), ""))
    if len(clean) > _LONGEST:
        raise BadAddress("address", "the address is too long")
    return Address(clean, parts.scheme, host, port or _PORTS[parts.scheme])


def is_public(host: str) -> bool:
    """Whether an IP address belongs to the public internet. Addresses that carry an IPv4
    address within (mapped, NAT64, 6to4) are judged by that one as well."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return _is_plainly_public(inner)
        if address.is_site_local or address in _NAT64_LOCAL:
            return False
    return _is_plainly_public(address)


def _is_plainly_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _ascii(host: str) -> str:
    if not host:
        raise BadAddress("address", "the address names no server")
    if ":" in host or host.isascii():
        if set(host) - set("abcdefghijklmnopqrstuvwxyz0123456789.-_:"):
            raise BadAddress("address", "the server's name is malformed")
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadAddress("address", "the server's name is malformed") from error
