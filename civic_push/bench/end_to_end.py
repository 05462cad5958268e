"""One whole run: residents, workers, one announcement, every delivery final."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.announcements import publishing
from civic_push.app import create_app
from civic_push.bench import pipes, residents
from civic_push.bench.processes import Machine
from civic_push.bench.service import Queue, Service, peaks, sample, settings_for
from civic_push.bench.sinks import Sinks
from civic_push.bench.watchers import Watched, Watchers
from civic_push.config import PREFIX, load
from civic_push.db import db, is_sqlite, utcnow
from civic_push.delivery import health, transactional
from civic_push.delivery.models import Delivery, Lane, Purpose
from civic_push.delivery.sweep import is_due
from subscriptions.models import Contact, ContactState, Neighbourhood, Subscriber, Topic


@dataclass(slots=True)
class Result:
    """What one run took. Times in seconds after publishing; CPU and memory by process."""

    deliveries: int
    wall: float
    reached: dict[str, float]
    confirmation: float
    cpu: dict[str, float]
    memory: dict[str, float]
    database_bytes: int
    states: dict[str, int]
    machine: Machine
    watched: Watched | None = None


def end_to_end(count: int, workers: int, database_url: str, say: Callable[[str], None],
               watchers: int = 0) -> Result:
    """Settle `count` residents, publish once, wait until every delivery is final. So many
    `watchers` look on from the desk."""
    with (tempfile.TemporaryDirectory(prefix="cp-bench-") as name, Sinks(Path(name)) as sinks,
          Queue(Path(name)) as queue):
        folder = Path(name)
        values = settings_for(folder, sinks, queue.url, database_url)
        app = create_app(load({PREFIX + name.upper(): value for name, value in values.items()}))
        with app.app_context():
            upgrade()
            session = db.session()
            topics, places = found_town(session)
            say(f"settling {count:,} residents …")
            residents.settle(session, app.extensions["seals"], sinks.push_origin, count,
                             topics, places, utcnow())
            with (Service(values, workers, sinks.certificate, folder / "log") as service,
                  Watchers(values, watchers, folder / "log") as desk):
                pids = {n: p.pid for n, p in service.processes.items()} | sinks.pids | desk.pids
                pids |= _server_pids(session, queue)
                _wait_for_service(workers)
                say("published; delivering …")
                result = _publish_and_watch(session, topics[0], count, pids, service, desk)
            db.engine.dispose()
        return result


def found_town(session: Session) -> tuple[list[int], list[int]]:
    """A dozen topics and 27 Ortsteile; return their ids."""
    topics = [Topic(slug=f"thema-{n}", name=f"Thema {n}", position=n) for n in range(12)]
    places = [Neighbourhood(slug=f"ortsteil-{n}", name=f"Ortsteil {n}") for n in range(27)]
    session.add_all([*topics, *places])
    session.commit()
    return [t.id for t in topics], [p.id for p in places]


def _wait_for_service(workers: int) -> None:
    """Wait until every worker listens and the clock has looked once: a service that runs is
    measured, not its start."""
    ends = time.monotonic() + 30
    while tasks.worker_count() < workers or health.last_tick() is None:
        if time.monotonic() > ends:
            raise RuntimeError("the service did not start; see its log")
        time.sleep(0.05)
    time.sleep(0.5)


def _server_pids(session: Session, queue: Queue) -> dict[str, int]:
    """The queue's process and, with PostgreSQL, the postmaster's."""
    pids = {"queue": queue.pid}
    if not is_sqlite(session.connection()):
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        stat = Path(f"/proc/{backend}/stat").read_text()
        pids["postgres"] = int(stat.rsplit(")", 1)[1].split()[1])
    session.commit()
    return pids


def _publish_and_watch(session: Session, topic: int, count: int, pids: dict[str, int],
                       service: Service, desk: Watchers) -> Result:
    before, machine = sample(pids), Machine.now()
    size_before = _database_bytes(session)
    published = utcnow()
    announcement = publishing.save(session, publishing.Draft(
        title="Sperrung der Bielefelder Straße", body=pipes.message().text,
        plain_body="Die Straße ist zu. Sie können dort nicht fahren.", topics=[topic]), published)
    announcement_id = announcement.id
    publishing.publish(session, announcement, published)
    desk.watch(announcement_id)
    time.sleep(min(2.0, count / 30_000))
    newcomer = _ask_for_confirmation(session)
    while _unfinished(session, announcement_id, newcomer):
        service.still_runs()
        time.sleep(0.5)
    spent = Machine.now().since(machine)
    # what was spent on waiting for us is the clock's and little; samples are taken at once
    cpu = {name: spent - before[name] for name, spent in sample(pids).items()}
    times = sorted((sent - published).total_seconds() for sent in session.scalars(
        select(Delivery.sent_at).where(Delivery.announcement_id == announcement_id,
                                       Delivery.sent_at.is_not(None))) if sent)
    asked = session.scalars(select(Delivery).where(Delivery.contact_id == newcomer)).one()
    assert asked.sent_at is not None
    return Result(
        deliveries=len(times), wall=times[-1],
        reached={f"{share} %": times[max(0, len(times) * share // 100 - 1)]
                 for share in (0, 50, 95, 100)},
        confirmation=(asked.sent_at - asked.created_at).total_seconds(), cpu=cpu,
        memory=peaks(pids), database_bytes=_database_bytes(session) - size_before,
        states=_states(session, announcement_id), machine=spent, watched=desk.seen())


def _states(session: Session, announcement_id: int) -> dict[str, int]:
    rows = session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.announcement_id == announcement_id).group_by(Delivery.state))
    return {state: number for state, number in rows}


def _ask_for_confirmation(session: Session) -> int:
    """Sign somebody up in the middle of the run; return the contact's id."""
    now, seals = utcnow(), current_app.extensions["seals"]
    contact = Contact(
        subscriber=Subscriber(created_at=now), channel="email", state=ContactState.PENDING,
        address=seals.seal("email", "newcomer@example.org"), challenge=1, created_at=now)
    session.add(contact)
    session.flush()
    transactional.write(session, contact, Purpose.CONFIRM, now)
    contact_id = contact.id
    session.commit()
    transactional.ring("email")
    return contact_id


def _unfinished(session: Session, announcement_id: int, newcomer: int) -> bool:
    """Whether anything of this run still waits or is under way (one row tells)."""
    done = session.scalar(text(
        "SELECT fan_out_done_at IS NOT NULL FROM announcement WHERE id = :id"),
        {"id": announcement_id})
    left = next((channel for channel in ("push", "email") for lane in Lane
                 if is_due(channel, lane, utcnow())), None)
    session.rollback()
    return not done or left is not None


def _database_bytes(session: Session) -> int:
    if is_sqlite(session.connection()):
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    else:
        query = "SELECT pg_database_size(current_database())"
    size = session.scalar(text(query))
    session.commit()
    return int(size or 0)
