"""A browser's subscription without the browser: its keys, its JSON, and decryption by http_ece."""

from __future__ import annotations

import json
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.push_encryption import b64url_encode


class Browser:
    """What a browser keeps of a subscription."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b64url_encode(b"sixteen bytes!!!")
        self.p256dh = b64url_encode(self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def subscription(self) -> dict[str, Any]:
        """PushSubscription.toJSON()."""
        return {"endpoint": self.endpoint, "expirationTime": None,
                "keys": {"p256dh": self.p256dh, "auth": self.auth}}

    @property
    def address(self) -> str:
        """The canonical spelling in our database."""
        return f"{self.auth} {self.p256dh} {self.endpoint}"

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a push message and understand its JSON."""
        text = http_ece.decrypt(body, private_key=self.key, auth_secret=b"sixteen bytes!!!",
                                version="aes128gcm")
        found = json.loads(text)
        assert isinstance(found, dict)
        return found
