"""Write every setting of civic_push/config.py into the README's table and the example file.

Run it after changing a setting; a test fails until you have.
"""

from __future__ import annotations

import json
import re
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from civic_push.config import PREFIX, Settings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EXAMPLE = ROOT / "deploy" / "civic-push.toml.example"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def table() -> str:
    """The README's table, in Markdown."""
    rows = [f"| `{PREFIX}{f.name.upper()}` | {_shown(f)} | {f.metadata['about']} |"
            for f in fields(Settings)]
    return "\n".join(["| Setting | Default | What it is |", "|---|---|---|", *rows])


def example() -> str:
    """The example settings file: everything commented out, with its default."""
    head = ("# Settings of Civic Push; CIVIC_PUSH_CONFIG names this file. Remove the # of what\n"
            "# you change. It holds secrets: chmod 640, owner root, group civic-push; or keep a\n"
            "# secret in a file of its own and name that in CIVIC_PUSH_<NAME>_FILE.\n")
    return head + "".join(f"\n# {f.metadata['about']}\n# {f.name} = {_toml(f.default)}\n"
                          for f in fields(Settings))


def filled(readme: str) -> str:
    """The README with today's table between its marks."""
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table()}\n{END}", readme,
                  flags=re.DOTALL)


def _shown(setting: Field[Any]) -> str:
    default = setting.default
    if default in ("", ()):
        return "–"
    text = ", ".join(default) if isinstance(default, tuple) else _toml(default).strip('"')
    return f"`{text}`"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    EXAMPLE.write_text(example(), encoding="utf-8")
