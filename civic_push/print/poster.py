"""The poster that invites an Ortsteil to sign up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import gettext

from civic_push.config import Settings
from civic_push.print.composing import qr_code

_WAYS = ("email", "sms", "telegram", "push")


def poster(settings: Settings, place: str, slug: str, ways: Collection[str],
           language: str) -> dict[str, Any]:
    """What stands on the poster of an Ortsteil, or of the whole town (`slug` ""), in the
    language spoken now. `ways` are the channels residents can choose here."""
    address = f"{settings.public_url}/hier/{slug}" if slug else f"{settings.public_url}/anmelden"
    shown = address.partition("://")[2]
    where = (place or settings.town).replace(" ", "\u00a0")
    return {
        "lang": language, "sender": settings.sender,
        "title": gettext("Neues aus %(place)s – direkt zu Ihnen", place=where),
        "lead": gettext("Sie wählen aus, was Sie wissen möchten: Baustellen, Termine, Abfuhr, "
                        "Warnungen und mehr. Wir schreiben Ihnen, sobald es etwas gibt."),
        "ways": _ways(ways),
        "steps": [gettext("Code scannen oder Adresse eintippen"), gettext("Auswählen"),
                  gettext("Bestätigen – fertig")],
        "qr": qr_code(address), "url": address, "address": shown,
        "qr_alt": gettext("QR-Code, der zu %(address)s führt", address=shown),
        "help_title": gettext("Ohne Internet? Ohne Smartphone?"),
        "help": _help(settings, "sms" in ways),
        "promise": gettext("Kostenlos, ohne Werbung, jederzeit abbestellbar."),
        "no_alarm": gettext("Dieser Dienst ersetzt keine Warnung: Bei Gefahr warnen NINA und "
                            "Cell Broadcast. Im Notfall rufen Sie 112 an."),
        "imprint": gettext("%(sender)s · Impressum und Datenschutz: %(address)s",
                           sender=settings.sender,
                           address=f"{settings.public_url.partition('://')[2]}/impressum"),
    }


def _ways(ways: Collection[str]) -> str:
    names = {"email": gettext("per E-Mail"), "sms": gettext("per SMS"),
             "telegram": gettext("mit Telegram"), "push": gettext("direkt auf dem Handy")}
    return " · ".join(names[way] for way in _WAYS if way in ways)


def _help(settings: Settings, sms: bool) -> str:
    """How those get in who have no smartphone."""
    phone = gettext("Jedes Handy genügt, das SMS empfängt.") if sms else ""
    where = (gettext("Wir melden Sie gern an: %(place)s", place=settings.counter)
             if settings.counter else
             gettext("Wir melden Sie gern an: Fragen Sie bei Ihrer Stadtverwaltung nach."))
    return " ".join(filter(None, (phone, where)))
