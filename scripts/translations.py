"""Keep the catalogues in step with the sentences in code and templates.

    .venv/bin/python scripts/translations.py          add what is new, drop what is gone
      … check                     name all that is missing or wrong
      … missing tr >tr.json       what is to be translated
      … merge tr tr.json          take translations in, checked

Nothing is guessed: a new sentence is empty in every catalogue. German is what the code says,
so it needs none; `de@einfach` says it in Einfache Sprache. What only the editors' desk says is
in English besides German, not in the other languages. `scripts/assets.py` compiles.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "civic_push"
TRANSLATIONS = PACKAGE / "translations"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2),
            "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
EASY = "de@einfach"
LOCALES = ("ar", EASY, "en", "ru", "tr", "uk")
DESK_LOCALES = ("en",)
"""Those that speak at the desk too."""
DESK = re.compile(r"^(templates/(desk|security|demo)/|web/(desk/|api/|problems)|staff/|demo/"
                  r"|delivery/staff_letters|intake/wording)")
"""Files whose sentences only editors see."""
LONGEST_EASY = 15  # words of a sentence in Einfache Sprache

_NOISE = re.compile(r'^#|^"(Project-Id-Version|Report-|Last-|Language-Team|Generated-By|.*-Date:)')
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"</?\w+[^>]*>")


def main(action: str = "update", locale: str = "", file: str = "") -> None:
    """Do what the command line asks for."""
    if action == "update":
        for name in LOCALES:
            _write(name, updated(path_of(name), found(name)))
    elif action == "check":
        wrong = [trouble for name in LOCALES for trouble in troubles(read(name), found(name))]
        sys.stdout.write("".join(f"{line}\n" for line in wrong))
        raise SystemExit(1 if wrong else 0)
    elif action == "missing" and locale in LOCALES:
        json.dump(missing(read(locale), found(locale)), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif action == "merge" and locale in LOCALES:
        entries = json.loads(Path(file).read_text(encoding="utf-8"))
        catalogue = merged(read(locale), found(locale), entries)
        _write(locale, _text(catalogue))
    else:
        raise SystemExit(__doc__)


def path_of(locale: str) -> Path:
    """Where a catalogue lies."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def found(locale: str) -> Catalog:
    """Every marked sentence that this language needs, with the files it stands in."""
    template = Catalog(charset="utf-8")
    for name, line, message, comments, context in _marked():
        if locale in DESK_LOCALES or not DESK.match(name):
            template.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return template


