"""What `civic-push doctor` finds, in the editors' language."""

from __future__ import annotations

from flask_babel import lazy_gettext
from markupsafe import Markup, escape

from civic_push.doctor import Finding
from civic_push.web import legal
from civic_push.web.desk.words import channel_name

FINDINGS = {
    "folder_missing": lazy_gettext(
        "Den Ordner %(folder)s gibt es nicht. Legen Sie ihn an, oder setzen Sie %(setting)s."),
    "folder_closed": lazy_gettext("In den Ordner %(folder)s darf dieses Konto nicht schreiben."),
    "folder_fine": lazy_gettext("In den Ordner %(folder)s kann geschrieben werden."),
    "secret_open": lazy_gettext(
        "Andere dürfen %(path)s lesen, und dort stehen Geheimnisse. Setzen Sie die Rechte auf "
        "640."),
    "push_key_missing": lazy_gettext(
        "Benachrichtigungen im Browser sind nicht eingerichtet: %(setting)s ist leer. Einen "
        "Schlüssel macht „civic-push keys“."),
    "address_fine": lazy_gettext("Die Seiten sind unter %(url)s zu erreichen."),
    "address_local": lazy_gettext("%(setting)s ist %(url)s. Das erreicht nur dieser Rechner."),
    "address_plain": lazy_gettext(
        "%(setting)s ist %(url)s. Die Adresse muss mit https:// beginnen: Sonst bieten Browser "
        "keine Benachrichtigungen an, und Passwörter gehen unverschlüsselt durchs Netz."),
    "demo_on": lazy_gettext(
        "%(setting)s ist eingeschaltet: Nachrichten gehen nur in die Postfächer der Vorführung."),
    "second_factor_offered": lazy_gettext(
        "%(setting)s steht auf „offered“: Wer ein Passwort aus der Redaktion kennt, kann "
        "veröffentlichen. Sicherer ist „required“."),
    "setting_unknown": lazy_gettext(
        "%(setting)s ist gesetzt, aber eine solche Einstellung gibt es nicht."),
    "setting_bad": lazy_gettext("Eine Einstellung stimmt nicht: %(detail)s"),
    "database_silent": lazy_gettext("Die Datenbank %(where)s antwortet nicht: %(detail)s"),
    "database_fine": lazy_gettext("Die Datenbank %(where)s antwortet, ihre Tabellen sind aktuell."),
    "database_old": lazy_gettext(
        "Die Datenbank %(where)s hat die Version %(have)s, gebraucht wird %(wanted)s. "
        "„civic-push migrate“ bringt sie dorthin."),
    "texts_ours": lazy_gettext(
        "Noch unsere Mustertexte: %(names)s. Prüfen Sie sie unter „Verwaltung“, „Texte“, bevor "
        "sich jemand anmeldet."),
    "queue_silent": lazy_gettext("Die Warteschlange antwortet nicht: %(detail)s"),
    "queue_fine": lazy_gettext("Die Warteschlange antwortet."),
    "channels_none": lazy_gettext("Kein Kanal ist eingerichtet. So ist niemand zu erreichen."),
    "channel_wrong": lazy_gettext("%(channel)s funktioniert nicht: %(detail)s"),
    "channel_fine": lazy_gettext("%(channel)s ist bereit."),
}


def sentence(finding: Finding) -> Markup:
    """A finding for editors. What a provider or a library said stays as it is, in English;
    what operators type is set as such."""
    values: dict[str, Markup | str] = dict(finding.values)
    for name in ("folder", "path", "setting", "where", "url", "have", "wanted"):
        if name in values:
            values[name] = Markup("<code>{}</code>").format(values[name])
    if "detail" in values:
        values["detail"] = Markup('<code lang="en">{}</code>').format(values["detail"])
    if "channel" in values:
        values["channel"] = channel_name(finding.values["channel"])
    if "names" in values:
        titles = legal.titles()
        values["names"] = ", ".join(titles[one] for one in finding.values["names"].split(", "))
    return escape(str(FINDINGS[finding.code])) % values
