"""`civic-push run`: it comes up whole, goes on with the same data, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civic_push.config import PREFIX
from civic_push.demo import ground
from civic_push.demo.parts import Household, Part, session_members
from civic_push.demo.trouble import Trouble

COMMAND = [str(Path(sys.executable).with_name("civic-push")), "run"]


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.1)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried by its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def port() -> int:
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- the supervisor, with small parts ----


@pytest.fixture
def household(tmp_path: Path) -> Iterator[tuple[Household, list[str]]]:
    """A household that says everything into a list."""
    said: list[str] = []
    house = Household(tmp_path, os.environ, said.append)
    yield house, said
    with contextlib.suppress(ValueError, KeyError):
        house.stop(grace=0.5)


def shell(script: str) -> tuple[str, ...]:
    """A part's command line."""
    return ("/bin/sh", "-c", script)


House = tuple[Household, list[str]]


def watch_until(house: Household, true: Callable[[], object]) -> None:
    """Look after the parts until something is so."""
    def seen() -> object:
        house.watch(0.05)
        return true()

    until(seen)


def test_what_a_part_writes_is_shown_with_its_name_and_kept(
        household: House, tmp_path: Path) -> None:
    house, said = household
    house.start(Part("web", shell(r"printf 'hello\nhalf'; exec sleep 60")))
    watch_until(house, lambda: "web       | hello" in said)
    house.stop()
    assert "web       | half" in said
    assert (tmp_path / "web.log").read_text() == "hello\nhalf\n"


def test_a_part_that_ends_is_started_again_and_said_so(household: House) -> None:
    house, said = household
    house.start(Part("web", shell("echo up; exit 3")))
    watch_until(
        house, lambda: "web       | ended with status 3; starting it again in 2 s" in said)
    assert said.count("web       | up") == 2
    assert "web       | ended with status 3; starting it again in 1 s" in said


def test_a_part_that_ignores_sigterm_is_killed(household: House) -> None:
    house, said = household
    house.start(Part("deaf", shell("trap '' TERM; echo $$; while :; do sleep 0.1; done")))
    watch_until(house, lambda: said)
    pid = int(said[0].rpartition(" ")[2])
    house.stop(grace=0.5)
    assert any("does not end by itself" in line for line in said)
    assert session_members(pid) == []
    assert not lives(pid)


def test_what_a_part_has_started_ends_with_it(household: House) -> None:
    house, said = household
    house.start(Part("web", shell("(trap '' TERM; exec sleep 300) & echo $!; wait")))
    watch_until(house, lambda: said)
    grandchild = int(said[0].rpartition(" ")[2])
    assert lives(grandchild)
    house.stop(grace=0.5)
    assert not lives(grandchild)


def test_servers_end_after_those_who_use_them(household: House, tmp_path: Path) -> None:
    house, said = household
    note = tmp_path / "order"
    house.start(Part("queue", shell(f"trap 'echo queue >> {note}; exit' TERM; echo up; "
                                    "while :; do sleep 0.05; done"), server=True))
    house.start(Part("worker", shell(f"trap 'sleep 0.3; echo worker >> {note}; exit' TERM; "
                                     "echo up; while :; do sleep 0.05; done")))
    watch_until(house, lambda: len(said) == 2)
    house.stop()
    assert note.read_text().split() == ["worker", "queue"]


def test_a_part_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = ("import os, pathlib\n"
              "from civic_push.demo.parts import Household, Part\n"
              f"house = Household(pathlib.Path({str(tmp_path)!r}), os.environ, print)\n"
              "house.start(Part('web', ('/bin/sh', '-c', 'echo $$; exec sleep 300')))\n"
              "while True: house.watch(1)\n")
    with subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE,
                          text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().rpartition(" ")[2])
        parent.kill()
    until(lambda: not lives(pid))


# ---- the ground ----


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Trouble, match="choose another with --port"):
            ground.check_port(taken.getsockname()[1])


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble, match=r"cannot be written .* choose another with --var"):
        ground.check_folder(tmp_path / "file" / "var")


def test_a_missing_tool_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "TOOLS", (*ground.TOOLS, "no_such_package"))
    with pytest.raises(Trouble, match="no_such_package is not installed; `make install`"):
        ground.check_tools()


def test_a_deep_folder_gets_a_short_private_socket(tmp_path: Path) -> None:
    assert ground.socket_path(Path("/srv/var")) == Path("/srv/var/valkey.sock")
    path = ground.socket_path(tmp_path / ("deep/" * 30))
    try:
        assert len(bytes(path)) <= 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert ground.socket_path(tmp_path / ("deep/" * 30)) == path
    finally:
        path.parent.rmdir()


