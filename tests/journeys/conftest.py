"""Fixtures of the journeys: a town, cleared for each test, and visitors to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browsers import chromium
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.settling import settle
from tests.journeys.town import PATIENCE, Town

expect.set_options(timeout=PATIENCE * 1000)  # its own 5 s are too few on a busy machine


@pytest.fixture(scope="session")
def town_on_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
                   ) -> Iterator[Town]:
    """A running town for all journeys: its five processes take longer to come up than most
    journeys take."""
    folder = tmp_path_factory.mktemp("town")
    shutil.copy(sqlite_template, folder / "civic_push.db")
    with settle(folder, f"sqlite:///{folder / 'civic_push.db'}") as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite"])
def settled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
            ) -> Iterator[Town]:
    """A running town, on SQLite unless a test asks for more kinds with
    `parametrize("settled", [...], indirect=True)`. On PostgreSQL it lives for one module: the
    database is the other tests' too."""
    if request.param == "sqlite":
        yield request.getfixturevalue("town_on_sqlite")
        return
    url = str(request.getfixturevalue("migrated_postgres"))
    with settle(tmp_path_factory.mktemp("town"), url) as running:
        yield running


@pytest.fixture
def town(settled: Town) -> Town:
    """The whole service and the world around it, running; nobody has signed up yet and
    nothing is published."""
    settled.clear()
    return settled


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
