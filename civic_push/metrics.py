"""What Prometheus reads: gauges and counters in its text format, nothing of residents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

import redis
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from channels import KINDS
from civic_push import tasks
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.config import Settings
from civic_push.db import db
from civic_push.delivery import budget, health, tallies
from civic_push.delivery.models import ChannelPause
from civic_push.intake.models import Source

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Sample = tuple[Mapping[str, str], float]


def text(settings: Settings, now: datetime) -> str:
    """All numbers. A database or a queue that does not answer leaves its own out, and says
    so by `civic_push_database_up` or `civic_push_queue_up` of 0."""
    parts = [_family("info", "gauge", "The release that runs.",
                     [({"version": version("civic-push")}, 1)])]
    parts += _or_down("database", SQLAlchemyError, _of_database(db.session(), settings, now))
    parts += _or_down("queue", redis.RedisError, _of_queue(now))
    db.session.rollback()
    return "".join(parts)


def _or_down(part: str, error: type[Exception], families: Iterator[str]) -> list[str]:
    """What a part says, and that it answers; or only that it does not."""
    try:
        said, up = list(families), 1
    except error:
        said, up = [], 0
    return [_family(f"{part}_up", "gauge", f"1 while the {part} answers.", [({}, up)]), *said]


def _of_database(session: Session, settings: Settings, now: datetime) -> Iterator[str]:
    yield _family("messages_total", "counter",
                  "Messages by channel and outcome: sent, later (tried again), refused, gone, "
                  "unknown, or expired (did not leave in time).",
                  [({"channel": channel, "outcome": outcome}, number) for
                   (channel, outcome), number in sorted(tallies.totals(session).items())])
    lanes = health.waiting(session, now)
    for name, about in (("waiting", "Deliveries that wait, whenever they are due."),
                        ("due", "Deliveries that may leave now, or are leaving."),
                        ("overdue", "Deliveries that should have left by now.")):
        yield _family(f"deliveries_{name}", "gauge", about, [
            ({"channel": w.channel, "lane": w.lane}, getattr(w, name)) for w in lanes])
    yield from _channels(session, now)
    yield _family("sms_segments_month", "gauge", "Paid SMS segments this month.",
                  [({}, budget.spent_since_first(session, "sms", now))])
    yield _family("sms_segments_cap", "gauge", "How many there may be a month; 0: no cap.",
                  [({}, settings.sms_monthly_cap)])
    sources = session.execute(select(
        func.count(), func.count().filter(Source.errors > 0)).where(Source.active)).one()
    yield _family("sources", "gauge", "Sources that are read.", [({}, sources[0])])
    yield _family("sources_failing", "gauge", "Sources that could not be read last time.",
                  [({}, sources[1])])
    tray = session.scalar(select(func.count()).select_from(Announcement).where(
        Announcement.state == AnnouncementState.WAITING))
    yield _family("tray", "gauge", "Items that wait for an editor.", [({}, tray or 0)])


def _channels(session: Session, now: datetime) -> Iterator[str]:
    ready = current_app.extensions["channels"]
    yield _family("channel_ready", "gauge", "1 for a channel that is set up.",
                  [({"channel": name}, int(name in ready)) for name in KINDS])
    resting = {channel: bool(held) for channel, held in session.execute(
        select(ChannelPause.channel, ChannelPause.held_at.is_not(None))
        .where(ChannelPause.until > now))}
    yield _family("channel_paused", "gauge", "1 while a channel rests by itself: its provider "
                  "fails, or its budget is spent.",
                  [({"channel": name}, int(resting.get(name) is False)) for name in ready])
    yield _family("channel_held", "gauge", "1 while somebody has paused a channel.",
                  [({"channel": name}, int(resting.get(name, False))) for name in ready])


def _of_queue(now: datetime) -> Iterator[str]:
    tick = health.last_tick()
    yield _family("workers", "gauge", "Workers on all hosts.", [({}, tasks.worker_count())])
    yield _family("queue_jobs", "gauge", "Rings that wait for a worker.",
                  [({"lane": lane}, number) for lane, number in tasks.lengths().items()])
    if tick is not None:
        yield _family("clock_age_seconds", "gauge", "Seconds since the clock last looked.",
                      [({}, max(0.0, (now - tick).total_seconds()))])


def _family(name: str, kind: str, about: str, samples: Iterable[_Sample]) -> str:
    name = f"civic_push_{name}"
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
