"""A desktop's notification daemon for tests: a D-Bus session bus of its own with an
org.freedesktop.Notifications service that shows nothing, remembers what was asked for,
and can click or dismiss it.

Headless Chromium hands its notifications to this when it is started with
DBUS_SESSION_BUS_ADDRESS=daemon.address, and treats `click` as the user's click:
notificationclick fires with user activation, so clients.openWindow() works. Start the
daemon before the browser, which asks for it once, at its start.
"""
# ruff: noqa: F722, F821, UP037 – the quoted annotations are D-Bus type signatures

from __future__ import annotations

import html
import subprocess
import threading
import time
from dataclasses import dataclass
from types import TracebackType

from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tests.stand_ins.loops import LoopThread

_NAME = "org.freedesktop.Notifications"


@dataclass(slots=True)
class Shown:
    """A notification on the imagined screen. Chromium puts "ORIGIN\\n\\n" before the body;
    `actions` are the labels of its buttons by key."""

    id: int
    app: str
    title: str
    body: str
    actions: dict[str, str]
    open: bool = True


class _Service(ServiceInterface):  # type: ignore[misc]  # dbus_fast is compiled
    def __init__(self, daemon: NotificationDaemon) -> None:
        super().__init__(_NAME)
        self._daemon, self._last = daemon, 0

    @dbus_method()
    def GetCapabilities(self) -> "as":
        return ["actions", "body", "persistence"]

    @dbus_method()
    def GetServerInformation(self) -> "ssss":
        return ["notification_daemon", "test", "1", "1.2"]

    @dbus_method()
    def Notify(self, app: "s", replaces: "u", icon: "s", summary: "s", body: "s",
               actions: "as", hints: "a{sv}", timeout: "i") -> "u":
        if not replaces:
            self._last += 1
        number = replaces or self._last
        labels = dict(zip(actions[::2], actions[1::2], strict=True))
        self._daemon.add(Shown(number, app, summary, html.unescape(body), labels))
        return number

    @dbus_method()
    def CloseNotification(self, number: "u"):
        self._daemon.closed(number)
        self.NotificationClosed(number, 3)

    @dbus_signal()
    def ActionInvoked(self, number, key) -> "us":
        return [number, key]

    @dbus_signal()
    def NotificationClosed(self, number, reason) -> "uu":
        return [number, reason]


class NotificationDaemon:
    """The daemon, running while the `with` block does."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.address = ""
        self._condition = threading.Condition()

    def __enter__(self) -> NotificationDaemon:
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._bus.stdout is not None
        self.address = self._bus.stdout.readline().strip()
        self._turning = LoopThread()
        self._turning.start()
        self._turning.run(self._serve())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._turning.run(self._leave())
        self._turning.end()
        self._bus.terminate()
        self._bus.wait(10)
        assert self._bus.stdout is not None
        self._bus.stdout.close()

    def wait(self, title: str, seconds: float = 30) -> Shown:
        """The open notification with that title; raises TimeoutError."""
        end = time.monotonic() + seconds
        with self._condition:
            while True:
                for item in self.shown:
                    if item.title == title and item.open:
                        return item
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no notification {title!r}: {self.shown}")
                self._condition.wait(left)

    def click(self, item: Shown, action: str = "default") -> None:
        """The user clicks it, or its button with that key."""
        self._turning.loop.call_soon_threadsafe(self._service.ActionInvoked, item.id, action)

    def dismiss(self, item: Shown) -> None:
        """The user closes it."""
        self.closed(item.id)
        self._turning.loop.call_soon_threadsafe(self._service.NotificationClosed, item.id, 2)

    def add(self, item: Shown) -> None:
        """The bus brought a notification, new or over one of the same number."""
        with self._condition:
            self.shown = [s for s in self.shown if s.id != item.id] + [item]
            self._condition.notify_all()

    def closed(self, number: int) -> None:
        """A notification has left the screen."""
        with self._condition:
            for item in self.shown:
                item.open = item.open and item.id != number
            self._condition.notify_all()

    async def _serve(self) -> None:
        self._connection = await MessageBus(bus_address=self.address).connect()
        self._service = _Service(self)
        self._connection.export("/org/freedesktop/Notifications", self._service)
        await self._connection.request_name(_NAME)

    async def _leave(self) -> None:
        self._connection.disconnect()
        await self._connection.wait_for_disconnect()
