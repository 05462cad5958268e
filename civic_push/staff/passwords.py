"""What makes a password good enough: length, and not being what everybody tries first.
No rules on digits and signs: they make passwords worse (NIST SP 800-63B, BSI ORP.4)."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

LEAST, MOST = 12, 200
_COMMON = Path(__file__).parents[1] / "data" / "common_passwords.txt"
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertzuiopasdfghjklyxcvbnm",
         "qwertyuiopasdfghjklzxcvbnm")


class WeakPassword(ValueError):
    """A password that will not do: `length` says whether that is its fault."""

    def __init__(self, words: str, length: bool = False) -> None:
        super().__init__(words)
        self.length = length


def check(password: str, email: str = "", town: str = "") -> None:
    """Raise WeakPassword where it is short, common, a run, or the owner's own name."""
    if not LEAST <= len(password) <= MOST:
        raise WeakPassword(f"The password needs at least {LEAST} characters, and at most "
                           f"{MOST}.", length=True)
    core = _core(password)
    names = {_core(email.partition("@")[0]), _core(email), _core(town)} - {""}
    if _common(password, core) or _run(core) or core in names or len(set(password)) < 5:
        raise WeakPassword("This password is too easy to guess.")


def _core(words: str) -> str:
    """What is left without the digits and signs that people put around a word."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", words.casefold())


def _common(password: str, core: str) -> bool:
    known = _list()
    whole = password.casefold()
    return whole in known or core in known or whole[: len(whole) // 2] * 2 == whole


def _run(core: str) -> bool:
    """Whether it is keys or letters one after the other."""
    return len(core) >= 5 and any(core in run or core in run[::-1] for run in _RUNS)


@lru_cache(maxsize=1)
def _list() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("#"))
