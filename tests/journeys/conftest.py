"""Fixtures of the journeys: a town of each test's own, and visitors to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browsers import chromium
from tests.browsers.notification_daemon import NotificationDaemon
from tests.journeys.settling import settle
from tests.journeys.town import Town


@pytest.fixture(scope="module", params=["sqlite"])
def settled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
            ) -> Iterator[Town]:
    """A running town for the tests of one module, on SQLite unless a test asks for more
    kinds with `parametrize("settled", [...], indirect=True)`."""
    folder = tmp_path_factory.mktemp("town")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "civic_push.db")
        url = f"sqlite:///{folder / 'civic_push.db'}"
    else:
        url = str(request.getfixturevalue("migrated_postgres"))
    with settle(folder, url) as running:
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
