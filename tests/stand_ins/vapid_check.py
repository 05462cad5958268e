"""The push service's side of RFC 8292: is this Authorization header good?"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

MAX_LIFE = 24 * 3600  # RFC 8292 section 2: exp at most 24 h ahead


class VapidError(Exception):
    """VAPID credentials that do not hold; the text says why."""


def b64u_decode(text: str) -> bytes:
    """base64url with or without padding; strict about its alphabet."""
    text = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64u_encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def check_vapid(header: str, origin: str, now: float | None = None
                ) -> tuple[bytes, dict[str, Any]]:
    """Check an Authorization value for a push service at `origin`. Return the public key's
    bytes and the claims; raise VapidError."""
    params = _params(header)
    try:
        key = b64u_decode(params["k"])
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        signed, _, signature64 = params["t"].rpartition(".")
        head, claims = (json.loads(b64u_decode(part)) for part in signed.split("."))
        signature = b64u_decode(signature64)
    except ValueError as error:
        raise VapidError(f"malformed: {error}") from error
    if head.get("alg") != "ES256" or len(signature) != 64:
        raise VapidError("alg is not ES256")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        public.verify(utils.encode_dss_signature(r, s), signed.encode(),
                      ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise VapidError("signature does not verify") from error
    _check_claims(claims, origin, time.time() if now is None else now)
    return key, claims


def _params(header: str) -> dict[str, str]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "vapid":
        raise VapidError(f"scheme {scheme!r}, not vapid")
    pairs = (item.strip().partition("=") for item in rest.split(","))
    params = {name.strip().lower(): value.strip().strip('"') for name, sep, value in pairs if sep}
    if not {"t", "k"} <= set(params):
        raise VapidError("t= or k= missing")
    return params


def _check_claims(claims: dict[str, Any], origin: str, now: float) -> None:
    if claims.get("aud") != origin:
        raise VapidError(f"aud is {claims.get('aud')!r}, not {origin!r}")
    exp = claims.get("exp")
    if not isinstance(exp, int | float):
        raise VapidError("exp missing")
    if exp <= now:
        raise VapidError("exp is past")
    if exp > now + MAX_LIFE + 60:
        raise VapidError("exp is more than 24 h ahead")
    if "sub" in claims and not str(claims["sub"]).startswith(("mailto:", "https:")):
        raise VapidError("sub is neither mailto: nor https:")
