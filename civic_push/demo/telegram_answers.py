"""How the Bot API is asked and answers."""

from __future__ import annotations

from typing import Any

from aiohttp import web


async def asked(request: web.Request) -> dict[str, Any]:
    """Parameters come in the query, as a form or as JSON."""
    params: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        data = await request.json()
        if not isinstance(data, dict):
            raise ValueError("not an object")
        return {**params, **data}
    return {**params, **{k: v for k, v in (await request.post()).items() if isinstance(v, str)}}


def whole(value: Any) -> int:
    """A parameter as a number; 0 for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def private_chat(chat: int) -> dict[str, Any]:
    """The chat of one resident with the bot, as the API describes it."""
    return {"id": chat, "type": "private", "first_name": "Demo"}


def person(chat: int) -> dict[str, Any]:
    """The resident in this chat."""
    return {"id": chat, "is_bot": False, "first_name": "Demo"}


def fine(result: Any) -> web.Response:
    """The answer to a call that worked."""
    return web.json_response({"ok": True, "result": result})


def failed(code: int, description: str, **parameters: int) -> web.Response:
    """The answer to one that did not."""
    answer: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return web.json_response(answer, status=code)
