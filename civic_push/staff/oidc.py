"""Sign-in through the town's own identity provider: OpenID Connect, authorization code with
PKCE, state and nonce (authlib checks them and the ID token's signature).

An account is found by the provider's subject; the first time by its e-mail address, if the
provider vouches for it; from then on it is that person's, whoever gets the address next.
Groups may give roles (`CIVIC_PUSH_OIDC_ROLES`); then whoever is in one of them needs no
invitation, and roles follow the groups at each sign-in.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from civic_push.config import Settings, settings
from civic_push.staff import accounts
from civic_push.staff.models import Staff

TIMEOUT = 10  # seconds for each question to the provider
_NAME = "town"


class ProviderAway(Exception):
    """The provider does not answer, or not as OpenID Connect asks."""


class NotAdmitted(Exception):
    """The provider knows who it is, but there is no place at the desk for them. `reason` is
    "refused", "unverified", "domain", "closed" or "stranger"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def init_oidc(app: Flask) -> None:
    """Join the provider of the settings, if there is one; it is asked at the first sign-in."""
    s: Settings = app.extensions["civic_push_settings"]
    if not s.oidc_issuer:
        return
    oauth = OAuth(app)
    oauth.register(
        _NAME, client_id=s.oidc_client_id, client_secret=s.oidc_client_secret,
        server_metadata_url=f"{s.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256",
                       "timeout": TIMEOUT})
    app.extensions["oidc"] = oauth


def leave_for_provider(back: str) -> Response:
    """Send the browser to the provider; it comes back to the address `back`. Raises
    ProviderAway."""
    try:
        answer: Response = _client().authorize_redirect(back)
    except (requests.RequestException, AuthlibBaseError, ValueError, KeyError,
            RuntimeError) as error:
        raise ProviderAway(str(error)) from error
    return answer


def claims_of_return() -> Mapping[str, Any]:
    """What the provider says about who comes back, from its signed ID token. Raises
    ProviderAway, or NotAdmitted where the sign-in there was broken off or refused."""
    try:
        token = _client().authorize_access_token()
    except AuthlibBaseError as error:  # denied there, or a state, nonce or token that is wrong
        raise NotAdmitted("refused") from error
    except (requests.RequestException, ValueError, KeyError, RuntimeError) as error:
        raise ProviderAway(str(error)) from error
    claims = token.get("userinfo")
    if not claims or not claims.get("sub"):
        raise ProviderAway("no ID token came")
    return dict(claims)


def admit(session: Session, claims: Mapping[str, Any], now: datetime) -> Staff:
    """The account of who came back, made or linked if need be. Raises NotAdmitted. Does not
    commit."""
    s = settings()
    subject = f"{s.oidc_issuer} {claims['sub']}"
    roles = _roles(s, claims)
    staff = session.scalar(select(Staff).where(Staff.oidc_subject == subject))
    if staff is None:
        staff = _by_address(session, _address(s, claims), roles, now)
        staff.oidc_subject = subject
    if not staff.active:
        raise NotAdmitted("closed")
    if s.oidc_roles:
        if not roles:
            raise NotAdmitted("stranger")
        staff.roles = accounts.roles_named(session, roles)
    session.flush()
    return staff


def _by_address(session: Session, address: str, roles: list[str], now: datetime) -> Staff:
    staff = accounts.find(session, address)
    if staff is not None and staff.oidc_subject is not None:
        raise NotAdmitted("stranger")  # somebody else's, until an administrator resets it
    if staff is not None:
        return staff
    if not roles:
        raise NotAdmitted("stranger")
    staff = Staff(email=address, created_at=now, fs_uniquifier=uuid.uuid4().hex)
    session.add(staff)
    session.flush()
    return staff


def _address(s: Settings, claims: Mapping[str, Any]) -> str:
    try:
        address = accounts.clean(str(claims.get("email", "")))
    except accounts.BadAccount as error:
        raise NotAdmitted("unverified") from error
    if str(claims.get("email_verified")).casefold() in ("false", "0"):  # some send it as a text
        raise NotAdmitted("unverified")
    if s.oidc_domains and address.partition("@")[2] not in map(str.casefold, s.oidc_domains):
        raise NotAdmitted("domain")
    return address


def _roles(s: Settings, claims: Mapping[str, Any]) -> list[str]:
    groups = claims.get(s.oidc_groups_claim) or ()
    groups = [groups] if isinstance(groups, str) else [str(g) for g in groups]
    pairs = (pair.rpartition("=")[::2] for pair in s.oidc_roles)
    return list(dict.fromkeys(role for group, role in pairs if group in groups))


def _client() -> Any:
    return current_app.extensions["oidc"].create_client(_NAME)
