"""`civic-push run`: everything on one machine, one command, demo inboxes for providers."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import redis

from civic_push.demo import ground
from civic_push.demo.filling import Editor, fill
from civic_push.demo.ground import Places, Wishes
from civic_push.demo.parts import Household, Part
from civic_push.demo.trouble import Trouble

_PATIENCE = 60.0  # seconds until everything must have come up


class _Stopped(Exception):
    """Ctrl-C or SIGTERM came while we were still starting."""


class _Bell:
    """Remembers that somebody asked us to stop; a handler must do no more than that."""

    def __init__(self) -> None:
        self.rung = False

    def ring(self, _number: int, _frame: FrameType | None) -> None:
        """A signal handler."""
        self.rung = True


def run_demo(wishes: Wishes) -> int:
    """Run until Ctrl-C or SIGTERM and return the exit status. Raises Trouble, having
    ended whatever was started."""
    ground.check_tools()
    ground.check_folder(wishes.var)
    with ground.alone(wishes.var), _listening() as bell:
        ground.check_port(wishes.port)
        places = ground.prepare(wishes)
        household = Household(wishes.var / "log", places.environment, _say)
        try:
            _bring_up(household, wishes, places, bell)
            while not bell.rung:
                household.watch(0.5)
        except _Stopped:
            pass
        finally:
            _say("Ending everything …")
            household.stop()
    _say("Civic Push has ended. `make run` goes on with the same data.")
    return 0


def _bring_up(household: Household, wishes: Wishes, places: Places, bell: _Bell) -> None:
    household.start(Part("valkey", places.valkey_command, server=True,
                         shown=False))
    _await(household, bell, "valkey", lambda: _queue_answers(places.redis_url))
    _say("Preparing the database …")
    editor = fill(places.environment, wishes.new_password)
    household.start(Part("inboxes", places.inboxes_command, server=True))
    for part in _own_parts(wishes):
        household.start(part)
    _await(household, bell, "web", lambda: _web_answers(wishes.port))
    _welcome(wishes, editor)


def _own_parts(wishes: Wishes) -> Iterator[Part]:
    python = (sys.executable, "-m")
    yield Part("web", (*python, "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{wishes.port}",
                       "--workers", "2", "--threads", "8", "--worker-class", "gthread",
                       "--no-control-socket", "--log-level", "warning"))
    for number in range(1, wishes.workers + 1):
        yield Part(f"worker-{number}", (*python, "worker"))
    yield Part("clock", (*python, "worker", "clock"))
    yield Part("telegram", (*python, "worker", "telegram"))


def _await(household: Household, bell: _Bell, name: str, ready: ground.Question) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready():
        if bell.rung:
            raise _Stopped
        household.watch(0.2)
        if not household.running(name) or time.monotonic() > until:
            raise Trouble(f"“{name}” does not start; {household.log_dir / name}.log says why.")


def _queue_answers(url: str) -> bool:
    connection = redis.Redis.from_url(url, socket_timeout=2)
    try:
        return bool(connection.ping())
    except redis.RedisError:
        return False
    finally:
        connection.close()


def _web_answers(port: int) -> bool:
    # no proxy of the environment may stand between us and our own child
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def _listening() -> Iterator[_Bell]:
    """Turn SIGINT, SIGTERM and SIGHUP (a closed terminal) into a bell that we look at."""
    bell = _Bell()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, bell.ring) for number in numbers]
    try:
        yield bell
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _welcome(wishes: Wishes, editor: Editor) -> None:
    base = f"http://localhost:{wishes.port}"
    config = _shown(wishes.var / "civic-push.toml")
    _say(f"""
Civic Push is running. Ctrl-C ends it.

  Pages for residents   {base}/
  Demo inboxes          {base}/demo/inboxes
  Editors' desk         {base}/redaktion/
  Sign in as            {editor.email}
  Password              {editor.hint}

Try this first:
  1. {base}/anmelden: choose Ortsteile and topics, give any e-mail address.
  2. Open the demo inboxes and press the link in the confirmation mail.
  3. Sign in at the desk, write an announcement for one of your topics, publish it.
  4. Look into the demo inboxes again: there it is, by e-mail, SMS and Telegram;
     browser push shows up on your screen, if you allowed it.
  5. Commands for this demo: CIVIC_PUSH_CONFIG={config} civic-push --help
""")


def _shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # the terminal has gone; the logs in var/log go on
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
