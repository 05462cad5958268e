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
from civic_push.demo.telegram_answers import (
    asked,
    failed,
    fine,
    person,
    private_chat,
    whole,
)
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
    numbers: list[int] = field(default_factory=list)  # their message ids
    answers: dict[int, int] = field(default_factory=dict)  # which message answers which


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
            "chat": private_chat(chat), "from": {**person(chat), "language_code": "de"}}
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
            "chat": private_chat(chat.id), "from": person(chat.id), "date": int(time.time()),
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
            return failed(401, "Unauthorized")
        method = request.match_info["method"]
        try:
            params = await asked(request)
        except ValueError:
            return failed(400, "Bad Request: object expected as JSON")
        if self._fault and (answer := await self._fault(method, params)) is not None:
            return answer
        answers: dict[str, Callable[[dict[str, Any]], Awaitable[web.Response]]] = {
            "getme": self._get_me, "sendmessage": self._send, "getupdates": self._get_updates,
            "editmessagetext": self._edit,
            "setwebhook": self._set_webhook, "deletewebhook": self._set_webhook}
        if method.lower() not in answers:
            return failed(404, "Not Found: method not found")
        return await answers[method.lower()](params)

    async def _get_me(self, _params: dict[str, Any]) -> web.Response:
        return fine({"id": self._bot_id, "is_bot": True, "first_name": "Civic Push",
                      "username": self.bot_name})

    async def _set_webhook(self, params: dict[str, Any]) -> web.Response:
        self.webhook = str(params.get("url", ""))
        self.webhook_secret = str(params.get("secret_token", ""))
        return fine(True)

    async def _send(self, params: dict[str, Any]) -> web.Response:
        read = self._read(params)
        if isinstance(read, web.Response):
            return read
        chat, text = read
        answered = params.get("reply_parameters", {})
        if answered and answered.get("message_id") not in chat.numbers:
            if not answered.get("allow_sending_without_reply"):
                return failed(400, "Bad Request: message to be replied not found")
            answered = {}
        number = self._message_id()
        chat.texts.append(str(params["text"]))
        chat.numbers.append(number)
        if answered:
            chat.answers[number] = answered["message_id"]
        return self._written(chat, number, text, params)

    async def _edit(self, params: dict[str, Any]) -> web.Response:
        read = self._read(params)
        if isinstance(read, web.Response):
            return read
        chat, text = read
        number = whole(params.get("message_id"))
        if number not in chat.numbers:
            return failed(400, "Bad Request: message to edit not found")
        place = chat.numbers.index(number)
        if chat.texts[place] == params["text"]:
            return failed(400, "Bad Request: message is not modified: specified new message "
                                "content and reply markup are exactly the same as a current "
                                "content and reply markup of the message")
        chat.texts[place] = str(params["text"])
        return self._written(chat, number, text, {**params, "edit": True})

    def forget(self, chat: int) -> None:
        """A resident deletes what the bot wrote."""
        known = self.chats[chat]
        known.texts, known.numbers = [], []

    def _read(self, params: dict[str, Any]) -> tuple[Chat, str] | web.Response:
        """The chat and what will be visible there, or why not."""
        html = str(params.get("text", ""))
        try:
            text = visible(html) if params.get("parse_mode") == "HTML" else html
        except BadHtml as error:
            return failed(400, f"Bad Request: can't parse entities: {error}")
        if not text.strip():
            return failed(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > MAX_UNITS:
            return failed(400, "Bad Request: message is too long")
        chat = self.chats.get(whole(params.get("chat_id")))
        if chat is None:
            return failed(400, "Bad Request: chat not found")
        if chat.blocked:
            return failed(403, "Forbidden: bot was blocked by the user")
        return chat, text

    def _written(self, chat: Chat, number: int, text: str, params: dict[str, Any]
                 ) -> web.Response:
        if self._keep:
            self._keep("telegram", chat=chat.id, author="bot", text=text, message=number,
                       html=str(params["text"]) if params.get("parse_mode") == "HTML" else "",
                       silent=bool(params.get("disable_notification")),
                       edit=bool(params.get("edit")))
        return fine({"message_id": number, "date": int(time.time()), "chat": private_chat(chat.id),
                      "text": text})

    async def _get_updates(self, params: dict[str, Any]) -> web.Response:
        if self.webhook:
            return failed(409, "Conflict: can't use getUpdates method while webhook is active; "
                                "use deleteWebhook to delete the webhook first")
        offset, seconds = whole(params.get("offset")), whole(params.get("timeout"))
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
        return fine([u for u in self._updates if u["update_id"] >= offset][:100])

    async def _deed(self, request: web.Request) -> web.Response:
        """The demo page speaks for a resident; chat "new" is somebody who was not there."""
        name, deed = request.match_info["chat"], request.match_info["deed"]
        chat = max(self.chats, default=700_000_000) + 1 if name == "new" else whole(name)
        form = await request.post()
        if deed == "say" and chat and form.get("text"):
            self.say(chat, str(form["text"])[:MAX_UNITS])
        elif deed == "block" and chat in self.chats:
            self.block(chat)
        else:
            return failed(400, "Bad Request")
        return fine({"chat": chat})

    def _message_id(self) -> int:
        self._next_message += 1
        return self._next_message
