"""What protects the pages: clean input, form tokens, limits for each network address, headers."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from civic_push.config import is_local, settings

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
    "img-src 'self' data:",  # KERN's icons are data: addresses in its style sheet
    "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'",
    "frame-ancestors 'none'", "base-uri 'none'"))
FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'").replace("script-src 'self'", "script-src 'none'")
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

_OPEN_TO_ALL_HOSTS = (  # balancers and monitors ask by number
    "public.health", "monitoring.alive", "monitoring.ready", "monitoring.numbers")
_INVISIBLE = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n\r"}


class CleanValues(ImmutableMultiDict[str, Any]):
    """What was sent, without the control characters that nobody sees or means, and that
    PostgreSQL refuses. Broken UTF-8 has become U+FFFD or %xx by then: wrong, but harmless."""

    def __init__(self, sent: Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__([(clean(name), clean(value)) for name, value in sent or ()])


class CleanRequest(Request):
    """A request whose address and form anything may have been sent in."""

    parameter_storage_class = CleanValues

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Werkzeug takes raw bytes beyond ASCII for UTF-8, and raises where they are not
        self.query_string = self.query_string.decode(errors="replace").encode()


class Sessions(SecureCookieSessionInterface):
    """Each page puts off the end of a session. What a page's script asks does not: its answer
    may come after that of the next page, and would bring back the session as it was before,
    without what is to be said there."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether an answer brings the session's cookie (Fetch Metadata tells who asks)."""
        page = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        return session.modified or (page and super().should_set_cookie(app, session))


def clean(value: Any) -> Any:
    """A text without invisible control characters; anything else as it is."""
    return value.translate(_INVISIBLE) if isinstance(value, str) else value


def network() -> str:
    """Whom limits count: the visitor's IPv4 address or IPv6 /64 (what one household has),
    as a keyed hash, so that Redis holds no addresses."""
    return _network(32, 64)


def wider_network() -> str:
    """Whom wider limits count, for those who have many addresses at hand: the IPv4 /24 or
    IPv6 /56."""
    return _network(24, 56)


def _network(bits4: int, bits6: int) -> str:
    address = ipaddress.ip_address(request.remote_addr or "127.0.0.1")
    bits = bits4 if address.version == 4 else bits6
    block = ipaddress.ip_network((address, bits), strict=False)
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"network {block}".encode(), "sha256").hex()[:32]


# Without Redis the limits go on in each process's own memory.
limiter = Limiter(network, in_memory_fallback_enabled=True, key_prefix="civic-push")


def without_token(view: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Mark a view that needs no form token; say there why."""
    csrf.exempt(view)
    return view


def init_protection(app: Flask) -> None:
    """Join clean requests, tokens, limits and headers to the app."""
    app.request_class = CleanRequest
    app.session_interface = Sessions()
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_invisible_addresses)
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


def _refuse_other_hosts() -> None:
    """Answer only under our own name, so that no cache, link or cookie is made for another.
    This machine's own names are welcome: proxies and people on it use them."""
    own = settings().public_url
    asked = f"http://{request.host}"
    same = urlsplit(asked).hostname == urlsplit(own).hostname
    if not same and not is_local(own) and not is_local(asked) \
            and request.endpoint not in _OPEN_TO_ALL_HOSTS:
        abort(421)


def _refuse_invisible_addresses() -> None:
    """Nothing of ours has control characters in its path."""
    if request.path != clean(request.path):
        abort(404)


def from_own_page() -> bool:
    """Whether the browser vouches that a form was sent from a page of ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == settings().public_url


def stamp(now: datetime) -> str:
    """A signed note of when a form was shown, for a hidden field."""
    seconds = str(int(now.timestamp()))
    return f"{seconds}.{_mark(seconds)}"


def seconds_open(text: str, now: datetime) -> float | None:
    """How long the form with this stamp has been open; None where the stamp is not ours."""
    seconds, _dot, mark = text.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(seconds).encode()):
        return None
    return now.timestamp() - int(seconds)  # a number: the mark is ours


def _mark(seconds: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"form shown at {seconds}".encode(), "sha256").hex()[:32]


def keep_private(response: Response) -> Response:
    """For blueprints whose pages show what is somebody's own: no cache and no search engine
    may keep them."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def for_everybody(response: Response, seconds: int) -> Response:
    """For what depends on its address alone and is no secret: shared caches may keep it so
    long, and scripts of other sites may read it."""
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def let_be_framed(response: Response) -> Response:
    """For the one page that other sites may show inside theirs: nothing on it can be
    pressed but links."""
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.headers["Content-Security-Policy"] == FRAMED:
        del response.headers["X-Frame-Options"]  # it knows no "everybody"
    if urlsplit(settings().public_url).scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
        if not response.cache_control.public:
            response.vary.update(("Accept-Language", "Cookie"))  # web/language.py: whose words
    return response
