"""Builds a town for a test, starts it, and ends it for certain."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from sqlalchemy import delete

from civic_push import keys
from civic_push.app import create_app
from civic_push.config import load
from civic_push.db import Base, db, utcnow
from civic_push.demo.inboxes import init_inboxes, journal_path
from civic_push.seed import seed
from civic_push.staff import accounts
from tests.journeys.town import BOT, EDITOR, PASSWORD, Providers, Town, until
from tests.parts import Valkey
from tests.stand_ins.providers import serving


@contextmanager
def settle(folder: Path, database_url: str, **overrides: Any) -> Iterator[Town]:
    """Build a town on a migrated, empty database, start it, and end it for certain."""
    with ExitStack() as stack:
        valkey = Valkey()
        stack.callback(valkey.close)
        providers = Providers(journal_path(folder))
        stack.enter_context(providers.push)
        running = stack.enter_context(serving(
            providers.telegram, providers.sms, providers.feed, mail=providers.mail))
        providers.feed.port = running.http_port
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        url = f"http://localhost:{listener.getsockname()[1]}"  # a secure context by name
        environment = _environment(folder, {
            "database_url": database_url, "redis_url": valkey.url, "var_dir": str(folder),
            "public_url": url, "second_factor": "offered", "undo_seconds": 0,
            **_provider_settings(providers, running.mail_port),
            **keys.make(), **overrides})
        app = create_app(load(environment))
        init_inboxes(app)  # as wsgi.py does
        stack.callback(_close, app)
        _found(app)
        town = Town(folder, providers, url, app, environment)
        stack.callback(town.stop)
        _start(town, listener)
        yield town


def _start(town: Town, listener: socket.socket) -> None:
    town.start("web", "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{listener.fileno()}",
               "--workers", "1", "--threads", "8", "--worker-class", "gthread",
               "--no-control-socket", "--log-level", "warning",
               "--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s",
               pass_fds=(listener.fileno(),))
    town.start("worker", "worker.py")
    town.start("clock", "worker.py", "clock")
    town.start("telegram", "worker.py", "telegram")
    _await_health(town)


def _await_health(town: Town) -> None:
    """Wait until the web server answers. The listening socket is ours too, so a connection
    to it says nothing yet."""
    def look() -> bool:
        if not town.running("web"):
            raise RuntimeError(town.logs())
        try:
            return requests.get(f"{town.url}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False
    until(look, "healthy web server", 60)


def _provider_settings(providers: Providers, mail_port: int) -> dict[str, str]:
    http = f"127.0.0.1:{providers.feed.port}"
    return {
        "email_url": f"mailto://127.0.0.1:{mail_port}?from=push@stadt.example",
        "sms_url": f"smseagle://demo@{http}/{{to}}",
        "telegram_api": f"http://{http}", "telegram_token": providers.telegram.token,
        "telegram_bot": BOT, "push_services": providers.push.origin, "fetch_private": http,
    }


def _environment(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """Nothing of the machine's own settings or proxies reaches the service."""
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith("CIVIC_PUSH_") and not k.lower().endswith("_proxy")}
    return {**keep, "HOME": str(folder),
            **{f"CIVIC_PUSH_{name.upper()}": str(value) for name, value in settings.items()}}


def _found(app: Flask) -> None:
    """What every town has: Ortsteile, topics, an editor; and nothing of another test's."""
    with app.app_context():
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "trail_entry":  # it cannot be emptied
                db.session.execute(delete(table))
        seed(db.session())
        accounts.create(db.session(), EDITOR, PASSWORD, "admin", utcnow())
        db.session.commit()
        db.session.remove()


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        for channel in app.extensions["channels"].values():
            channel.close()
        app.extensions["redis"].close()
