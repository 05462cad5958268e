"""Write the lock files from pyproject.toml: exact versions with the hashes of all wheels.

requirements.lock       what a production host needs
requirements-demo.lock  and what `make run` needs
requirements-dev.lock   and what `make test` and `make check` need

`--upgrade` takes newer versions; without it only what pyproject.toml asks for changes.
No address of a package index is written: each machine has its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = {"requirements-dev.lock": ("demo", "dev"), "requirements-demo.lock": ("demo",),
         "requirements.lock": ()}
# Needed below the Python that writes the locks: Debian 12 has 3.11.2, redis asks for this
# below 3.11.3, and pip-compile leaves out what its own Python does not need.
ALSO = ("async-timeout>=4.0.3",)
OPTIONS = ("--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--strip-extras",
           "--allow-unsafe")  # setuptools builds us, so it is pinned too


def main(upgrade: bool) -> None:
    """Write all locks, the widest first: the others take their versions from it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    widest = ROOT / next(iter(LOCKS))
    for name, extras in LOCKS.items():
        wanted = _wanted(project, extras)
        if ROOT / name != widest:
            shutil.copy(widest, ROOT / name)
        _compile(wanted, ROOT / name, upgrade=upgrade and ROOT / name == widest)
        _check(ROOT / name)


def _wanted(project: dict[str, dict[str, object]], extras: tuple[str, ...]) -> list[str]:
    """The requirements, without those that only name another extra of our own."""
    section = project["project"]
    optional = section["optional-dependencies"]
    lists = [project["build-system"]["requires"], section["dependencies"],
             *(optional[extra] for extra in extras)]
    own = str(section["name"])
    return [line for lines in (*lists, ALSO) for line in lines
            if not line.startswith(f"{own}[")]


def _compile(wanted: list[str], lock: Path, *, upgrade: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "requirements.in"
        source.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        subprocess.run(  # noqa: S603  our own words
            [sys.executable, "-m", "piptools", "compile", *OPTIONS,
             *(["--upgrade"] if upgrade else []), "-o", str(lock), str(source)],
            cwd=folder, check=True)
    text = lock.read_text(encoding="utf-8")  # without options: where this machine asks
    lock.write_text(re.sub(r"^-.*\n+", "", text, flags=re.MULTILINE), encoding="utf-8")


def _check(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    if found := re.search(r"\w+://\S+|^-.*", text, re.MULTILINE):
        raise SystemExit(f"{lock.name} holds an address or an option: {found.group()}")


if __name__ == "__main__":
    main("--upgrade" in sys.argv[1:])