def test_the_demo_takes_no_real_provider_from_the_environment(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TELEGRAM_TOKEN", "CONFIG",
                 "SMS_URL_FILE", "PUBLIC_URL"):
        monkeypatch.setenv(PREFIX + name, "real")
    monkeypatch.setenv("CIVIC_PUSH_TOWN", "Lemgo")
    ground.check_folder(tmp_path)
    places = ground.prepare(ground.Wishes(port, tmp_path))
    ours = {name: value for name, value in places.environment.items() if name.startswith(PREFIX)}
    assert ours == {"CIVIC_PUSH_CONFIG": str(places.config), "CIVIC_PUSH_TOWN": "Lemgo"}
    assert places.config.stat().st_mode & 0o777 == 0o600
    written = tomllib.loads(places.config.read_text())
    assert written["demo"] is True
    assert written["public_url"] == f"http://localhost:{port}"


# ---- the whole ----


@pytest.fixture
def environment() -> dict[str, str]:
    """The tester's environment without settings of Civic Push."""
    return {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}


class Run:
    """One `civic-push run`."""

    def __init__(self, var: Path, port: int, environment: dict[str, str], *more: str) -> None:
        self.port, self.log = port, var.parent / "output"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "--port", str(port), "--var", str(var), *more], env=environment,
                stdout=output, stderr=subprocess.STDOUT)

    def text(self) -> str:
        """All that it has said."""
        return self.log.read_text()

    def is_up(self) -> bool:
        """Whether it said so; fails at once where it has ended instead."""
        assert self.process.poll() is None, self.text()
        return "Civic Push is running" in self.text()

    def descendants(self) -> list[int]:
        """Every process it has started, and theirs."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                words = entry.read_text().rpartition(")")[2].split()
                if int(words[1]) == self.process.pid:
                    found += session_members(int(entry.parent.name))
        return found

    def end(self, number: int = signal.SIGINT) -> int:
        """Ask it to end and wait."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def start(tmp_path: Path, port: int, environment: dict[str, str]) -> Iterator[Callable[..., Run]]:
    """Start `civic-push run` in this test's folder; ended afterwards in any case."""
    runs: list[Run] = []

    def begin(*more: str) -> Run:
        runs.append(Run(tmp_path / "var", port, environment, *more))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def test_it_comes_up_goes_on_with_its_data_and_leaves_nothing_behind(
        start: Callable[..., Run], port: int, tmp_path: Path) -> None:
    first = start()
    until(first.is_up, 120)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        assert answer.status == 200
        json.load(answer)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/meldungen", timeout=10) as answer:
        assert "Paderborner Straße" in answer.read().decode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/demo/inboxes", timeout=10) as answer:
        assert answer.status == 200
    assert re.search(r"Password +(\w{5}-){3}\w{5}   \(shown only now\)", first.text())

    second = subprocess.run([*COMMAND, "--port", "1", "--var", str(tmp_path / "var")],
                            capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert f"already running in {tmp_path / 'var'} (process {first.process.pid})" in second.stderr

    children = first.descendants()
    assert len(children) >= 8
    assert first.end() == 0
    assert [pid for pid in children if lives(pid)] == []
    assert is_free(port)

    again = start()
    until(again.is_up, 120)
    assert "as printed at the first start" in again.text()
    children = again.descendants()
    assert again.end(signal.SIGTERM) == 0
    assert [pid for pid in children if lives(pid)] == []


def test_a_worker_that_dies_is_replaced_and_a_killed_run_takes_its_parts_along(
        start: Callable[..., Run]) -> None:
    run = start("--workers", "1")
    until(run.is_up, 120)
    worker = next(pid for pid in run.descendants()
                  if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"-m\0worker\0"))
    os.kill(worker, signal.SIGKILL)
    until(lambda: "worker-1  | ended with status -9; starting it again in 1 s" in run.text())
    children = run.descendants()
    run.process.kill()
    run.process.wait()
    until(lambda: not any(lives(pid) for pid in children), 30)
    assert [pid for pid in children if lives(pid)] == []


def test_a_taken_port_ends_it_before_anything_is_started(
        start: Callable[..., Run], port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        run = start()
        assert run.process.wait(timeout=60) == 1
    assert run.text().strip() == (f"Error: Port {port} cannot be used (Address already in use); "
                                  "choose another with --port.")
