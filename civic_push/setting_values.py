"""Where settings are read from, and how a text becomes a value; `config` says which there are."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BadSetting(ValueError):
    """A setting that cannot be used; the text says which, why and what to write."""


@dataclass(frozen=True, slots=True)
class OutletSetting:
    """A public place of the town, and which announcements it gets (slugs; empty: all)."""

    name: str
    url: str
    topics: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()


def from_file(path: str) -> dict[str, Any]:
    """The settings of a TOML file; none where no path is given. Raises BadSetting."""
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"The settings file {path} cannot be read: {error}.") from error


def from_environment(environ: Mapping[str, str], key: str) -> str | None:
    """What the environment says under this name, or in the file it names under <name>_FILE;
    None where it says nothing. Raises BadSetting."""
    if key in environ:
        return environ[key]
    if path := environ.get(f"{key}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{key}_FILE points to {path}, which cannot be read.") from error
    return None


def convert(value: Any, default: Any, outlets: bool = False) -> Any:
    """A text, or a value of a TOML file, in the type of its default. Raises whatever Python
    raises for what it cannot read."""
    return _outlets(value) if outlets else _CONVERTERS[type(default)](value)


def _bool(value: Any) -> bool:
    word = str(value).lower()
    if word not in ("1", "true", "yes", "0", "false", "no", ""):
        raise ValueError("write true or false")
    return word in ("1", "true", "yes")


def _words(value: Any) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split() if isinstance(value, str) else map(str, value))


def _outlets(value: Any) -> tuple[OutletSetting, ...]:
    entries = json.loads(value) if isinstance(value, str) and value.strip() else (value or [])
    return tuple(
        OutletSetting(str(e["name"]), str(e["url"]), _words(e.get("topics", ())),
                      _words(e.get("neighbourhoods", ())))
        for e in entries)


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    str: str, bool: _bool, int: int, float: float, tuple: _words}
