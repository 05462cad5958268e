"""Rate limits shared by all workers: a counter a second in Redis."""

from __future__ import annotations

import time

import redis


def take(connection: redis.Redis, channel: str, per_second: float, wanted: int,
         now: float) -> int:
    """Take up to `wanted` sendings from this channel's allowance at `now` (Unix seconds).
    Returns how many may leave now, 0 when the allowance is used up; `wanted` where there
    is no limit (0)."""
    if per_second <= 0:
        return wanted
    window = _window(per_second)
    allowance = max(1, int(per_second * window))
    key = f"civic-push:rate:{channel}:{int(now / window)}"
    pipe = connection.pipeline()
    pipe.incrby(key, wanted)
    pipe.expire(key, int(window * 2) + 1)
    used = int(pipe.execute()[0])
    granted = max(0, min(wanted, allowance - (used - wanted)))
    if granted < wanted:
        connection.decrby(key, wanted - granted)
    return granted


def give_back(connection: redis.Redis, channel: str, per_second: float, unused: int,
              now: float) -> None:
    """Return what was taken at `now` and not needed."""
    if per_second > 0 and unused > 0:
        connection.decrby(f"civic-push:rate:{channel}:{int(now / _window(per_second))}", unused)


def wait(per_second: float, ends: float) -> bool:
    """Sleep until the allowance is renewed, but not past `ends` (monotonic seconds). Returns
    whether it was."""
    window = _window(per_second)
    pause = window - time.time() % window + 0.001
    if time.monotonic() + pause > ends:
        return False
    time.sleep(pause)
    return True


def _window(per_second: float) -> float:
    """Seconds that one allowance is for: one, or as long as one sending takes."""
    return max(1.0, 1 / per_second)
