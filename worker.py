"""The RQ worker; `worker.py clock` rings the bells, `worker.py telegram` asks Telegram.

    python worker.py [LANE …]     work on these lanes, all by default
    python worker.py clock        sweep, poll what is due; any number may run
    python worker.py telegram     long polling, where no webhook is set up
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from typing import Any

import structlog
from flask import Flask, current_app
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.worker import SimpleWorker
from sqlalchemy.exc import OperationalError

from civic_push.clock import tick
from civic_push.config import BadSetting
from civic_push.core import create_core
from civic_push.db import db, utcnow
from civic_push.delivery.drain import drain
from civic_push.tasks import LANES, connection, queues

log = structlog.get_logger()

TICK = 2.0  # seconds between two looks of the clock


class Worker(SimpleWorker):
    """Runs jobs in this process, so that connections to providers outlive a job."""

    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        """Leave nothing of one job's transaction to the next; outlive a flushed queue, which
        has forgotten the job by the time it is done."""
        try:
            return bool(super().perform_job(*args, **kwargs))
        except (InvalidJobOperation, NoSuchJobError):
            log.warning("worker.job_forgotten")
            return True
        finally:
            db.session.remove()


def work(app: Flask, lanes: list[str]) -> None:
    """Work until told to stop."""
    # batches make many short-lived objects and no cycles; looking for cycles every 700
    # allocations, through all modules loaded, costs some percent of a run
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with app.app_context():
        chosen = [q for q in queues(connection()) if q.name in (lanes or LANES)]
        _look_first([q.name for q in chosen])
        Worker(chosen, connection=connection(), serializer=chosen[0].serializer,
               log_job_description=False).work(logging_level="WARNING")


def _look_first(lanes: list[str]) -> None:
    """Look once for work before listening for bells: what has become due meanwhile leaves at
    once, and a first announcement need not wait until statements are compiled, catalogues
    read and handles made (0.2 s of CPU)."""
    for lane in lanes:
        for channel in current_app.extensions["channels"]:
            try:
                drain(channel, lane)
            except (OperationalError, OSError, ConnectionError) as error:
                log.warning("worker.first_look_failed", error=type(error).__name__)
            finally:
                db.session.remove()


def clock(app: Flask) -> None:
    """Tick until told to stop; an error of one tick does not end the clock."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    with app.app_context():
        while not stop.wait(TICK):
            try:
                tick(utcnow())
            except (OperationalError, OSError, ConnectionError) as error:
                log.warning("clock.tick_failed", error=type(error).__name__)
            except Exception:  # the clock must outlive a bad source or a bug in one bell
                log.exception("clock.tick_failed")
            finally:
                db.session.remove()


def poll_telegram() -> None:
    """Ask Telegram until told to stop. Its answers are those of the web's hook, so this needs
    the pages, which the others do without: they start sooner and take 25 MB less."""
    from civic_push.app import create_app  # noqa: PLC0415
    from civic_push.telegram.polling import poll_forever  # noqa: PLC0415

    poll_forever(create_app())


def main(arguments: list[str]) -> None:
    """Start what the arguments name."""
    if set(arguments) - {"clock", "telegram", *LANES}:
        sys.exit(__doc__)
    try:
        _start(arguments)
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")  # a traceback would hide the sentence
        raise SystemExit(3) from None  # systemd knows it: do not try again, as in wsgi.py


def _start(arguments: list[str]) -> None:
    if arguments == ["telegram"]:
        poll_telegram()
    elif arguments == ["clock"]:
        clock(create_core())
    else:
        work(create_core(), arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
