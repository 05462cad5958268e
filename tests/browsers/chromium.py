"""A real, headless Chromium, driven by Playwright (no `playwright install`: Debian's own
browser is used). For pushes it takes an ordinary profile, for they are refused off the
record, and gets them from tests/browsers/gcm_service.py."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.browsers.gcm_service import LocalGcmService
from tests.browsers.notification_daemon import NotificationDaemon

BINARY = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
_ARGS = ["--disable-dev-shm-usage", "--disable-gpu",
         *(["--no-sandbox"] if os.getuid() == 0 else [])]  # its sandbox refuses root


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without profile, for pages: open contexts in it, one a visitor."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BINARY, args=_ARGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def profile(push: LocalGcmService, desktop: NotificationDaemon, width: int = 1280
            ) -> Iterator[BrowserContext]:
    """A browser with a profile that may show notifications and gets pushes from `push`."""
    with (sync_playwright() as playwright,
          tempfile.TemporaryDirectory(prefix="cp-chromium-", dir="/tmp",
                                      ignore_cleanup_errors=True) as folder):
        context = _launch(playwright, Path(folder), push, desktop, width)
        context.add_init_script(push.page_script())
        try:
            yield context
        finally:
            context.close()


def _launch(playwright: Playwright, folder: Path, push: LocalGcmService,
            desktop: NotificationDaemon, width: int) -> BrowserContext:
    # in the profile, since grant_permissions() ends with the session
    written = folder / "Default" / "Preferences"
    written.parent.mkdir(parents=True)
    written.write_text(json.dumps(
        {"profile": {"default_content_setting_values": {"notifications": 1}}}))
    return playwright.chromium.launch_persistent_context(
        str(folder), executable_path=BINARY, headless=True, args=[*_ARGS, *push.switches()],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": desktop.address},
        locale="de-DE", viewport={"width": width, "height": 800},
        reduced_motion="reduce")  # no smooth scrolling: what has the focus is in view at once
