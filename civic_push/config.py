"""Every setting, its default and what it means.

A setting comes from the environment (`CIVIC_PUSH_<NAME>`), from a file named there
(`CIVIC_PUSH_<NAME>_FILE`, for secrets), or from the TOML file `CIVIC_PUSH_CONFIG` points
to; in this order. The README's table is checked against this module by a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from flask import current_app

from civic_push import setting_values
from civic_push.setting_values import BadSetting, OutletSetting

__all__ = ["PREFIX", "BadSetting", "OutletSetting", "Settings", "is_local", "load", "settings"]

PREFIX = "CIVIC_PUSH_"


def _setting(default: Any, about: str, secret: bool = False) -> Any:
    return field(default=default, metadata={"about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Empty strings mean "not set up"."""

    town: str = _setting("Detmold", "Name of the town, as messages and pages say it")
    sender: str = _setting("Stadt Detmold", "Who speaks: sender's name in mails and SMS")
    public_url: str = _setting(
        "http://localhost:8000", "Address residents reach the pages under; https in production")
    var_dir: str = _setting(
        "var", "Folder for announcements' pictures; also for the embedded database, keys and logs")
    secret_key: str = _setting("", "Signs sessions and links; 64 hexadecimal digits", secret=True)
    address_key: str = _setting(
        "", "Encrypts residents' addresses; 64 hexadecimal digits, never lose it", secret=True)
    database_url: str = _setting(
        "", "SQLAlchemy URL; empty: SQLite in var_dir. postgresql+psycopg://…", secret=True)
    redis_url: str = _setting(
        "", "Redis or Valkey URL; empty: the embedded Valkey's socket in var_dir", secret=True)
    email_url: str = _setting(
        "", "Apprise mailto(s):// URL of the SMTP relay, with ?from=…", secret=True)
    email_reply_to: str = _setting("", "Reply-To of all mails; empty: the sender")
    email_per_second: float = _setting(0.0, "Mails a second, all workers together; 0: no limit")
    sms_url: str = _setting(
        "", "Apprise URL of the SMS gateway with {to} where the number goes", secret=True)
    sms_per_second: float = _setting(5.0, "SMS a second, all workers together")
    sms_max_segments: int = _setting(2, "Longest SMS, in segments; longer texts are cut")
    sms_segment_cents: float = _setting(0.0, "Price of a segment, for the desk; 0: not shown")
    sms_monthly_cap: int = _setting(10_000, "SMS segments a month; 0: no cap")
    sms_inbound_secret: str = _setting(
        "", "Last part of the address where the SMS gateway brings answers such as STOP; empty: "
        "answers are not read", secret=True)
    telegram_token: str = _setting("", "Token of the town's bot, from @BotFather", secret=True)
    telegram_bot: str = _setting("", "The bot's name without @, for the links that start it")
    telegram_api: str = _setting("https://api.telegram.org", "Bot API server")
    telegram_per_second: float = _setting(30.0, "Telegram messages a second, all workers")
    telegram_webhook: bool = _setting(
        False, "true: Telegram calls us at /telegram; false: `worker.py telegram` asks it")
    vapid_private_key: str = _setting(
        "", "P-256 private key (PEM) that signs browser pushes (RFC 8292); older ones may follow",
        secret=True)
    vapid_subject: str = _setting(
        "", "mailto: or https: contact for push services; empty: public_url")
    push_services: tuple[str, ...] = _setting(
        ("fcm.googleapis.com", "jmt17.google.com", "*.push.services.mozilla.com",
         "*.notify.windows.com", "*.push.apple.com"),
        "Push services browsers may bring: host names (* allowed), or a whole origin, which "
        "may then be http or local")
    push_per_second: float = _setting(0.0, "Browser pushes a second, all workers; 0: no limit")
    outlets: tuple[OutletSetting, ...] = _setting(
        (), "Public places that get announcements too: a list of {name, url, topics, "
        "neighbourhoods}, url an Apprise URL", secret=True)
    disposable_domains: tuple[str, ...] = _setting(
        (), "More mail domains (besides data/disposable_domains.txt) whose inboxes end after "
        "minutes; nobody can sign up with them")
    lease_seconds: int = _setting(
        60, "How long a worker may be silent about a batch before others may take it")
    consent_years: int = _setting(
        3, "Proof of an ended consent (times, wording, hash, no address) is deleted after so "
        "many years")
    default_expiry_days: int = _setting(7, "An announcement without expiry ends after so many days")
    second_person_danger: bool = _setting(
        True, "Danger is let out by somebody who neither began nor last changed the text")
    second_person_above: int = _setting(
        5_000, "So is what goes to more inboxes than this; 0: whatever their number")
    undo_seconds: int = _setting(
        30, "How long what is published at the desk can be taken back before it leaves; 0: it "
        "leaves at once")
    counter: str = _setting(
        "", "Where residents are signed up with help, for posters: place, hours, telephone")
    trusted_proxies: int = _setting(0, "How many reverse proxies stand before the web server")
    fetch_private: tuple[str, ...] = _setting(
        (), "Sources (host:port) that may be fetched although their address is private")
    webhook_private: tuple[str, ...] = _setting(
        (), "Webhooks' origins (https://host:port) that may be unencrypted or in our own network")
    second_factor: str = _setting(
        "required", "required: editors and above sign in with two factors or a passkey; "
        "offered: they may")
    oidc_issuer: str = _setting(
        "", "Municipal identity provider (OpenID Connect): its issuer address, https")
    oidc_client_id: str = _setting("", "Our client id there")
    oidc_client_secret: str = _setting("", "Our client secret there", secret=True)
    oidc_domains: tuple[str, ...] = _setting(
        (), "Domains of e-mail addresses that may come from there; empty: all")
    oidc_roles: tuple[str, ...] = _setting(
        (), "Which of its groups have which role, such as presse=editor; whoever is in one "
        "needs no invitation. Empty: only invited people")
    oidc_groups_claim: str = _setting("groups", "The claim that names somebody's groups")
    metrics_token: str = _setting(
        "", "What Prometheus brings to /metrics (Authorization: Bearer …); empty: only this "
        "machine may ask", secret=True)
    live_streams: int = _setting(
        3, "Live pages of deliveries that one web process feeds at once, each with a thread of "
        "its own; further ones ask every few seconds")
    demo: bool = _setting(
        False, "Set by `civic-push run` only; refused with a public address or PostgreSQL")

    def __post_init__(self) -> None:
        _check(self)

    @property
    def var(self) -> Path:
        """Folder for the embedded parts."""
        return Path(self.var_dir).absolute()

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.var / 'civic_push.db'}"

    @property
    def redis(self) -> str:
        """The queue's URL, as redis-py takes it."""
        return self.redis_url or f"unix://{self.var / 'valkey.sock'}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings; raise BadSetting with one clear sentence."""
    environ = os.environ if environ is None else environ
    written = setting_values.from_file(environ.get(f"{PREFIX}CONFIG", ""))
    known = {f.name for f in fields(Settings)}
    if unknown := sorted(set(written) - known):
        raise BadSetting(f"The settings file names {', '.join(unknown)}, which does not exist.")
    values = dict(written)
    for name in known:
        text = setting_values.from_environment(environ, PREFIX + name.upper())
        if text is not None:
            values[name] = text
    return Settings(**{name: _convert(name, value) for name, value in values.items()})


