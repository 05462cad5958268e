"""Telegram's Bot API (https://core.telegram.org/bots/api), as far as this house uses it,
and the residents on the other side of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from civic_push.demo.mail_server import Keep
from civic_push.demo.telegram_html import BadHtml, visible

MAX_UNITS = 4096  # UTF-16 code units of text after entities are parsed

Fault = Callable[[str, dict[str, Any]], Awaitable[web.StreamResponse | None]]
"""May answer a call (method, parameters) instead of Telegram; None lets it pass."""


@dataclass(slots=True)
class Chat:
    """A private chat of one resident with the bot."""

    id: int
    blocked: bool = False
    texts: list[str] = field(default_factory=list)  # what the bot wrote, newest last


class TelegramApi:
    """One bot's API server. `press_start`, `say`, `block` act as residents and may be
    called from any thread."""

    def __init__(self, token: str = "1000000:demo", bot_name: str = "civic_push_demo_bot",
                 keep: Keep | None = None, fault: Fault | None = None) -> None:
        self.token = token
        self.bot_name = bot_name
        self.chats: dict[int, Chat] = {}
        self._keep = keep
        self._fault = fault
        self._updates: list[dict[str, Any]] = []
        self._next_update = int(time.time())  # grows across restarts, as Telegram's does
        self._next_message = 1
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._bot_id = int(token.partition(":")[0])
        self.webhook = self.webhook_secret = ""

    def add_routes(self, app: web.Application) -> None:
        """Serve the API, and /residents/<chat>/<deed> for the demo page."""
        app.router.add_route("*", "/bot{token:[^/]+}/{method}", self._call)
        app.router.add_post("/residents/{chat}/{deed}", self._deed)

    def remember(self, chat: int, blocked: bool | None = None) -> None:
        """Know a chat from an earlier run; `blocked` where that changed."""
        known = self.chats.setdefault(chat, Chat(chat))
        known.blocked = known.blocked if blocked is None else blocked

    def say(self, chat: int, text: str) -> None:
        """A resident writes to the bot, which also lifts a block."""
        known = self.chats.setdefault(chat, Chat(chat))
        if known.blocked:
            self._member(known, blocked=False)
        if self._keep:
            self._keep("telegram", chat=chat, author="resident", text=text)
        message: dict[str, Any] = {
            "message_id": self._message_id(), "date": int(time.time()), "text": text,
            "chat": _chat(chat), "from": {**_person(chat), "language_code": "de"}}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0,
                                    "length": len(text.split(maxsplit=1)[0])}]
        self._announce({"message": message})

    def press_start(self, chat: int, token: str) -> None:
        """A resident opens https://t.me/<bot>?start=<token> and presses "start"."""
        self.say(chat, f"/start {token}")

    def block(self, chat: int) -> None:
        """A resident stops and blocks the bot."""
        self._member(self.chats.setdefault(chat, Chat(chat)), blocked=True)

    def _member(self, chat: Chat, *, blocked: bool) -> None:
        chat.blocked = blocked
        if self._keep:
            self._keep("telegram", chat=chat.id, author="resident", blocked=blocked)
        states = ("member", "kicked") if blocked else ("kicked", "member")
        bot = {"id": self._bot_id, "is_bot": True, "first_name": "Civic Push"}
        self._announce({"my_chat_member": {
            "chat": _chat(chat.id), "from": _person(chat.id), "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": states[0]},
            "new_chat_member": {"user": bot, "status": states[1]}}})

    def _announce(self, update: dict[str, Any]) -> None:
        self._updates.append({"update_id": self._next_update, **update})
        self._next_update += 1
        if self._waiting:
            loop, event = self._waiting
            loop.call_soon_threadsafe(event.set)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _failed(401, "Unauthorized")
        method = request.match_info["method"]
        try:
            params = await _params(request)
        except ValueError:
            return _failed(400, "Bad Request: object expected as JSON")
        if self._fault and (answer := await self._fault(method, params)) is not None:
            return answer
        answers: dict[str, Callable[[dict[str, Any]], Awaitable[web.Response]]] = {
            "getme": self._get_me, "sendmessage": self._send, "getupdates": self._get_updates,
            "setwebhook": self._set_webhook, "deletewebhook": self._set_webhook}
        if method.lower() not in answers:
            return _failed(404, "Not Found: method not found")
        return await answers[method.lower()](params)

    async def _get_me(self, _params: dict[str, Any]) -> web.Response:
        return _fine({"id": self._bot_id, "is_bot": True, "first_name": "Civic Push",
                      "username": self.bot_name})

    async def _set_webhook(self, params: dict[str, Any]) -> web.Response:
        self.webhook = str(params.get("url", ""))
        self.webhook_secret = str(params.get("secret_token", ""))
        return _fine(True)

    async def _send(self, params: dict[str, Any]) -> web.Response:
        html = str(params.get("text", ""))
        try:
            text = visible(html) if params.get("parse_mode") == "HTML" else html
        except BadHtml as error:
            return _failed(400, f"Bad Request: can't parse entities: {error}")
        if not text.strip():
            return _failed(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > MAX_UNITS:
            return _failed(400, "Bad Request: message is too long")
        chat = self.chats.get(_number(params.get("chat_id")))
        if chat is None:
            return _failed(400, "Bad Request: chat not found")
        if chat.blocked:
            return _failed(403, "Forbidden: bot was blocked by the user")
        chat.texts.append(html)
        if self._keep:
            self._keep("telegram", chat=chat.id, author="bot", text=text,
                       html=html if params.get("parse_mode") == "HTML" else "",
                       silent=bool(params.get("disable_notification")))
        return _fine({"message_id": self._message_id(), "date": int(time.time()),
                      "chat": _chat(chat.id), "text": text})

    async def _get_updates(self, params: dict[str, Any]) -> web.Response:
        if self.webhook:
            return _failed(409, "Conflict: can't use getUpdates method while webhook is active; "
                                "use deleteWebhook to delete the webhook first")
        offset, seconds = _number(params.get("offset")), _number(params.get("timeout"))
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        if not self._updates and seconds:
            event = asyncio.Event()
            self._waiting = (asyncio.get_running_loop(), event)
            try:
                await asyncio.wait_for(event.wait(), seconds)
            except TimeoutError:
                pass
            finally:
                self._waiting = None
        return _fine([u for u in self._updates if u["update_id"] >= offset][:100])

    async def _deed(self, request: web.Request) -> web.Response:
        """The demo page speaks for a resident; chat "new" is somebody who was not there."""
        name, deed = request.match_info["chat"], request.match_info["deed"]
        chat = max(self.chats, default=700_000_000) + 1 if name == "new" else _number(name)
        form = await request.post()
        if deed == "say" and chat and form.get("text"):
            self.say(chat, str(form["text"])[:MAX_UNITS])
        elif deed == "block" and chat in self.chats:
            self.block(chat)
        else:
            return _failed(400, "Bad Request")
        return _fine({"chat": chat})

    def _message_id(self) -> int:
        self._next_message += 1
        return self._next_message


async def _params(request: web.Request) -> dict[str, Any]:
    """Parameters come in the query, as a form or as JSON."""
    params: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        data = await request.json()
        if not isinstance(data, dict):
            raise ValueError("not an object")
        return {**params, **data}
    return {**params, **{k: v for k, v in (await request.post()).items() if isinstance(v, str)}}


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _chat(chat: int) -> dict[str, Any]:
    return {"id": chat, "type": "private", "first_name": "Demo"}


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Demo"}


def _fine(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _failed(code: int, description: str, **parameters: int) -> web.Response:
    answer: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return web.json_response(answer, status=code)
