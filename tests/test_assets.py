"""What scripts/assets.py makes of KERN UX and Fira Sans: what the pages use, and little else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from styles import Names, cut, names_in  # noqa: E402

VENDOR = ROOT / "civic_push" / "static" / "vendor"
KERN = ROOT / "node_modules" / "@kern-ux" / "native" / "dist" / "kern.min.css"


@pytest.mark.parametrize(("sheet", "kept"), [
    ("a{b:c}", "a{b:c}"),
    (".used{a:b}.unused{a:b}", ".used{a:b}"),
    (".used .unused,.used p,p{a:b}", ".used p,p{a:b}"),
    (".used:not(.unused){a:b}", ".used:not(.unused){a:b}"),
    (":is(body,.unused):not(p,.unused){a:b}", ":is(body,.unused):not(p,.unused){a:b}"),
    (".icon--add,.icon--eject{a:b}", ".icon--add{a:b}"),
    (r".used\:hover{a:b}", ""),
    ("@media (x){.used{a:b}.unused{a:b}}@media (x){.unused{a:b}}", "@media (x){.used{a:b}}"),
    ('@charset "UTF-8";.unused{a:b}:root{--a: b}', '@charset "UTF-8";:root{--a: b}'),
    ("@keyframes turn{to{a:b}}@font-face{a:b}", "@keyframes turn{to{a:b}}@font-face{a:b}"),
    ("", ""),
])
def test_rules_go_whose_classes_nobody_uses(sheet: str, kept: str) -> None:
    assert cut(sheet, Names({"used", "icon--", "add"})) == kept


def test_a_sheet_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not close"):
        cut("a{b:c", Names(set()))


def test_our_own_sheet_has_what_the_pages_use() -> None:
    """Whoever takes another class of KERN's gets it by `make`; this fails where it was not run."""
    names = names_in(ROOT / "civic_push", VENDOR)
    built = (VENDOR / "kern.min.css").read_text(encoding="utf-8")
    rules = cut(KERN.read_text(encoding="utf-8"), names).split("}")
    assert [rule for rule in rules if rule not in built] == []
    for name in ("kern-btn--primary", "kern-alert--danger", "kern-icon--warning", "kern-fieldset"):
        assert f".{name}" in built
    assert len(built) < 150_000


def test_each_font_has_its_file_and_each_file_its_font() -> None:
    rules = (VENDOR / "fonts.css").read_text(encoding="utf-8")
    named = re.findall(r'url\("([^"]+)"\)', rules)
    assert sorted(named) == sorted(path.name for path in VENDOR.glob("*.woff2"))
    assert rules.count("unicode-range:") == rules.count("font-display: swap") == len(named) == 9
