"""What went wrong with a source, in a sentence for editors.

The German sentence is what is stored; being a message of the catalogue, the desk translates
it when it is shown: `gettext(source.last_error)`.
"""

from __future__ import annotations

from content_sources.entry import Unreadable
from content_sources.fetch import FetchError


def N_(sentence: str) -> str:  # noqa: N802 - the mark that pybabel looks for
    """Mark a sentence for translation without translating it yet."""
    return sentence


SENTENCES = {
    "address": N_("Die Adresse der Quelle ist nicht richtig geschrieben."),
    "scheme": N_("Die Adresse der Quelle muss mit https:// oder http:// beginnen."),
    "credentials": N_("Die Adresse der Quelle darf kein Passwort enthalten."),
    "private": N_("Die Adresse der Quelle führt in ein internes Netz; das ist nicht erlaubt."),
    "downgrade": N_("Die Quelle leitet auf eine unverschlüsselte Adresse um."),
    "redirects": N_("Die Quelle leitet immer wieder auf andere Adressen um."),
    "too-large": N_("Die Quelle ist zu groß zum Einlesen."),
    "busy": N_("Der Server der Quelle ist überlastet und bittet um Geduld."),
    "dns": N_("Den Server der Quelle gibt es unter diesem Namen nicht."),
    "connect": N_("Der Server der Quelle ist nicht erreichbar."),
    "timeout": N_("Der Server der Quelle antwortet nicht rechtzeitig."),
    "tls": N_("Zum Server der Quelle ist keine sichere Verbindung möglich; vermutlich ist "
              "sein Zertifikat abgelaufen."),
    "broken": N_("Die Antwort der Quelle bricht ab oder ist beschädigt."),
    "forbidden": N_("Der Server der Quelle verweigert den Zugriff."),
    "missing": N_("Unter dieser Adresse findet sich nichts mehr."),
    "gone": N_("Die Quelle wurde eingestellt."),
    "status": N_("Der Server der Quelle meldet einen Fehler."),
    "empty": N_("Die Quelle ist leer."),
    "html": N_("Die Adresse führt zu einer Webseite, nicht zu einem Feed."),
    "cut-off": N_("Der Feed der Quelle ist unvollständig."),
    "entities": N_("Der Feed der Quelle enthält unzulässige Definitionen."),
    "no-feed": N_("Unter dieser Adresse ist kein Feed."),
}

NOT_STORED = N_("Einzelne Einträge der Quelle konnten nicht übernommen werden.")


def sentence(error: FetchError | Unreadable) -> str:
    """The German sentence about an error, never empty."""
    return SENTENCES.get(error.code) or N_("Die Quelle lässt sich nicht lesen.")
