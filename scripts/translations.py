"""Bring the catalogues up to date with the sentences in code and templates.

`python scripts/translations.py` adds new sentences to every messages.po (untranslated, never
guessed) and drops those that are gone; `scripts/assets.py` compiles. German is what the code
says, so it needs no catalogue.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "civic_push"
TRANSLATIONS = PACKAGE / "translations"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_NOISE = re.compile(r'^#|^"(Project-Id-Version|Report-|Last-|Language-Team|Generated-By|.*-Date:)')


def main() -> None:
    """Update every catalogue."""
    template = found()
    for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        path.write_text(updated(path, template), encoding="utf-8")


def found() -> Catalog:
    """Every marked sentence of the package."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    template = Catalog(charset="utf-8")
    for _name, _line, message, comments, context in extract_from_dir(
            PACKAGE, methods, options, keywords=KEYWORDS):
        template.add(message, None, [], auto_comments=comments, context=context)
    return template


def updated(path: Path, template: Catalog) -> str:
    """A catalogue's text with the template's sentences and its own translations."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    out = io.BytesIO()
    write_po(out, catalogue, width=100, no_location=True, omit_header=False, sort_output=True)
    # dates of the last run would make every branch conflict with every other
    lines = out.getvalue().decode().splitlines()
    return "\n".join(line for line in lines if not _NOISE.search(line)) + "\n"


if __name__ == "__main__":
    main()
