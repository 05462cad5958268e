"""A real, headless Firefox that gets its pushes from a push service of the test's own.

Debian's firefox-esr is pointed by preferences at tests/stand_ins/push_service.py and
driven over Marionette, which is built in: no geckodriver, no package. Its notifications are windows
of its own ("alert:alert"), which exist without a screen too and can be read and clicked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.browsers.marionette import Marionette, MarionetteError

BINARY = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox-esr"
PATIENCE = 30.0  # seconds; machines that run tests are busy

_ALERTS = """
    const out = [];
    for (const w of Services.wm.getEnumerator("alert:alert")) {
      if (w.document.readyState !== "complete") continue;
      out.push({title: w.document.getElementById("alertTitleLabel").getAttribute("value"),
                body: w.document.getElementById("alertTextLabel").textContent,
                source: w.document.getElementById("alertSourceLabel").getAttribute("value")});
    }
    return out;"""
_CLICK = """
    for (const w of Services.wm.getEnumerator("alert:alert")) {
      if (w.document.getElementById("alertTitleLabel").getAttribute("value") === arguments[0]) {
        w.document.getElementById("alertTextLabel").click();
        return true;
      }
    }
    return false;"""


def preferences(push_url: str) -> dict[str, str | bool | int]:
    """What user.js must say; `push_url` is the push service's ws:// address."""
    return {
        # --- push: the first three are all that push itself needs
        "dom.push.serverURL": push_url,
        "dom.push.testing.allowInsecureServerURL": True,  # ws:// and not wss://
        # Must be written out: under Marionette Firefox sets it to false
        # (remote/shared/RecommendedPreferences.sys.mjs) unless user.js has it.
        "dom.push.connection.enabled": True,
        "dom.push.retryBaseInterval": 300,  # ms; default 5000: quick reconnects
        # --- permission for notifications, and so for push, for every origin, no prompt
        "permissions.default.desktop-notification": 1,
        # Firefox's own alert windows, not D-Bus: needed to see and click them
        "alerts.useSystemBackend": False,
        # --- harness
        "marionette.port": 0,  # any free port -> PROFILE/MarionetteActivePort
        "network.proxy.type": 0,  # ignore http_proxy and the like
        "intl.accept_languages": "de",
        "browser.shell.checkDefaultBrowser": False,
        "browser.aboutwelcome.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
        "app.normandy.enabled": False,
        "extensions.update.enabled": False,
        "browser.safebrowsing.update.enabled": False,
        "fission.autostart": True,
        "dom.ipc.processCount": 1,  # few processes: a small machine
        "dom.ipc.processPrelaunch.enabled": False,
    }


class Firefox:
    """One profile; `start` and `quit` may be repeated on it."""

    def __init__(self, push_url: str) -> None:
        self.profile = Path(tempfile.mkdtemp(prefix="cp-firefox-", dir="/tmp"))
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                 for name, value in preferences(push_url).items())
        (self.profile / "user.js").write_text("".join(lines))
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.profile / "firefox.log"

    def __enter__(self) -> Firefox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def start(self) -> None:
        """Start the browser and wait until it can be driven."""
        port_file = self.profile / "MarionetteActivePort"
        port_file.unlink(missing_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        # HOME elsewhere: run as root with another user's HOME Firefox refuses to start
        env |= {"HOME": str(self.profile), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}
        for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
            env.pop(name, None)
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [BINARY, "--headless", "--no-remote", "--marionette",
                 "--remote-allow-system-access",  # the chrome context: alert windows
                 "--profile", str(self.profile)],
                stdout=out, stderr=out, env=env, start_new_session=True)
        self.marionette = Marionette(self._port(port_file))

    def _port(self, port_file: Path) -> int:
        end = time.monotonic() + 60
        while not port_file.exists() or not port_file.read_text().strip():
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"Firefox ended: {self._log.read_text()[-2000:]}")
            if time.monotonic() > end:
                raise TimeoutError("Firefox does not say where Marionette listens")
            time.sleep(0.05)
        return int(port_file.read_text())

    def open(self, url: str) -> None:
        """Go to a page and wait for it."""
        self.marionette.call("WebDriver:Navigate", url=url)

    def find(self, xpath: str) -> str:
        """The first element for an XPath, waiting for it; raises TimeoutError."""
        return str(self._until(lambda: next(iter(self.marionette.find(xpath)), None),
                               f"element {xpath}"))

    def tick(self, label: str) -> None:
        """Click the label of a checkbox or radio button that begins so."""
        self._click(f"//label[starts-with(normalize-space(), '{label}')]")

    def press(self, words: str) -> None:
        """Press a button of the page's own part, or follow a link there."""
        self._click(f"(//main//button|//main//a)[contains(normalize-space(), '{words}')]")

    def type(self, field: str, text: str) -> None:
        """Write into the field with this name attribute."""
        self.marionette.write(self.find(f"//*[@name='{field}']"), text)

    def text(self) -> str:
        """What the page says, as its reader sees it."""
        return str(self.page("document.body.innerText"))

    def wait_for_text(self, words: str) -> None:
        """Wait until the page says so; raises TimeoutError."""
        self._until(lambda: words in self.text(), f"text {words!r} on the page")

    def page(self, script: str, *args: object) -> Any:
        """Await a JavaScript expression in the page; the arguments are a[0], a[1], …"""
        out = self.marionette.run_async(
            "const a=[...arguments], done=a.pop();"
            f"Promise.resolve().then(()=>({script}))"
            ".then(v=>done({v}), e=>done({e:String(e)}))", *args)
        if "e" in out:
            raise RuntimeError(out["e"])
        return out.get("v")

    def alerts(self) -> list[dict[str, str]]:
        """The notifications on the (imagined) screen: title, body, source."""
        with self.marionette.chrome():
            return list(self.marionette.run(_ALERTS))

    def wait_alert(self, title: str) -> dict[str, str]:
        """The notification with this title; raises TimeoutError."""
        found: dict[str, str] = self._until(
            lambda: next((a for a in self.alerts() if a["title"] == title), None),
            f"notification {title!r}")
        return found

    def click_alert(self, title: str) -> None:
        """Click a notification, as its reader would."""
        self.wait_alert(title)
        with self.marionette.chrome():
            if not self.marionette.run(_CLICK, title):
                raise RuntimeError(f"the notification {title!r} has gone")

    def wait_for_tab(self, address: str) -> None:
        """Switch to the tab whose address contains this; raises TimeoutError."""
        def look() -> bool:
            for handle in self.marionette.call("WebDriver:GetWindowHandles"):
                with suppress(MarionetteError):  # a tab may be opening or closing
                    self.marionette.call("WebDriver:SwitchToWindow", handle=handle)
                    if address in self.marionette.call("WebDriver:GetCurrentURL"):
                        return True
            return False
        self._until(look, f"tab {address}")

    def deny_notifications(self) -> None:
        """Take the permission away from the page's site, as its visitor may."""
        self.marionette.call("WebDriver:SetPermission", state="denied",
                             descriptor={"name": "notifications"})

    def quit(self) -> None:
        """Shut down cleanly, so that the profile keeps workers and subscriptions."""
        if self._process is None:
            return
        if self._process.poll() is None:
            with suppress(OSError, ValueError):  # the socket may close before the answer
                self.marionette.call("Marionette:Quit", flags=["eForceQuit"])
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.marionette.close()
        self._process = None

    def _click(self, xpath: str) -> None:
        self.marionette.click(self.find(xpath))

    def _until(self, look: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                raise TimeoutError(f"no {what}; alerts {self.alerts()}, page: {self.text()}")
            time.sleep(0.1)
