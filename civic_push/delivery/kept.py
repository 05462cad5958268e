"""Answers about announcements' deliveries that cost the database something, shared by
all who ask.

Whoever asks gets the last answer, from Redis, while it is fresh; then one of them asks the
database anew and the others go on with what there is. An answer that took long is asked less
often: asking never takes more than a tenth of one core. What is settled does not change by
itself and is kept for minutes; who changes it all the same (an editor who sends again) says
so by `forget`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import redis
import structlog

from civic_push import tasks

log = structlog.get_logger()

FRESH = 1.0  # seconds that an answer serves everybody
SETTLED = 300.0  # the same, for one that changes only when somebody says so
_SHARE = 0.1  # of one core that asking may take
_LEFT = 60  # seconds that an answer nobody asks for any more stays


class Answer(NamedTuple):
    """Something JSON can hold, and whether it stays as it is."""

    value: dict[str, Any]
    settled: bool = False


def shared(name: str, about: Collection[int], ask: Callable[[], Answer]) -> dict[str, Any]:
    """The answer called `name` about these announcements, from Redis or by `ask`. Without
    Redis everybody asks."""
    key = f"civic-push:{name}:{'-'.join(map(str, about))}"
    try:
        text, *marks = tasks.connection().mget(key, *map(_turn_key, about))
        turn = [int(mark or 0) for mark in marks]
        kept = json.loads(text) if text else None
        if kept and kept.get("turn") == turn and (kept["until"] > time.time() or not _mine(key)):
            value: dict[str, Any] = kept["value"]
            return value
    except redis.RedisError as error:
        log.warning("kept.not_shared", error=type(error).__name__)
        return ask().value
    began = time.monotonic()
    found = ask()
    _keep(key, turn, found, time.monotonic() - began)
    return found.value


def forget(announcement_id: int) -> None:
    """Let the next who asks see what has just been committed. Answers of before do not count
    any more, nor does one that somebody is asking for at this moment."""
    key = _turn_key(announcement_id)
    try:
        with tasks.connection().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, int(SETTLED) * 10)  # longer than any answer of before
            pipe.execute()
    except redis.RedisError as error:
        log.warning("kept.not_shared", error=type(error).__name__)


def _turn_key(announcement_id: int) -> str:
    return f"civic-push:turn:{announcement_id}"


def _mine(key: str) -> bool:
    """Whether nobody else is asking at the moment."""
    return bool(tasks.connection().set(f"{key}:asking", 1, nx=True, ex=30))


def _keep(key: str, turn: list[int], found: Answer, took: float) -> None:
    lasts = max(SETTLED if found.settled else FRESH, took / _SHARE)
    text = json.dumps({"until": time.time() + lasts, "turn": turn, "value": found.value})
    try:
        tasks.connection().set(key, text, ex=int(lasts) + _LEFT)
        tasks.connection().delete(f"{key}:asking")
    except redis.RedisError as error:
        log.warning("kept.not_shared", error=type(error).__name__)
