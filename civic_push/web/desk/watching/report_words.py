"""The report's words: why something did not arrive, in the editors' language, and how long
things took."""

from __future__ import annotations

from datetime import timedelta

from babel import dates
from flask_babel import format_timedelta, get_locale, lazy_gettext

from civic_push.delivery.again import Objection
from civic_push.delivery.reasons import Reason
from civic_push.delivery.report import Arrivals
from civic_push.web.desk.words import _, channel_name

REASONS = {
    Reason.GONE: lazy_gettext(
        "Die Adresse gibt es nicht mehr, oder der Empfang wurde dort beendet. Sie ist abgemeldet."),
    Reason.BLOCKED: lazy_gettext(
        "Die Gegenseite nimmt von uns nichts an, etwa weil sie uns für Spam hält."),
    Reason.ACCOUNT: lazy_gettext(
        "Unser Schlüssel oder Zugang wurde nicht anerkannt. Das klärt die Technik."),
    Reason.TOO_LARGE: lazy_gettext("Die Nachricht war zu groß oder zu lang."),
    Reason.MALFORMED: lazy_gettext("Adresse oder Nachricht waren für den Anbieter ungültig."),
    Reason.REFUSED: lazy_gettext("Der Anbieter hat abgelehnt, ohne einen klaren Grund zu nennen."),
    Reason.NO_ANSWER: lazy_gettext(
        "Der Anbieter hat nicht geantwortet: Vielleicht ist die Nachricht angekommen."),
    Reason.WORKER_ENDED: lazy_gettext(
        "Der Versand brach mittendrin ab: Vielleicht ist die Nachricht angekommen."),
    Reason.TOO_LATE: lazy_gettext("Der Anbieter war nicht erreichbar, bis es zu spät war."),
    Reason.STOPPED: lazy_gettext("Die Redaktion hat den Versand vorher gestoppt."),
    Reason.REPLACED: lazy_gettext("Eine Korrektur oder Rücknahme kam dazwischen."),
    Reason.LEFT: lazy_gettext("Die Person hat sich vorher abgemeldet."),
}
OBJECTIONS = {
    Objection.UNPUBLISHED: lazy_gettext("Die Meldung ist nicht veröffentlicht."),
    Objection.CLOSED: lazy_gettext(
        "Die Meldung wurde gestoppt, korrigiert oder zurückgezogen. Schreiben Sie eine "
        "Korrektur; die bekommen auch die, denen diese Fassung fehlt."),
    Objection.EXPIRED: lazy_gettext(
        "Die Meldung gilt nicht mehr. Schreiben Sie eine neue, wenn es noch wichtig ist."),
}


def way(arrivals: Arrivals) -> str:
    """A channel as the report names it: digests apart."""
    name = channel_name(arrivals.channel)
    return _("%(channel)s, Zusammenfassung", channel=name) if arrivals.digest else name


def span(seconds: int) -> str:
    """How long something took, as precisely as anybody cares."""
    threshold = 120 if seconds < 120 else 1.5  # of a unit, to be told in it
    return str(format_timedelta(timedelta(seconds=seconds), threshold=threshold))


def tick(seconds: int) -> str:
    """A mark of the time axis, in few characters."""
    return dates.format_timedelta(
        timedelta(seconds=seconds), threshold=1, format="narrow", locale=get_locale())
