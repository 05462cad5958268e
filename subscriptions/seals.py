"""Addresses: encrypted at rest (AES-256-GCM), found again by a keyed hash (HMAC-SHA256)."""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes, random per sealing (NIST SP 800-38D)


class UnreadableAddress(Exception):
    """A stored address that this key does not open."""


class Seals:
    """Seals and opens addresses with keys derived from one 32-byte address key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the address key must be 32 bytes")
        self._aead = AESGCM(hmac.digest(key, b"civic-push address seal v1", "sha256"))
        self._hash_key = hmac.digest(key, b"civic-push address fingerprint v1", "sha256")

    def seal(self, channel: str, address: str) -> bytes:
        """Encrypt a canonical address; the channel is authenticated with it."""
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, address.encode(), channel.encode())

    def open(self, channel: str, sealed: bytes) -> str:
        """Decrypt an address, or raise UnreadableAddress (wrong key, damaged row)."""
        try:
            return self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], channel.encode()).decode()
        except InvalidTag as error:
            raise UnreadableAddress("the address key does not fit this address") from error

    def fingerprint(self, channel: str, address: str) -> bytes:
        """The 32-byte keyed hash under which a canonical address is found again."""
        return hmac.digest(self._hash_key, f"{channel}:{address}".encode(), "sha256")