@cache
def _marked() -> list[tuple[Any, ...]]:
    """What code and templates mark, as Babel finds it; reading them all takes seconds."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    return list(extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS))


def read(locale: str) -> Catalog:
    """A catalogue as it lies there; an empty one where there is none yet."""
    if not path_of(locale).exists():
        return Catalog(locale=locale, charset="utf-8")
    with path_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def updated(path: Path, template: Catalog) -> str:
    """A catalogue's text with the template's sentences and its own translations."""
    catalogue = read(path.parent.parent.name)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return _text(catalogue)


def troubles(catalogue: Catalog, template: Catalog) -> list[str]:
    """All that is missing or wrong in a catalogue, a line each."""
    locale = str(catalogue.locale)
    wrong = []
    if (catalogue.num_plurals, catalogue.plural_expr) != tuple(get_plural(locale))[:2]:
        wrong.append(f"{locale}: the header's Plural-Forms are not CLDR's")
    wanted = {_key(message) for message in template if message.id}
    have = {_key(message): message for message in catalogue if message.id}
    wrong += [f"{locale}: {key[1]!r} is not in the catalogue" for key in wanted - set(have)]
    wrong += [f"{locale}: {key[1]!r} is said nowhere" for key in set(have) - wanted]
    return wrong + [f"{locale}: {message.id!r} {fault}" for message in have.values()
                    for fault in faults(message, catalogue)]


def faults(message: Message, catalogue: Catalog) -> list[str]:
    """What is wrong with one translation."""
    said = _strings(message)
    if message.fuzzy:
        return ["is marked fuzzy"]
    if len(said) != (catalogue.num_plurals if message.pluralizable else 1):
        return [f"has {len(said)} forms, the language has {catalogue.num_plurals}"]
    if not all(said):
        return ["is not translated"]
    german = message.id if message.pluralizable else (message.id, message.id)
    return [fault for form, text in enumerate(said)
            for fault in _faults(german[1], text, catalogue, form, message.pluralizable)]


def _faults(german: str, text: str, catalogue: Catalog, form: int, plural: bool) -> list[str]:
    faults = []
    lost = set(_PLACEHOLDER.findall(german)) ^ set(_PLACEHOLDER.findall(text))
    if plural and len(_numbers(catalogue, form)) == 1:
        lost -= {"%(num)d"}  # a form for one number may say "one"
    if lost:
        faults.append(f"and {text!r} differ in {', '.join(sorted(lost))}")
    if _percents(german) != _percents(text):
        faults.append(f"and {text!r} differ in percent signs")
    if Counter(_TAG.findall(german)) != Counter(_TAG.findall(text)):
        faults.append(f"and {text!r} differ in markup")
    if (german[:1].isspace(), german[-1:].isspace()) != (text[:1].isspace(), text[-1:].isspace()):
        faults.append(f"and {text!r} differ in outer blanks")
    if str(catalogue.locale) == EASY and (long := longest_sentence(text)) > LONGEST_EASY:
        faults.append(f"has a sentence of {long} words; Einfache Sprache: {LONGEST_EASY} at most")
    return faults


def longest_sentence(text: str) -> int:
    """How many words the longest sentence has."""
    sentences = re.split(r"[.!?:;]+(?:\s|$)|\n", _TAG.sub("", text))
    return max(len(re.findall(r"[^\W_]+(?:[-’'.@/][^\W_]+)*", sentence)) for sentence in sentences)


def missing(catalogue: Catalog, template: Catalog) -> list[dict[str, Any]]:
    """What is to be translated. A translator fills in `translation`: for a plural, one text
    for each of `forms`, which name the numbers they are for."""
    have = {_key(m): m for m in catalogue if m.id}
    wanted = sorted((m for m in template if m.id), key=lambda m: str(m.id))
    return [{
        "german": list(m.id) if m.pluralizable else m.id, "context": m.context,
        "where": sorted({name for name, _line in m.locations}),
        **({"forms": [", ".join(map(str, _numbers(catalogue, form)[:6]))
                      for form in range(catalogue.num_plurals)]} if m.pluralizable else {}),
        "translation": [""] * catalogue.num_plurals if m.pluralizable else ""}
        for m in wanted if _key(m) not in have or faults(have[_key(m)], catalogue)]


def merged(catalogue: Catalog, template: Catalog, entries: list[dict[str, Any]]) -> Catalog:
    """A catalogue with translations in the form of `missing`. Raises SystemExit, naming each,
    where one of them is wrong."""
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    wrong = []
    for entry in entries:
        german = entry["german"]
        message = catalogue.get(german if isinstance(german, str) else german[0],
                                entry.get("context"))
        if message is None:
            wrong.append(f"{german!r} is said nowhere")
            continue
        text = entry["translation"]
        message.string = text if isinstance(text, str) else tuple(text)
        wrong += [f"{german!r} {fault}" for fault in faults(message, catalogue)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    return catalogue


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _numbers(catalogue: Catalog, form: int) -> list[int]:
    """The numbers up to 200 that take this plural form."""
    form_of = c2py(catalogue.plural_expr)
    return [number for number in range(201) if form_of(number) == form]


def _percents(text: str) -> int:
    return _PLACEHOLDER.sub("", text).count("%")


def _text(catalogue: Catalog) -> str:
    out = io.BytesIO()
    write_po(out, catalogue, width=100, no_location=True, omit_header=False, sort_output=True)
    # dates of the last run would make every branch conflict with every other
    lines = out.getvalue().decode().splitlines()
    return "\n".join(line for line in lines if not _NOISE.search(line)) + "\n"


def _write(locale: str, text: str) -> None:
    path_of(locale).parent.mkdir(parents=True, exist_ok=True)
    path_of(locale).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
