"""The three secrets of an installation, and the files they are kept in.

secret_key          signs sessions and links; changing it ends both
address_key         encrypts residents' addresses; losing it loses every address
vapid_private_key   signs browser pushes; `civic-push rotate-push-key` puts a new one before
                    it, and the older ones go on to hold for who subscribed with them
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from channels.vapid import new_private_key

MAKERS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_hex(32),
    "address_key": lambda: secrets.token_hex(32),
    "vapid_private_key": new_private_key,
}
"""How each key is made, by the name of its setting."""


def make() -> dict[str, str]:
    """Make one of each, by the name of the setting."""
    return {name: maker() for name, maker in MAKERS.items()}


def ensure(folder: Path) -> dict[str, Path]:
    """Write the keys that are not in `folder` yet, readable by this account only (0600),
    and return every key's file by setting. What exists is never overwritten. Raises
    OSError where the folder cannot be written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {name: folder / name for name in MAKERS}
    for name, path in files.items():
        if not path.exists():
            _write_new(path, MAKERS[name]() + "\n")
    return files


def too_open(path: Path) -> bool:
    """Whether others than its owner and group may read a file, or the group may change it."""
    return bool(path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP))


def replace(path: Path, text: str) -> None:
    """Write other keys into a file that exists, whole or not at all, keeping its owner and
    permissions. Raises OSError."""
    before = path.stat()
    part = _write_part(path, text)
    try:
        if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(part, before.st_uid, before.st_gid)
        part.chmod(stat.S_IMODE(before.st_mode))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_part(path: Path, text: str) -> Path:
    """Write beside a file, down to the disk: half a key would be worse than none."""
    part = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return part


def _write_new(path: Path, text: str) -> None:
    part = _write_part(path, text)
    try:
        os.link(part, path)  # unlike a rename, this never replaces a key made meanwhile
    except FileExistsError:
        pass
    finally:
        part.unlink()
