"""Apprise with its wire in view.

Apprise knows some 170 services but answers only True or False. Its plugins all speak
through the name `requests` in their own module; this room puts a stand-in there that
keeps connections, sets time-outs and remembers the last exchange, from which the five
outcomes are told. Addresses of services come from the operator's settings only: an
Apprise URL from a visitor would be request forgery.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from channels.base import Kind, Outcome
from channels.wire import CONNECT_SECONDS, READ_SECONDS, Exchange, Wire, never_sent

_ASSET = AppriseAsset(async_mode=False)

# Its log lines carry numbers and addresses; what matters is in the outcome.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

_SAYS_NO = re.compile(r"error|invalid|wrong|fail|denied|refus|reject|not allowed|unauthori", re.I)
_OUR_ACCOUNT = re.compile(
    r"login|password|token|credential|api.?key|auth|credit|balance|quota|account", re.I)
_RECEIPT_KEYS = ("message_id", "messageId", "message-id", "sid", "msgid", "id")


class BadService(ValueError):
    """An Apprise URL that Apprise does not take. The text does not repeat it."""


_wire = Wire()


def service(url: str) -> Any:
    """Make Apprise's plugin for an operator's URL, without its own pauses and repeats.
    Raises BadService."""
    plugin = Apprise.instantiate(url, asset=_ASSET)
    if plugin is None:
        raise BadService("Apprise does not understand this URL")
    plugin.request_rate_per_sec = 0  # in truth seconds between requests
    plugin.retry, plugin.wait = 0, 0.0
    if "cto" not in _options(url):
        plugin.socket_connect_timeout = CONNECT_SECONDS
    if "rto" not in _options(url):
        plugin.socket_read_timeout = READ_SECONDS
    for module in _modules(plugin):
        if getattr(module, "requests", None) is requests:
            module.requests = _wire
    return plugin


def hand_over(plugin: Any, text: str, title: str = "",
              form: NotifyFormat = NotifyFormat.TEXT) -> Outcome:
    """Send once through a plugin of `service` and tell what became of it."""
    exchange = _wire.begin()
    try:
        accepted = bool(plugin.notify(
            body=text, title=title, body_format=form, notify_type=NotifyType.INFO))
    except Exception as error:  # noqa: BLE001 – 170 plugins, any of which may stumble
        return _stumbled(plugin, exchange, error)
    if accepted:
        return Outcome(Kind.SENT, receipt=_receipt(exchange.body))
    if exchange.requests == 0:
        return _silent(plugin)
    return told(exchange)


def reachable(plugin: Any) -> str | None:
    """Try to connect where the service has a host of its own. Return what is wrong."""
    if "host" not in plugin.template_tokens or not plugin.host:
        return None
    port = plugin.port or (443 if plugin.secure else 80)
    try:
        socket.create_connection((plugin.host, port), CONNECT_SECONDS).close()
    except OSError as error:
        return f"{plugin.service_name} at {plugin.host}:{port} cannot be reached ({error})."
    return None


def close() -> None:
    """Close connections of this thread."""
    _wire.close()


def told(exchange: Exchange) -> Outcome:
    """The outcome of an exchange that Apprise calls a failure."""
    if exchange.error is not None:
        name = type(exchange.error).__name__
        if never_sent(exchange.error):
            return Outcome(Kind.LATER, f"no connection ({name})", whole=True)
        return Outcome(Kind.UNKNOWN, f"no answer ({name})")
    status, after = exchange.status, _seconds(exchange.retry_after)
    if 200 <= status < 300:
        return _said_no(exchange)
    detail = f"status {status}"
    if status == 429:
        return Outcome(Kind.LATER, detail, after=after)
    # A number or text it does not like. No service tells the two apart in the same way,
    # so nobody's contact ends on this.
    if status in (400, 406, 413, 414, 422):
        return Outcome(Kind.REFUSED, detail)
    # credentials, credit, a wrong path, a redirect, or the service itself
    return Outcome(Kind.LATER, detail, after=after, whole=True)


def _said_no(exchange: Exchange) -> Outcome:
    """A 2xx answer that the plugin does not take for success."""
    text = exchange.body.decode("utf-8", "replace")
    if not _SAYS_NO.search(text):
        return Outcome(Kind.UNKNOWN, f"status {exchange.status} with an unclear answer")
    if _OUR_ACCOUNT.search(text):
        return Outcome(Kind.LATER, "the service does not accept our account", whole=True)
    return Outcome(Kind.REFUSED, f"status {exchange.status}, but the service reports an error")


def _stumbled(plugin: Any, exchange: Exchange, error: Exception) -> Outcome:
    detail = f"{type(error).__name__} in Apprise's {plugin.service_name}"
    if exchange.requests == 0 and _speaks_http(plugin):
        return Outcome(Kind.REFUSED, detail)
    if exchange.status >= 300 or exchange.error is not None:
        return told(exchange)
    return Outcome(Kind.UNKNOWN, detail)


def _silent(plugin: Any) -> Outcome:
    """No request was seen: the plugin declined, or it does not speak HTTP at all."""
    if _speaks_http(plugin):
        return Outcome(Kind.REFUSED, f"Apprise's {plugin.service_name} did not try to send")
    return Outcome(Kind.UNKNOWN, f"Apprise's {plugin.service_name} reports a failure")


def _speaks_http(plugin: Any) -> bool:
    return any(getattr(module, "requests", None) is _wire for module in _modules(plugin))


def _modules(plugin: Any) -> Iterator[Any]:
    """The modules a plugin's code lives in: its class's, its ancestors', its package's."""
    for cls in type(plugin).__mro__:
        name = cls.__module__
        if not name.startswith("apprise.plugins.") or name == "apprise.plugins.base":
            continue
        package = ".".join(name.split(".")[:3])
        for known in list(sys.modules):
            if known == package or known.startswith(f"{package}."):
                yield sys.modules[known]


def _seconds(value: str) -> float | None:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _receipt(body: bytes) -> str:
    """The service's own name of the message, where its answer has one."""
    try:
        todo = [json.loads(body)]
    except ValueError:
        return ""
    while todo:
        value = todo.pop(0)
        if isinstance(value, dict):
            for key in _RECEIPT_KEYS:
                if isinstance(value.get(key), (str, int)):
                    return str(value[key])[:200]
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return ""


def _options(url: str) -> set[str]:
    return {part.partition("=")[0] for part in url.partition("?")[2].split("&")}
