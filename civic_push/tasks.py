"""enqueue(lane, job, ...): besides worker.py the only module that touches RQ.

The queue is a doorbell: a job carries ids or names, never content, and losing one costs
no more than the seconds until the clock's sweep rings again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, cast

import redis
import structlog
from flask import Flask, current_app
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

log = structlog.get_logger()


class Lane(StrEnum):
    """How soon a worker looks at something; the order is the workers' order."""

    TRANSACTIONAL = "transactional"
    URGENT = "urgent"
    NORMAL = "normal"
    DIGEST = "digest"


LANES = tuple(lane.value for lane in Lane)
"""The queues, in the order in which workers look at them."""

_JOB_SECONDS = 120  # a job works a few seconds; this ends one that hangs


def init_tasks(app: Flask, url: str) -> None:
    """Keep one lazy Redis connection pool for the app."""
    app.extensions["redis"] = redis.Redis.from_url(url, socket_timeout=30,
                                                   socket_connect_timeout=5)


def connection() -> redis.Redis:
    """The app's Redis connection, for RQ and for the shared rate limits."""
    return cast(redis.Redis, current_app.extensions["redis"])


def queues(redis_connection: redis.Redis) -> list[Queue]:
    """All lanes, in a worker's order."""
    return [Queue(lane, connection=redis_connection, serializer=JSONSerializer,
                  default_timeout=_JOB_SECONDS) for lane in LANES]


def enqueue(lane: str, job: Callable[..., Any], *args: str | int) -> None:
    """Ring for one run of `job`. Call it after the commit, never before. A queue that does
    not answer is no error: the row is safe, and the clock rings again."""
    with _quiet_bell():
        _enqueue(_queue(lane), job, args)


def ring(lane: str, job: Callable[..., Any], *runs: tuple[str | int, ...]) -> None:
    """Ring until as many of each of these runs of `job` wait as there are workers, so that
    every worker can take part; what is already waiting counts. The runs take turns, so that
    workers spread over them: one slow provider does not keep all of them."""
    with _quiet_bell():
        queue = _queue(lane)
        workers = max(1, worker_count())
        lacking = [(args, workers - _waiting(queue, job, args)) for args in runs]
        for turn in range(workers):
            for args, lacks in lacking:
                if turn < lacks:
                    _enqueue(queue, job, args)


def ring_once(lane: str, job: Callable[..., Any], *args: str | int) -> None:
    """Ring for one run of `job` unless one is waiting already."""
    with _quiet_bell():
        queue = _queue(lane)
        if not _waiting(queue, job, args):
            _enqueue(queue, job, args)


def others_wait(job: Callable[..., Any], *args: str | int) -> bool:
    """Whether anything waits in any lane but runs of `job` that begin with these arguments."""
    name = f"{_name(job, args)}-"
    return any(not job_id.startswith(name)
               for queue in queues(connection()) for job_id in queue.job_ids)


@contextmanager
def _quiet_bell() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        log.warning("tasks.bell_unheard", error=type(error).__name__)


def worker_count() -> int:
    """How many workers are there, on all hosts. One that was killed counts a few minutes on."""
    return BaseWorker.count(connection=connection())


def lengths() -> dict[str, int]:
    """How many rings wait in each lane. Raises redis.RedisError."""
    return {queue.name: queue.count for queue in queues(connection())}


def _waiting(queue: Queue, job: Callable[..., Any], args: tuple[str | int, ...]) -> int:
    name = f"{_name(job, args)}--"
    return sum(1 for job_id in queue.job_ids if job_id.startswith(name))


def _enqueue(queue: Queue, job: Callable[..., Any], args: tuple[str | int, ...]) -> Job:
    return queue.enqueue_call(job, args=args, job_id=f"{_name(job, args)}--{uuid.uuid4().hex[:12]}",
                              result_ttl=0, failure_ttl=86_400)


def _queue(lane: str) -> Queue:
    return next(q for q in queues(connection()) if q.name == lane)


def _name(job: Callable[..., Any], args: tuple[str | int, ...]) -> str:
    return "-".join([job.__name__, *map(str, args)])


def first_in(bell: str, seconds: int) -> bool:
    """Whether nobody rang this bell within the last `seconds`; the caller now has."""
    return bool(connection().set(f"civic-push:bell:{bell}", 1, nx=True, ex=seconds))
