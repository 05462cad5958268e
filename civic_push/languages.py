"""The languages of pages and messages, and how each is written.

German is what the code says. Einfache Sprache is German in other words, so it has a catalogue
of its own, `de@einfach`, which falls back to the German sentences.
"""

from __future__ import annotations

from subscriptions.models import Register

LANGUAGES = {"de": "Deutsch", "en": "English", "tr": "Türkçe", "ru": "Русский",
             "uk": "Українська", "ar": "العربية"}
"""The languages by code, each in its own words. A text that a language lacks is German."""

EASY = "de@einfach"
"""The locale of Einfache Sprache."""

_BRITISH = "en_GB"  # days before months, and a clock of 24 hours


def locale_of(language: str, register: str = Register.STANDARD) -> str:
    """The locale that speaks to such a reader, for Flask-Babel's `force_locale`."""
    if language == "de":
        return EASY if register == Register.PLAIN else "de"
    return _BRITISH if language == "en" else language