def settings() -> Settings:
    """The settings of the running app."""
    return cast(Settings, current_app.extensions["civic_push_settings"])


def _convert(name: str, value: Any) -> Any:
    default = next(f.default for f in fields(Settings) if f.name == name)
    try:
        return setting_values.convert(value, default, outlets=name == "outlets")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadSetting(f"{PREFIX}{name.upper()} cannot be understood: {error}.") from error


def _check(s: Settings) -> None:
    for name in ("secret_key", "address_key"):
        value = getattr(s, name)
        if value and (len(value) != 64 or set(value.lower()) - set("0123456789abcdef")):
            raise BadSetting(f"{PREFIX}{name.upper()} must be 64 hexadecimal digits; "
                             "`openssl rand -hex 32` makes one.")
    if not s.public_url.startswith(("http://", "https://")) or s.public_url.endswith("/"):
        raise BadSetting(f"{PREFIX}PUBLIC_URL must begin with https:// and not end with a slash.")
    if s.demo and (s.database_url.startswith("postgresql") or not is_local(s.public_url)):
        raise BadSetting(f"{PREFIX}DEMO is for `make run` on this machine only; remove it.")
    if s.second_person_above < 0 or not 0 <= s.undo_seconds <= 3600:
        raise BadSetting(f"{PREFIX}SECOND_PERSON_ABOVE must not be negative, and "
                         f"{PREFIX}UNDO_SECONDS lies between 0 and 3600.")
    _check_sms(s)
    _check_sign_in(s)


def _check_sms(s: Settings) -> None:
    if s.sms_url and "{to}" not in s.sms_url:
        raise BadSetting(f"{PREFIX}SMS_URL must contain {{to}} where the number goes.")
    secret = s.sms_inbound_secret
    if secret and (len(secret) < 20 or not secret.isalnum()):
        raise BadSetting(f"{PREFIX}SMS_INBOUND_SECRET must be 20 or more letters and digits; "
                         "`openssl rand -hex 20` makes one.")


def _check_sign_in(s: Settings) -> None:
    if s.second_factor not in ("required", "offered"):
        raise BadSetting(f"{PREFIX}SECOND_FACTOR must be required or offered.")
    if s.oidc_issuer and not (s.oidc_client_id and s.oidc_client_secret):
        raise BadSetting(f"{PREFIX}OIDC_ISSUER needs {PREFIX}OIDC_CLIENT_ID and "
                         f"{PREFIX}OIDC_CLIENT_SECRET.")
    if bad := [pair for pair in s.oidc_roles if not all(pair.partition("=")[::2])]:
        raise BadSetting(f"{PREFIX}OIDC_ROLES: {bad[0]!r} is not group=role.")


def is_local(url: str) -> bool:
    """Whether an address is this machine's own."""
    host = url.split("//", 1)[1].split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    return host in ("localhost", "127.0.0.1", "::1")
