"""What protects the pages: form tokens, limits for each network address, headers."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from civic_push.config import settings

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
    "img-src 'self' data:",  # KERN's icons are data: addresses in its style sheet
    "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'",
    "frame-ancestors 'none'", "base-uri 'none'"))
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # signed links stand in addresses: they must not travel to other sites
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

csrf = CSRFProtect()


def network() -> str:
    """Whom limits count: the visitor's IPv4 address or IPv6 /64 (what one household has),
    as a keyed hash, so that Redis holds no addresses."""
    address = ipaddress.ip_address(request.remote_addr or "127.0.0.1")
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Network((address, 64), strict=False).network_address
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"network {address}".encode(), "sha256").hex()[:32]


# Without Redis the limits go on in each process's own memory.
limiter = Limiter(network, in_memory_fallback_enabled=True, key_prefix="civic-push")


def without_token(view: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Mark a view that needs no form token; say there why."""
    csrf.exempt(view)
    return view


def init_protection(app: Flask) -> None:
    """Join tokens, limits and headers to the app."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form may stay open as long as its session
    # browsers that keep their referrer to themselves may sign up too; the token protects
    app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf.init_app(app)
    redis = app.extensions["redis"]
    uri = app.extensions["civic_push_settings"].redis
    app.config["RATELIMIT_STORAGE_URI"] = uri.replace("unix://", "redis+unix://", 1)
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"connection_pool": redis.connection_pool}
    limiter.init_app(app)
    app.after_request(_add_headers)


def stamp(now: datetime) -> str:
    """A signed note of when a form was shown, for a hidden field."""
    seconds = str(int(now.timestamp()))
    return f"{seconds}.{_mark(seconds)}"


def seconds_open(text: str, now: datetime) -> float | None:
    """How long the form with this stamp has been open; None where the stamp is not ours."""
    seconds, _dot, mark = text.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(seconds).encode()):
        return None
    return now.timestamp() - int(seconds)


def _mark(seconds: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"form shown at {seconds}".encode(), "sha256").hex()[:32]


def keep_private(response: Response) -> Response:
    """For blueprints whose pages show what is somebody's own: no cache and no search engine
    may keep them."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if urlsplit(settings().public_url).scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
        response.vary.add("Accept-Language")
    return response
