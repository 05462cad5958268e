"""Fixtures of the journeys: a town of each test's own, and visitors to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, text

from civic_push.db import Base
from tests.browsers import chromium
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.settling import settle
from tests.journeys.town import Town


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: SQLite, unless a test asks for more kinds with
    `parametrize("database", [...], indirect=True)`."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "civic_push.db")
        return f"sqlite:///{tmp_path / 'civic_push.db'}"
    return str(request.getfixturevalue("emptied_postgres"))


@pytest.fixture
def town(database: str, tmp_path: Path) -> Iterator[Town]:
    """The whole service and the world around it, running."""
    with settle(tmp_path, database) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A Chromium; a context in it is a visitor with cookies of his own."""
    with chromium.browser() as running:
        yield running


@pytest.fixture
def desktop() -> Iterator[NotificationDaemon]:
    """A screen that Chromium can show notifications on."""
    with NotificationDaemon() as daemon:
        yield daemon


@pytest.fixture
def emptied_postgres(migrated_postgres: str) -> str:
    """The session's PostgreSQL database, without what other tests left."""
    engine = create_engine(migrated_postgres)
    with engine.begin() as connection:
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return migrated_postgres
