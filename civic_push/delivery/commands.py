"""`civic-push status`: how things stand, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click
import redis
from flask.cli import with_appcontext

from civic_push import tasks
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import health
from civic_push.delivery.health import ChannelHealth, Readiness


@click.command("status")
@with_appcontext
def status() -> None:
    """Say what waits, what left, and what is wrong; fails where messages do not leave."""
    now = utcnow()
    ready = health.readiness(now)
    for line in _machinery(ready, now):
        click.echo(line)
    if ready.database:
        click.echo(f"\n{'channel':<10}{'state':<22}{'waiting':>9}{'overdue':>9}{'24 h':>9}")
        for channel in health.channels(db.session(), settings(), now):
            click.echo(f"{channel.name:<10}{_state(channel):<22}{channel.waiting:>9}"
                       f"{channel.overdue:>9}{channel.sent_today:>9}")
            for line in _about(channel):
                click.echo(f"{'':<10}{line}")
    if not ready.whole:
        raise click.ClickException("Messages do not leave as they should; "
                                   "`civic-push doctor` looks for the cause.")


def _machinery(ready: Readiness, now: datetime) -> Iterator[str]:
    yield f"database   {'answers' if ready.database else 'DOES NOT ANSWER'}"
    yield f"queue      {_queue() if ready.queue else 'DOES NOT ANSWER'}"
    yield f"clock      {_clock(now) if ready.queue else 'unknown'}"
    if ready.database:
        yield f"confirming {'prompt' if ready.transactional else 'LATE'}"


def _queue() -> str:
    try:
        rings = ", ".join(f"{lane} {number}" for lane, number in tasks.lengths().items())
        return f"answers; {tasks.worker_count()} workers; waiting: {rings}"
    except redis.RedisError:
        return "DOES NOT ANSWER"


def _clock(now: datetime) -> str:
    tick = health.last_tick()
    if tick is None:
        return "HAS NOT TICKED: is `worker.py clock` running?"
    age = max(0, int((now - tick).total_seconds()))
    late = now - tick >= health.CLOCK_PATIENCE
    return f"STANDS STILL for {age} s" if late else f"ticked {age} s ago"


def _state(channel: ChannelHealth) -> str:
    if not channel.ready:
        return "not set up"
    if channel.pause is None:
        return "running"
    how = "held" if channel.pause.held_at else "resting"
    return f"{how} to {channel.pause.until:%m-%d %H:%M} UTC"


def _about(channel: ChannelHealth) -> Iterator[str]:
    if channel.pause is not None:
        yield f"because: {channel.pause.reason or 'no reason given'}"
    if channel.cap:
        yield f"budget: {channel.spent} of {channel.cap} segments this month"
    for trouble in channel.troubles:
        yield f"{trouble.kind} {trouble.count}: {trouble.detail}"
