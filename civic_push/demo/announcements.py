"""A handful of announcements, so that a new house is not an empty one. All are invented."""

from __future__ import annotations

from dataclasses import dataclass

from channels.base import Urgency


@dataclass(frozen=True, slots=True)
class Example:
    """An announcement by the slugs of its topics and Ortsteile (none: the whole town),
    published so many hours before the first start."""

    hours_ago: int
    title: str
    body: str
    plain_title: str
    plain_body: str
    topics: tuple[str, ...]
    neighbourhoods: tuple[str, ...] = ()
    short: str = ""
    urgency: Urgency = Urgency.INFO


EXAMPLES = (
    Example(
        hours_ago=120,
        title="Herbstmarkt: Bürgerbüro am Samstag länger geöffnet",
        body="Das Bürgerbüro im Rathaus ist am Samstag **von 9 bis 15 Uhr** geöffnet. "
             "Ausweise und Meldebescheinigungen gibt es ohne Termin.\n\n"
             "Bitte bringen Sie Ihren bisherigen Ausweis und ein digitales Lichtbild mit.",
        plain_title="Bürgerbüro: am Samstag länger offen",
        plain_body="Das Bürgerbüro ist im Rathaus.\n\n"
                   "Es ist am Samstag offen: von 9 Uhr bis 15 Uhr.\n\n"
                   "Sie brauchen keinen Termin. Bringen Sie bitte Ihren alten Ausweis mit.",
        topics=("rathaus-rat",)),
    Example(
        hours_ago=96,
        title="Neue Bäume für die Schulstraße: Anwohnerinnen und Anwohner reden mit",
        body="In der Schulstraße in Hiddesen sollen im Frühjahr **zwölf Straßenbäume** "
             "gepflanzt werden. Welche Arten es werden und wo sie stehen, möchten wir mit "
             "Ihnen besprechen.\n\n- Mittwoch, 18 Uhr\n- Haus des Gastes, Hiddesen\n\n"
             "Wer nicht kommen kann, schreibt uns bis Ende des Monats.",
        plain_title="Neue Bäume in Hiddesen: Sagen Sie Ihre Meinung",
        plain_body="In der Schulstraße in Hiddesen pflanzen wir 12 Bäume.\n\n"
                   "Sie können mitreden: Welche Bäume sollen es sein? Wo sollen sie stehen?\n\n"
                   "Das Treffen ist am Mittwoch um 18 Uhr im Haus des Gastes.",
        topics=("beteiligung", "nachbarschaft", "umwelt-klima"),
        neighbourhoods=("hiddesen",)),
    Example(
        hours_ago=50,
        title="Stadtkontakt mobil kommt nach Pivitsheide",
        body="Das mobile Bürgerbüro hält am Donnerstag von **14 bis 17 Uhr** auf dem "
             "Marktplatz in Pivitsheide V. L. Sie können dort Ausweise abholen, Anträge "
             "abgeben und Fragen stellen.",
        plain_title="Das Bürgerbüro kommt zu Ihnen",
        plain_body="Ein Bus mit dem Bürgerbüro kommt nach Pivitsheide.\n\n"
                   "Wann? Am Donnerstag von 14 Uhr bis 17 Uhr.\n\n"
                   "Wo? Auf dem Marktplatz in Pivitsheide V. L.",
        topics=("stadtkontakt", "senioren"),
        neighbourhoods=("pivitsheide-vl", "pivitsheide-vh")),
    Example(
        hours_ago=26,
        title="Restmüll und Biotonne: Abfuhr verschiebt sich nach dem Feiertag um einen Tag",
        body="Wegen des Feiertags werden Restmüll und Biotonne in dieser Woche **einen Tag "
             "später** abgeholt. Gelber Sack und Papier bleiben unverändert.",
        plain_title="Müllabfuhr: einen Tag später",
        plain_body="Diese Woche ist ein Feiertag.\n\n"
                   "Die Müllabfuhr kommt deshalb einen Tag später. Das gilt für die graue "
                   "Tonne und für die grüne Tonne.\n\n"
                   "Papier und Gelber Sack werden wie immer abgeholt.",
        topics=("abfall",)),
    Example(
        hours_ago=5,
        title="Paderborner Straße ab Montag halbseitig gesperrt",
        body="Zwischen Heiligenkirchen und Berlebeck wird ab Montag die Wasserleitung "
             "erneuert. Die **Paderborner Straße ist halbseitig gesperrt**, eine Ampel "
             "regelt den Verkehr. Die Haltestelle „Abzweig“ wird um 150 Meter verlegt.\n\n"
             "Die Arbeiten dauern voraussichtlich drei Wochen.",
        plain_title="Baustelle zwischen Heiligenkirchen und Berlebeck",
        plain_body="Ab Montag ist eine Baustelle auf der Paderborner Straße.\n\n"
                   "Autos können nur auf einer Seite fahren. Eine Ampel regelt das.\n\n"
                   "Die Bushaltestelle „Abzweig“ ist 150 Meter weiter.\n\n"
                   "Die Baustelle dauert etwa 3 Wochen.",
        topics=("baustellen", "bus-rad"),
        neighbourhoods=("heiligenkirchen", "berlebeck"), urgency=Urgency.IMPORTANT,
        short="Ab Montag: Paderborner Straße zwischen Heiligenkirchen und Berlebeck "
              "halbseitig gesperrt."),
    Example(
        hours_ago=1,
        title="Freibad Fischerteich öffnet wieder",
        body="Die Reparatur der Filteranlage ist abgeschlossen. Das Freibad ist ab morgen "
             "wieder täglich **von 7 bis 20 Uhr** geöffnet. Frühschwimmen bleibt dienstags "
             "und donnerstags ab 6 Uhr.",
        plain_title="Das Freibad ist wieder offen",
        plain_body="Das Freibad war geschlossen, weil etwas kaputt war.\n\n"
                   "Ab morgen können Sie wieder schwimmen: jeden Tag von 7 Uhr bis 20 Uhr.",
        topics=("kultur-baeder", "kinder-schule")),
)
