"""Sentences that are said in more than one place, and the consent text."""

from __future__ import annotations

from flask_babel import get_locale

from civic_push.config import settings
from civic_push.web.language import _
from subscriptions.signup import Wording

CONSENT_VERSION = "2026-11"
"""Change it whenever the words of `consent` change: it is stored with each consent."""


def consent() -> Wording:
    """The consent text in the page's words, as shown beside its checkbox; the version ends
    with the locale ("de@einfach")."""
    return Wording(f"{CONSENT_VERSION}-{get_locale() or 'de'}", _(
        "Ja, %(sender)s darf meine Kontaktdaten und meine Auswahl speichern, um mir die "
        "gewählten Meldungen zu schicken. Das ist freiwillig. Ich kann es jederzeit beenden: "
        "über den Link in jeder Nachricht oder auf der Seite „Einstellungen“. Dann werden "
        "meine Kontaktdaten gelöscht. Die Datenschutzhinweise habe ich gelesen.",
        sender=settings().sender))


def nothing_chosen(field: str) -> str:
    """What to do where nothing was chosen."""
    return {
        "ortsteil": _("Wählen Sie mindestens einen Ortsteil oder die ganze Stadt."),
        "thema": _("Wählen Sie mindestens ein Thema oder alle Themen."),
        "wege": _("Wählen Sie mindestens einen Weg, zum Beispiel E-Mail."),
        "einwilligung": _("Ohne Ihre Einwilligung dürfen wir Ihnen nichts schicken. Setzen Sie "
                          "bitte das Häkchen."),
    }[field]


def about_address(code: str) -> str:
    """What is wrong with an address (channels.base.InvalidAddress.code), and what to do."""
    known = {
        "email_malformed": _("Schreiben Sie die E-Mail-Adresse so: name@beispiel.de"),
        "email_international": _("Vor dem @-Zeichen können wir keine Umlaute verwenden. Haben "
                                 "Sie eine andere E-Mail-Adresse?"),
        "email_disposable": _("Das ist eine Wegwerf-Adresse, die es bald nicht mehr gibt. Bitte "
                              "geben Sie eine Adresse an, die Sie behalten."),
        "sms_malformed": _("Schreiben Sie die Handynummer so: 0151 23456789"),
        "sms_country": _("An Nummern aus diesem Land können wir keine SMS schicken. Wählen "
                         "Sie bitte einen anderen Weg."),
        "sms_landline": _("Das ist keine Handynummer. SMS gehen nur an Handys. Geben Sie eine "
                          "Handynummer an, oder wählen Sie einen anderen Weg."),
        "push_malformed": _("Ihr Browser hat keine gültigen Angaben geschickt. Laden Sie die "
                            "Seite neu und versuchen Sie es noch einmal."),
        "push_key_unknown": _("Diese Seite ist nicht mehr aktuell. Laden Sie sie neu und "
                              "versuchen Sie es noch einmal."),
        "push_service_unknown": _("Den Benachrichtigungsdienst Ihres Browsers kennen wir "
                                  "nicht. Wählen Sie bitte einen anderen Weg."),
    }
    return known.get(code) or _("Diese Angabe können wir nicht verwenden. Bitte prüfen Sie sie.")


def way_name(channel: str) -> str:
    """What residents call a channel."""
    return {"email": _("E-Mail"), "sms": _("SMS"), "telegram": _("Telegram"),
            "push": _("Benachrichtigung im Browser")}.get(channel, channel)


def hours() -> list[tuple[int, str]]:
    """The hours of a day for a select."""
    return [(hour, _("%(hour)d Uhr", hour=hour)) for hour in range(24)]


def weekdays() -> list[tuple[int, str]]:
    """Monday (0) to Sunday (6) for a select."""
    return list(enumerate((_("Montag"), _("Dienstag"), _("Mittwoch"), _("Donnerstag"),
                           _("Freitag"), _("Samstag"), _("Sonntag"))))


def frequencies() -> list[tuple[str, str]]:
    """How often a contact may be written to, for a select."""
    return [("now", _("sofort")), ("daily", _("einmal am Tag, gesammelt")),
            ("weekly", _("einmal in der Woche, gesammelt"))]
