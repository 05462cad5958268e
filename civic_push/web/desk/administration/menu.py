"""The page that leads to everything about running the desk itself."""

from __future__ import annotations

from flask import render_template
from flask_babel import lazy_gettext
from flask_security import current_user

from civic_push.staff import roles
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs

PAGES = (
    (Can.ADMINISTER, "desk.sources", lazy_gettext("Quellen"),
     lazy_gettext("Was gelesen wird, wie oft, und was damit geschieht.")),
    (Can.ADMINISTER, "desk.topics", lazy_gettext("Themen"),
     lazy_gettext("Was man abonnieren kann, in allen Sprachen.")),
    (Can.ADMINISTER, "desk.places", lazy_gettext("Ortsteile"),
     lazy_gettext("Wie sie heißen und genannt werden; welche Straße in welchem liegt.")),
    (Can.ADMINISTER, "desk.channels", lazy_gettext("Kanäle"),
     lazy_gettext("Was läuft, was wartet, was nicht gelang; anhalten und fortsetzen.")),
    (Can.ADMINISTER, "desk.outlets", lazy_gettext("Öffentliche Kanäle der Stadt"),
     lazy_gettext("Mastodon, Matrix und andere: was sie bekommen, was zuletzt daraus wurde.")),
    (Can.ADMINISTER, "desk.retention", lazy_gettext("Aufbewahrung"),
     lazy_gettext("Was wie lange behalten wird.")),
    (Can.ADMINISTER, "desk.team", lazy_gettext("Team"),
     lazy_gettext("Wer hier arbeitet, mit welchen Aufgaben und für welche Ortsteile.")),
    (Can.ADMINISTER, "desk.clients_list", lazy_gettext("Programme"),
     lazy_gettext("Welche Programme über die Schnittstelle lesen und schreiben.")),
    (Can.ADMINISTER, "desk.webhooks_list", lazy_gettext("Webhooks"),
     lazy_gettext("Welche Dienste erfahren, was veröffentlicht und zugestellt ist.")),
    (Can.ADMINISTER, "desk.show_trail", lazy_gettext("Protokoll"),
     lazy_gettext("Wer wann was getan hat.")),
    (Can.ADMINISTER, "desk.manage_templates", lazy_gettext("Vorlagen"),
     lazy_gettext("Wiederkehrende Meldungen zum Ausfüllen.")),
    (Can.ADMINISTER, "desk.legal_texts", lazy_gettext("Texte"),
     lazy_gettext("Impressum, Datenschutz, Barrierefreiheit.")),
    (Can.PUBLISH, "desk.barrier_reports", lazy_gettext("Barrieren"),
     lazy_gettext("Was Leute gemeldet haben, die auf ein Hindernis gestoßen sind.")),
)
"""What one must be entitled to, the page, its name, and what it is for."""


@desk.get("/verwaltung")
@needs(Can.PUBLISH)
def administration() -> str:
    """Those of the pages that are open to whoever asks."""
    return render_template("desk/administration.html", pages=[
        page[1:] for page in PAGES if roles.can(current_user, page[0])])
