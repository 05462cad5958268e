"""Passkeys (WebAuthn level 2): a key in somebody's device, unlocked by PIN, finger or face.

A challenge lives in the visitor's signed cookie from the page that asks until the answer; it
is taken out with the answer, so it answers once. Whoever answers has shown two factors (the
device, and what unlocks it), so user verification is always required.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from civic_push.config import settings
from civic_push.staff.models import Passkey, Staff

MOST = 20  # passkeys of one account
_REQUIRED = UserVerificationRequirement.REQUIRED


class BadPasskey(ValueError):
    """An answer that proves nothing: damaged, for another page, too old, or unknown."""


def ask_for_new(staff: Staff) -> str:
    """Options for `navigator.credentials.create`, as JSON."""
    options = generate_registration_options(
        rp_id=_host(), rp_name=settings().sender, user_name=staff.email,
        user_display_name=staff.email, user_id=f"staff:{staff.id}".encode(),
        challenge=_challenge("new"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED),
        exclude_credentials=_known(staff.passkeys))
    return options_to_json(options)


def add(staff: Staff, answer: str, name: str, now: datetime) -> Passkey:
    """Keep the passkey that a browser has made. Raises BadPasskey. Does not commit."""
    challenge = _take("new")
    try:
        made = verify_registration_response(
            credential=json.loads(answer), expected_challenge=challenge,
            expected_rp_id=_host(), expected_origin=_origin(), require_user_verification=True)
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadPasskey(str(error)) from error
    if len(staff.passkeys) >= MOST:
        raise BadPasskey("too many passkeys")
    passkey = Passkey(credential_id=made.credential_id, public_key=made.credential_public_key,
                      sign_count=made.sign_count, name=name[:80], created_at=now)
    staff.passkeys.append(passkey)
    return passkey


def ask_for_any() -> str:
    """Options for `navigator.credentials.get`, as JSON; the device itself knows for whom."""
    return options_to_json(generate_authentication_options(
        rp_id=_host(), challenge=_challenge("sign-in"), user_verification=_REQUIRED))


def whose(session: Session, answer: str, now: datetime) -> Staff:
    """Who has signed in with this answer. Raises BadPasskey, also for closed accounts. Does
    not commit."""
    challenge = _take("sign-in")
    try:
        credential = json.loads(answer)
        passkey = session.scalar(select(Passkey).where(
            Passkey.credential_id == base64url_to_bytes(credential["rawId"])))
        if passkey is None or not passkey.staff.active:
            raise BadPasskey("unknown passkey")
        shown = verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_host(),
            expected_origin=_origin(), credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count, require_user_verification=True)
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadPasskey(str(error)) from error
    passkey.sign_count, passkey.used_at = shown.new_sign_count, now
    return passkey.staff


def _known(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=p.credential_id) for p in passkeys]


def _challenge(purpose: str) -> bytes:
    """The open challenge of this visitor, or a new one: two tabs share it."""
    name = f"passkey {purpose}"
    if name not in cookie:
        cookie[name] = bytes_to_base64url(secrets.token_bytes(32))
    return base64url_to_bytes(cookie[name])


def _take(purpose: str) -> bytes:
    """The open challenge, which thereby ends. Raises BadPasskey where none is open."""
    challenge = cookie.pop(f"passkey {purpose}", None)
    if challenge is None:
        raise BadPasskey("no challenge is open")
    return base64url_to_bytes(challenge)


def _host() -> str:
    """The relying party: the host name residents and editors type."""
    return urlsplit(settings().public_url).hostname or ""


def _origin() -> str:
    parts = urlsplit(settings().public_url)
    return f"{parts.scheme}://{parts.netloc}"
