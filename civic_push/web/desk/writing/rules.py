"""What is wrong with a field of the write form: each rule gives one sentence for it, or ""."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from flask_babel import format_decimal

from channels.base import Urgency
from civic_push.announcements import templates
from civic_push.announcements.cleaning import is_bomb
from civic_push.announcements.details import read_point
from civic_push.languages import LANGUAGES
from civic_push.web.desk.words import _
from civic_push.web.desk.writing.written import (
    LENGTHS,
    MARKDOWN,
    PLACES,
    TIMES,
    TOWN,
    Written,
)
from civic_push.web.wall_clock import parse_local


def texts(written: Written) -> dict[str, str]:
    """Texts that are too long or would choke their readers: field name → sentence."""
    errors = {}
    for name, text in written.texts().items():
        most = LENGTHS[name.partition("-")[0]]
        if len(text) > most:
            errors[name] = _("Bitte kürzen Sie: höchstens %(most)s Zeichen, es sind %(count)s.",
                             most=format_decimal(most),
                             count=format_decimal(len(text)))
        elif name.partition("-")[0] in MARKDOWN and is_bomb(text):
            errors[name] = _("Der Text ist zu tief verschachtelt, oder seine Tabelle ist zu "
                             "groß. Bitte machen Sie daraus Absätze oder kurze Listen.")
    return errors


def unfilled(written: Written) -> dict[str, str]:
    """Fields of a template that nobody has filled in."""
    return {name: _("Bitte ersetzen Sie noch: %(names)s.",
                    names=", ".join(f"{{{{{left}}}}}" for left in found))
            for name, text in written.texts().items() if (found := templates.fields(text))}


def translations(written: Written) -> dict[str, str]:
    """Translations with only half of what they need."""
    errors = {}
    for language, said in written.translations.items():
        for part in ("title", "body"):
            if not said.get(part):
                errors[f"{part}-{language}"] = (
                    _("%(language)s: Es fehlt noch der Titel.", language=LANGUAGES[language])
                    if part == "title" else
                    _("%(language)s: Es fehlt noch der Text.", language=LANGUAGES[language]))
    return errors


def plain(written: Written) -> str:
    """Einfache Sprache with only half of what it needs."""
    if written.plain_body:
        return ""
    if written.reviewer:
        return _("Es fehlt noch der Text, der als Leichte Sprache geprüft ist.")
    if written.plain_title or written.plain_short:
        return _("Zum Titel oder Kurztext in Einfacher Sprache fehlt noch der Text.")
    return ""


def where(written: Written, places: Collection[int]) -> str:
    """The Ortsteile; `places` are the ids that exist."""
    if written.where not in (TOWN, PLACES):
        return _(
            "Bitte wählen Sie, ob die Meldung für die ganze Stadt gilt oder für Ortsteile.")
    if written.where == PLACES and not written.places:
        return _("Bitte wählen Sie mindestens einen Ortsteil.")
    if set(written.places) - set(places):
        return _("Einen Ortsteil gibt es nicht mehr. Bitte wählen Sie noch einmal.")
    return ""


def urgency(written: Written) -> str:
    """How urgent it is."""
    if written.urgency in set(Urgency):
        return ""
    return _("Bitte wählen Sie, wie dringend die Meldung ist.")


def times(written: Written, now: datetime) -> dict[str, str]:
    """Begin, end and "valid until": what is no time, or past, or in the wrong order."""
    errors, found = {}, {}
    for name in TIMES:
        text = getattr(written, name)
        try:
            if text:
                found[name] = parse_local(text)
        except LookupError:
            errors[name] = _("Diese Uhrzeit gibt es an dem Tag nicht: Die Uhren werden "
                             "umgestellt.")
        except (ValueError, OverflowError):
            errors[name] = _("Bitte geben Sie Tag und Uhrzeit ein, zum Beispiel 18.11.2026 18:00.")
    for name in ("ends", "expires"):
        if name in found and found[name] <= now:
            errors[name] = _("Dieser Zeitpunkt ist schon vorbei. Bitte wählen Sie einen "
                             "späteren.")
        elif name in found and "starts" in found and found[name] <= found["starts"]:
            errors[name] = _("Das liegt vor dem Beginn. Bitte wählen Sie einen späteren "
                             "Zeitpunkt.")
    return errors


def link(written: Written) -> str:
    """The link to more."""
    if not written.link or _is_web_address(written.link):
        return ""
    return _("Bitte geben Sie eine vollständige Adresse ein, die mit https:// beginnt.")


def coordinates(written: Written) -> str:
    """The point on the map."""
    if not written.coordinates or read_point(written.coordinates):
        return ""
    return _("Das ist kein Punkt auf der Karte. Schreiben Sie ihn so: 51.9365, 8.8791.")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (parts.scheme in ("http", "https") and bool(parts.hostname)
                and "." in (parts.hostname or "") and parts.username is None
                and not any(c.isspace() or ord(c) < 32 for c in text))
    except ValueError:
        return False
