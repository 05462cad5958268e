"""Every sentence in English, and the catalogue in step with code and templates."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from scripts import translations

CATALOGUE = translations.TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def sentences(message):
    """German and English of a message, singular and plural, in pairs."""
    pairs = zip(message.id, message.string, strict=True) if message.pluralizable else [
        (message.id, message.string)]
    return list(pairs)


def test_the_catalogue_is_in_step_with_the_sentences_people_see():
    text = CATALOGUE.read_text(encoding="utf-8")
    assert translations.updated(CATALOGUE, translations.found()) == text, (
        "run `python scripts/translations.py` and translate what is new")


def test_every_sentence_has_an_english_one_with_the_same_placeholders():
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    assert len(messages) > 100
    for message in messages:
        for german, english in sentences(message):
            assert english, f"{german!r} has no English"
            # a singular may say "one" instead of its number
            missing = set(PLACEHOLDER.findall(german)) ^ set(PLACEHOLDER.findall(english))
            assert missing <= ({"%(num)d"} if message.pluralizable else set()), german


def test_english_pages_hold_no_german_sentence(resident):
    assert CATALOGUE.with_suffix(".mo").exists(), "run `python scripts/assets.py`"
    for path in ("/", "/meldungen", "/anmelden", "/anmelden/fertig", "/einstellungen",
                 "/impressum", "/datenschutz", "/barrierefreiheit", "/gibt-es-nicht"):
        page = resident.open(f"{path}?sprache=en").text
        assert '<html lang="en">' in page, path
        words = re.sub(r"<[^>]+>", " ", page)
        assert not re.search(r"\b(Sie|und|nicht|werden|Ihre|wir)\b", words), path
