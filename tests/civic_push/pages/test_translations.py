"""Every sentence in every language, and the catalogues in step with code and templates."""

from __future__ import annotations

import io
import re
from gettext import GNUTranslations

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from scripts import translations

SENTENCE = "Hallo %(name)s, lesen Sie <b>das</b>."
MEALS = ("Ein Brot", "%(num)d Brote")


@pytest.mark.parametrize("locale", translations.LOCALES)
def test_a_catalogue_is_complete_and_right(locale):
    found = translations.troubles(translations.read(locale), translations.found(locale))
    assert not found, "\n".join([
        f"{len(found)} troubles; `make catalogue` and translate:", *found[:20]])


@pytest.mark.parametrize("locale", translations.LOCALES)
def test_a_catalogue_is_compiled(locale):
    today = io.BytesIO()
    write_mo(today, translations.read(locale))
    compiled = translations.path_of(locale).with_suffix(".mo")
    assert compiled.exists(), "run `make install`"
    assert said(compiled.read_bytes()) == said(today.getvalue()), "run `make install`"


def said(compiled):
    """The sentences of a compiled catalogue, without its head, where the time stands."""
    sentences = dict(GNUTranslations(io.BytesIO(compiled))._catalog)
    del sentences[""]
    return sentences


def catalogue(locale="en", **translated):
    """A catalogue of two messages, one with a plural."""
    made = Catalog(locale=locale)
    made.add(SENTENCE, translated.get("sentence", "Hello %(name)s, read <b>this</b>."))
    made.add(MEALS, translated.get("meals", ("One bread", "%(num)d breads")))
    return made


def faults(**translated):
    made = catalogue(**translated)
    return [fault for message in made if message.id
            for fault in translations.faults(message, made)]


def test_a_right_catalogue_has_no_faults():
    assert faults() == []
    arabic = ("لا خبز", "خبز واحد", "خبزان", "%(num)d أرغفة", "%(num)d رغيف", "%(num)d رغيفا")
    assert faults(locale="ar", sentence="مرحبا %(name)s، اقرأ <b>هذا</b>.", meals=arabic) == []


@pytest.mark.parametrize(("wrong", "words"), [
    ({"sentence": ""}, "not translated"),
    ({"sentence": "Hello, read <b>this</b>."}, "%(name)s"),
    ({"sentence": "Hello %(nom)s, read <b>this</b>."}, "%(name)s, %(nom)s"),
    ({"sentence": "Hello %(name)s, read this."}, "markup"),
    ({"sentence": "Hello %(name)s, read <b>100 %</b>."}, "percent"),
    ({"sentence": "Hello %(name)s, read <b>this</b>. "}, "blanks"),
    ({"meals": ("One bread", "")}, "not translated"),
    ({"meals": ("One bread", "Many breads")}, "%(num)d"),
    ({"locale": "ru", "meals": ("Один хлеб", "%(num)d хлеба", "%(num)d хлебов")}, "%(num)d"),
    ({"locale": "ru", "meals": ("%(num)d хлеб", "%(num)d хлеба")}, "2 forms"),
    ({"locale": "de@einfach", "sentence": "Hallo %(name)s, " + "und noch " * 8 + "<b>das</b>."},
     "Einfache Sprache"),
])
def test_a_wrong_translation_is_named(wrong, words):
    found = faults(**wrong)
    assert len(found) == 1
    assert words in found[0]


def test_what_was_guessed_by_a_machine_does_not_count():
    made = catalogue()
    next(message for message in made if message.id == SENTENCE).flags.add("fuzzy")
    assert translations.troubles(made, catalogue()) == [f"en: {SENTENCE!r} is marked fuzzy"]


def test_a_catalogue_that_lacks_a_sentence_or_holds_an_old_one_is_named():
    lacking, template = Catalog(locale="en"), Catalog()
    template.add("Neu")
    lacking.add("Alt", "Old")
    assert translations.troubles(lacking, template) == [
        "en: 'Neu' is not in the catalogue", "en: 'Alt' is said nowhere"]


def test_wrong_plural_rules_are_named():
    russian = Catalog(locale="ru")
    russian._num_plurals, russian._plural_expr = 2, "(n != 1)"
    assert "Plural-Forms" in translations.troubles(russian, Catalog())[0]


def test_what_is_missing_goes_to_a_translator_and_comes_back():
    template = Catalog()
    template.add(SENTENCE, locations=[("web/a.py", 3)])
    template.add(MEALS)
    asked = translations.missing(Catalog(locale="uk"), template)
    assert [entry["german"] for entry in asked] == [list(MEALS), SENTENCE]
    assert asked[0]["forms"] == ["1, 21, 31, 41, 51, 61", "2, 3, 4, 22, 23, 24",
                                 "0, 5, 6, 7, 8, 9"]
    asked[0]["translation"] = ["%(num)d хліб", "%(num)d хліби", "%(num)d хлібів"]
    asked[1]["translation"] = "Вітаю, %(name)s, читайте <b>це</b>."
    done = translations.merged(Catalog(locale="uk"), template, asked)
    assert translations.troubles(done, template) == []
    asked[1]["translation"] = "Вітаю"
    with pytest.raises(SystemExit, match="differ in"):
        translations.merged(Catalog(locale="uk"), template, asked)


def test_the_desk_speaks_german_and_english_only():
    residents, everybody = (
        {str(message.id) for message in translations.found(locale) if message.id}
        for locale in ("tr", "en"))
    assert residents < everybody
    assert {"Anmelden", "Barriere melden"} <= residents
    assert "Es wurde nichts gemeldet." in everybody - residents


@pytest.mark.parametrize(("text", "words"), [
    ("Das ist kurz. Das ist ein bisschen länger!", 5), ("Wählen Sie: E-Mail oder SMS", 3),
    ("um 10.30 Uhr", 3), ("<b>Zwei Wörter</b>", 2)])
def test_sentences_are_measured_in_words(text, words):
    assert translations.longest_sentence(text) == words


def test_english_pages_hold_no_german_sentence(resident):
    for path in ("/", "/meldungen", "/anmelden", "/anmelden/fertig", "/einstellungen",
                 "/impressum", "/datenschutz", "/barrierefreiheit", "/barrierefreiheit/melden",
                 "/gibt-es-nicht"):
        page = resident.open(f"{path}?sprache=en").text
        assert '<html lang="en">' in page, path
        words = re.sub(r"<[^>]+>", " ", page)
        assert not re.search(r"\b(Sie|und|nicht|werden|Ihre|wir)\b", words), path


def test_messages_are_compared_by_context_too():
    one = Message("Abmelden", "Leave")
    assert translations._key(one) != translations._key(Message("Abmelden", context="Redaktion"))
