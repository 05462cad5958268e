"""The JSON-RPC API of an SMSEagle gateway, as far as sending goes.

https://www.smseagle.eu/api/ (JSON-RPC, `sms.send_sms`); the calls are those of Apprise's
`smseagle://` plugin.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from civic_push.demo.mail_server import Keep

Fault = Callable[[dict[str, Any]], Awaitable[web.StreamResponse | None]]
"""May answer a call instead of the gateway; None lets it pass."""


class SmsGateway:
    """The gateway. `sent` holds (number, text), newest last."""

    def __init__(self, token: str = "demo", keep: Keep | None = None,
                 fault: Fault | None = None) -> None:
        self.token = token
        self.sent: list[tuple[str, str]] = []
        self._keep = keep
        self._fault = fault

    def add_routes(self, app: web.Application) -> None:
        """Serve the API's one address."""
        app.router.add_post("/jsonrpc/sms", self._call)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            call = await request.json()
            params = call["params"]
            method, token = call["method"], params["access_token"]
        except (ValueError, KeyError, TypeError):
            return _failed("Wrong or missing parameters", 400)
        if self._fault and (answer := await self._fault(params)) is not None:
            return answer
        if token != self.token:
            return _failed("Invalid access token", 401)
        if method != "sms.send_sms":
            return _failed("Unknown method", 400)
        return self._send(str(params.get("to", "")), str(params.get("message", "")))

    def _send(self, number: str, text: str) -> web.Response:
        if not re.fullmatch(r"\+?\d{6,15}", number):
            return _failed("Wrong number", 400)
        if not text:
            return _failed("Empty message", 400)
        self.sent.append((number, text))
        if self._keep:
            self._keep("sms", number=number, text=text)
        return web.json_response(
            {"result": [{"message_id": 4700 + len(self.sent), "status": "ok"}]})


def _failed(text: str, status: int) -> web.Response:
    return web.json_response({"result": {"status": "error", "error_text": text}}, status=status)
