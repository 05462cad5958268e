"""Every page in every state worth looking at: for the accessibility test and the
screenshots. `NO_PAGES` are the addresses that show people nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.deeds import THINKING
from tests.journeys.visitor import Reader

Deed = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Look:
    """A page in one state. `path` is filled with the stage's parts; `deed` brings the page
    into its state; `status` is what it answers at first."""

    endpoint: str
    state: str
    path: str
    deed: Deed | None = None
    status: int = 200
    editor: bool = False
    empty: bool = False

    @property
    def name(self) -> str:
        """For reading in a test's name."""
        return f"{self.endpoint}, {self.state}"


def press(words: str) -> Deed:
    """Press a button."""
    return lambda page: Reader(page).press(words)


def type_and_press(field: str, text: str, words: str) -> Deed:
    """Fill one field, then press a button."""
    def deed(page: Page) -> None:
        Reader(page).type(field, text)
        Reader(page).press(words)
    return deed


def order_everything(page: Page) -> None:
    """Sign up by every way there is."""
    visitor = Reader(page)
    for label in ("Ganze Stadt", "Alle Themen", "Telegram", "Benachrichtigungen in diesem",
                  "Ja, Stadt Detmold darf"):
        visitor.tick(label)
    visitor.type("email", "jemand@example.org")
    visitor.type("sms", "0151 98765432")
    time.sleep(THINKING)
    visitor.press("Anmelden")
    visitor.wait_for_text("Noch ein Schritt")


def _schedule_wrongly(page: Page) -> None:
    Reader(page).tick("Später, zu dieser Zeit")
    press("Jetzt veröffentlichen")(page)


def _second_step(page: Page) -> None:
    Reader(page).tick("Ganze Stadt")
    press("Weiter")(page)


def _try_source(page: Page) -> None:
    visitor = Reader(page)
    visitor.tick("Baustellen")
    visitor.press("Ansehen, was käme")


def _at_the_counter(page: Page) -> None:
    visitor = Reader(page)
    for label in ("Ganze Stadt", "Alle Themen", "Vorgelesen", "Die Person hat zugestimmt"):
        visitor.tick(label)
    visitor.type("sms", "0151 98765432")
    visitor.type("email", "jemand@example.org")
    visitor.press("Anmelden")
    visitor.wait_for_text("Noch ein Schritt")


def _wrong_code(page: Page) -> None:
    order_everything(page)
    type_and_press("code", "12", "Code bestätigen")(page)


def write_something(page: Page) -> None:
    """Fill the editors' form."""
    visitor = Reader(page)
    visitor.type("title", "Freibad öffnet früher")
    visitor.type("body", "Das Freibad in Hiddesen öffnet ab Montag schon **um 6 Uhr**.\n\n"
                         "- Frühschwimmen bis 8 Uhr\n- Der Eintritt kostet dann 2 Euro")
    visitor.type("plain_body", "Das Freibad in Hiddesen ist ab 6 Uhr offen.")
    visitor.tick("Nur in diesen Ortsteilen")
    visitor.tick("Hiddesen")
    visitor.tick("Kultur")


def _preview(page: Page) -> None:
    write_something(page)
    press("Vorschau")(page)
    Reader(page).wait_for_text("Noch nicht gespeichert")


def _change_and_compare(page: Page) -> None:
    for title in ("Brücke gesperrt", "Brücke offen"):
        type_and_press("title", title, "Entwurf speichern")(page)
        Reader(page).wait_for_text("Der Entwurf ist gespeichert.")
    press("Fassungen")(page)


def _be_too_late(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    type_and_press("body", f"Die Brücke ist offen ({time.monotonic()}).", "Entwurf speichern")(
        other)
    Reader(other).wait_for_text("Der Entwurf ist gespeichert.")
    other.close()
    type_and_press("body", "Die Brücke ist gesperrt.", "Entwurf speichern")(page)
    Reader(page).wait_for_text("So unterscheiden sich")


def _leave_a_translation_behind(page: Page) -> None:
    for words in ("Die Brücke ist gesperrt.", "Die Brücke ist bis Freitag gesperrt."):
        page.locator(".desk-language").first.evaluate("section => { section.open = true; }")
        Reader(page).type("title-en", "Bridge closed")
        Reader(page).type("body-en", "The bridge is closed.")
        type_and_press("body", words, "Entwurf speichern")(page)
        Reader(page).wait_for_text("Der Entwurf ist gespeichert.")
    Reader(page).wait_for_text("deutscher Text geändert")


def _copy_with_a_picture(page: Page) -> None:
    page.locator("[name=bild]").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": page.screenshot()})
    type_and_press("alt", "Die gesperrte Brücke, davor ein rotes Schild.", "Bild speichern")(page)
    page.get_by_text("Kopie anlegen").click()
    Reader(page).wait_for_text("kommt mit")


def _send_too_large(page: Page) -> None:
    """What begins as a JPEG but is none: the browser cannot make it small."""
    page.locator("[name=bild]").set_input_files(
        {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + bytes(4_200_000)})
    type_and_press("alt", "Die gesperrte Brücke.", "Bild speichern")(page)
    Reader(page).wait_for_text("Das Bild ist zu groß (4,2 MB).")


def _choose_a_large_one(page: Page) -> None:
    _send_too_large(page)
    photo = page.screenshot() + bytes(1_000_000)  # what hangs on behind its end nobody shows
    page.locator("[name=bild]").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": photo})
    Reader(page).wait_for_text("Bildpunkte verkleinert")


def _preview_correction(page: Page) -> None:
    Reader(page).type("change", "Sie bleibt bis Samstag gesperrt.")
    page.locator(".desk-language summary").first.click()
    Reader(page).type("change-en", "It stays closed until Saturday.")
    Reader(page).press("Vorschau")
    Reader(page).wait_for_text("Noch nicht gespeichert")


def _begin_and_return(page: Page) -> None:
    Reader(page).type("change", f"Sie bleibt gesperrt ({time.monotonic()}).")
    page.locator("[name=title]").focus()  # leaving a field keeps it at once
    expect(page.locator("[data-kept]")).to_contain_text("Gesichert um")
    page.goto(page.url)
    Reader(page).wait_for_text("Das haben Sie angefangen")


def open_and_press(summary: str, words: str) -> Deed:
    """Open a part of the page, then press a button in it."""
    def deed(page: Page) -> None:
        page.locator("main summary").get_by_text(summary).click()
        Reader(page).press(words)
    return deed


def _choose_nothing(page: Page) -> None:
    page.locator("input[name=thema]").evaluate_all("all => all.forEach(e => e.checked = false)")
    Reader(page).press("Änderungen speichern")


def _pause(page: Page) -> None:
    page.locator("main summary").get_by_text("Pause machen").click()
    Reader(page).type("pause_bis", f"{date.today() + timedelta(days=14)}")
    Reader(page).press("Pause beginnen")


def _replace_by_nothing(page: Page) -> None:
    press("Adresse ändern")(page)
    Reader(page).press("Ändern")


def _erase(page: Page) -> None:
    press("Ihre Daten")(page)
    Reader(page).press("Alles abmelden")


def _make_token(page: Page) -> None:
    visitor = Reader(page)
    visitor.type("name", f"Baustellenverwaltung {time.time_ns()}")
    visitor.tick("Lesen")
    visitor.press("Token machen")
    visitor.wait_for_text("nur jetzt gezeigt")


def _open_switch(page: Page) -> None:
    page.locator(".language-switch summary").click()


def _send_too_late(page: Page) -> None:
    page.context.clear_cookies()
    press("Nachricht senden")(page)
    Reader(page).wait_for_text("noch einmal senden")


def _receive_pushes(page: Page) -> None:
    """Put into the inbox what the service worker would keep of three pushes."""
    for number, (urgency, language, direction) in enumerate(
            (("info", "de", "ltr"), ("important", "ar", "rtl"), ("danger", "de", "ltr"))):
        page.evaluate("message => keep(message)", {
            "tag": f"a{number}", "title": "Donaudampfschifffahrtsgesellschaft " * 3,
            "body": "Ein Satz.\n\nUnd warum er kam.", "url": "/meldungen/1", "lang": language,
            "dir": direction, "urgency": urgency})
    page.reload()
    Reader(page).wait_for_text("Gefahr")


_PUBLIC = (
    Look("public.start", "language switch open", "/", _open_switch),
    Look("public.start", "Einfache Sprache", "/?sprache=einfach"),
    Look("public.start", "with announcements", "/"),
    Look("public.start", "empty", "/", empty=True),
    Look("public.start", "English", "/?sprache=en"),
    Look("public.announcements", "full", "/meldungen"),
    Look("public.announcements", "empty", "/meldungen", empty=True),
    Look("public.announcements", "nothing found", "/meldungen?suche=gibtesnicht"),
    Look("public.announcements", "errors", "/meldungen?von=morgen&ortsteil=nirgends", status=422),
    Look("feeds.overview", "some ticked", "/feeds?ortsteil=hiddesen&ortsteil=kluet"),
    Look("embed.overview", "with preview", "/einbetten?ortsteil=hiddesen"),
    Look("embed.announcements", "full", "/einbetten/ganze-stadt?anzahl=20"),
    Look("embed.announcements", "empty", "/einbetten/hiddesen", empty=True),
    Look("prints.overview", "unknown week", "/aushang?woche=2026-W99"),
    Look("public.announcement", "long words", "/meldungen/{long}"),
    Look("public.announcement", "plain language", "/meldungen/{long}?form=einfach"),
    Look("public.announcement", "expired", "/meldungen/{old}"),
    Look("public.announcement", "withdrawn", "/meldungen/{withdrawn}"),
    Look("public.announcement", "withdrawal", "/meldungen/{withdrawal}"),
    Look("public.announcement", "correction that was withdrawn", "/meldungen/{corrected}"),
    Look("public.announcement", "unknown", "/meldungen/999999", status=404),
    Look("api_document.read", "closed", "/api/v1/"),
    Look("public.imprint", "model text", "/impressum"),
    Look("public.privacy", "model text", "/datenschutz"),
    Look("public.privacy", "German text on a Turkish page", "/datenschutz?sprache=tr"),
    Look("public.accessibility", "model text", "/barrierefreiheit"),
    Look("feedback.form", "fresh", "/barrierefreiheit/melden?seite=/anmelden"),
    Look("feedback.form", "errors", "/barrierefreiheit/melden", press("Nachricht senden")),
    Look("feedback.form", "sent too late", "/barrierefreiheit/melden", _send_too_late),
)
_RESIDENTS = (
    Look("signup.form", "fresh", "/anmelden"),
    Look("signup.form", "English", "/anmelden?sprache=en"),
    Look("signup.form", "second step", "/anmelden", _second_step),
    Look("signup.form", "nothing chosen", "/anmelden", press("Weiter")),
    Look("signup.form", "all on one page", "/anmelden#alles"),
    Look("signup.form", "errors", "/anmelden#alles", press("Anmelden")),
    Look("signup.form", "unknown Ortsteil", "/anmelden?ortsteil=atlantis&ort=hiddsen"),
    Look("places.index", "fresh", "/hier"),
    Look("places.index", "found", "/hier?ort=johannaberg"),
    Look("places.landing", "an Ortsteil", "/hier/hiddesen"),
    Look("places.landing", "a topic", "/hier/ganze-stadt/abfall"),
    Look("places.landing", "unknown Ortsteil", "/hier/hidesen", status=404),
    Look("places.landing", "unknown topic", "/hier/hiddesen/drachen", status=404),
    Look("signup.done", "nothing waits", "/anmelden/fertig"),
    Look("signup.done", "every way", "/anmelden#alles", order_everything),
    Look("signup.done", "wrong code", "/anmelden#alles", _wrong_code),
    Look("confirming.by_link", "pending", "/bestaetigen/{pending}"),
    Look("confirming.by_link", "confirmed", "/bestaetigen/{confirmed}"),
    Look("confirming.by_link", "unknown", "/bestaetigen/abc", status=404),
    Look("leaving.ask", "fresh", "/abmelden/{leave}"),
    Look("leaving.ask", "left", "/abmelden/{left}"),
    Look("inbox.show", "empty", "/posteingang"),
    Look("inbox.show", "full", "/posteingang", _receive_pushes),
    Look("inbox.offline", "fresh", "/offline"),
    Look("preferences.ask", "fresh", "/einstellungen"),
    Look("preferences.ask", "error", "/einstellungen",
         type_and_press("kontakt", "12", "Link schicken")),
    Look("preferences.ask", "sent", "/einstellungen",
         type_and_press("kontakt", "wer@example.org", "Link schicken")),
    Look("preferences.show", "fresh", "/einstellungen/{manage}"),
    Look("preferences.show", "expired", "/einstellungen/{stale}", status=410),
    Look("preferences.show", "page closed", "/einstellungen/offen/abc", status=410),
    Look("preferences.show", "one way", "/einstellungen/{quiet}"),
    Look("preferences.show", "errors", "/einstellungen/{manage}", _choose_nothing),
    Look("preferences.show", "nothing added", "/einstellungen/{manage}",
         open_and_press("Noch einen Weg hinzufügen", "Hinzufügen")),
    Look("preferences.show", "no day", "/einstellungen/{manage}",
         open_and_press("Pause machen", "Pause beginnen")),
    Look("preferences.show", "paused", "/einstellungen/{quiet}", _pause),
    Look("preferences.show", "kept open", "/einstellungen/{manage}",
         press("30 Minuten länger")),
    Look("preferences.ask", "closed", "/einstellungen/{manage}", press("Seite schließen")),
    Look("own_contacts.replacing", "fresh", "/einstellungen/{manage}", press("Adresse ändern")),
    Look("own_contacts.replacing", "errors", "/einstellungen/{manage}", _replace_by_nothing),
    Look("own_history.show", "full", "/einstellungen/{manage}", press("Was Sie bekommen")),
    Look("own_data.data", "fresh", "/einstellungen/{manage}", press("Ihre Daten")),
    Look("own_data.data", "erased", "/einstellungen/{quiet}", _erase),
    Look("confirming.by_link", "unite", "/bestaetigen/{unite}"),
    Look("demo_inboxes.show", "messages", "/demo/inboxes"),
)
_DESK = (
    Look("security.login", "fresh", "/redaktion/anmelden"),
    Look("security.login", "error", "/redaktion/anmelden",
         type_and_press("email", "wer@example.org", "Anmelden")),
    Look("door.recover", "fresh", "/redaktion/anmelden/wiederherstellen"),
    Look("door.recover", "error", "/redaktion/anmelden/wiederherstellen",
         type_and_press("email", "wer@example.org", "Anmelden")),
    Look("door.invitation", "stale", "/redaktion/einladung/abc", status=410),
    Look("desk.account", "fresh", "/redaktion/konto", editor=True),
    Look("desk.account", "errors", "/redaktion/konto",
         type_and_press("old", "falsch", "Passwort speichern"), editor=True),
    Look("desk.set_up_app", "fresh", "/redaktion/konto/app", editor=True),
    Look("desk.set_up_app", "errors", "/redaktion/konto/app", press("App einschalten"),
         editor=True),
    Look("desk.administration", "full", "/redaktion/verwaltung", editor=True),
    Look("desk.sources", "full", "/redaktion/quellen", editor=True),
    Look("desk.sources", "empty", "/redaktion/quellen", editor=True, empty=True),
    Look("desk.new_source", "fresh", "/redaktion/quellen/neu", editor=True),
    Look("desk.new_source", "errors", "/redaktion/quellen/neu",
         type_and_press("adresse", "ftp://amt", "Ansehen, was käme"), editor=True),
    Look("desk.new_source", "dry run", "/redaktion/quellen/neu?adresse={feed}", _try_source,
         editor=True),
    Look("desk.source", "fails", "/redaktion/quellen/1", editor=True),
    Look("desk.topics", "full", "/redaktion/themen", editor=True),
    Look("desk.new_topic", "fresh", "/redaktion/themen/neu", editor=True),
    Look("desk.new_topic", "errors", "/redaktion/themen/neu", press("Thema anlegen"),
         editor=True),
    Look("desk.topic", "full", "/redaktion/themen/1", editor=True),
    Look("desk.places", "full", "/redaktion/ortsteile", editor=True),
    Look("desk.place", "full", "/redaktion/ortsteile/1", editor=True),
    Look("desk.place", "errors", "/redaktion/ortsteile/1",
         type_and_press("name", "", "Speichern"), editor=True),
    Look("desk.street_list", "fresh", "/redaktion/strassen", editor=True),
    Look("desk.street_list", "errors", "/redaktion/strassen", press("Liste ersetzen"),
         editor=True),
    Look("desk.outlets", "empty", "/redaktion/ausgaenge", editor=True),
    Look("desk.retention", "full", "/redaktion/aufbewahrung", editor=True),
    Look("desk.channels", "full", "/redaktion/kanaele", editor=True),
    Look("desk.channels", "empty", "/redaktion/kanaele", editor=True, empty=True),
    Look("desk.channels", "checked", "/redaktion/kanaele", press("Jetzt prüfen"), editor=True),
    Look("desk.ask_hold", "fresh", "/redaktion/kanaele/email/anhalten", editor=True),
    Look("desk.ask_hold", "errors", "/redaktion/kanaele/email/anhalten", press("Anhalten"),
         editor=True),
    Look("desk.team", "one", "/redaktion/team", editor=True),
    Look("desk.invite", "fresh", "/redaktion/team/einladen", editor=True),
    Look("desk.invite", "errors", "/redaktion/team/einladen", press("Einladen"), editor=True),
    Look("desk.person", "oneself", "/redaktion/team/1", editor=True),
    Look("desk.clients_list", "fresh", "/redaktion/programme", editor=True),
    Look("desk.clients_list", "errors", "/redaktion/programme", press("Token machen"),
         editor=True),
    Look("desk.clients_list", "the token", "/redaktion/programme", _make_token, editor=True),
    Look("desk.webhooks_list", "fresh", "/redaktion/webhooks", editor=True),
    Look("desk.webhooks_list", "errors", "/redaktion/webhooks", press("Webhook anlegen"),
         editor=True),
    Look("desk.show_trail", "full", "/redaktion/protokoll", editor=True),
    Look("desk.show_trail", "nothing found", "/redaktion/protokoll?was=x&von=x", editor=True),
    Look("desk.overview", "full", "/redaktion/", editor=True),
    Look("desk.overview", "empty", "/redaktion/", editor=True, empty=True),
    Look("desk.new", "fresh", "/redaktion/neu", editor=True),
    Look("desk.new", "errors", "/redaktion/neu", press("Weiter zum"), editor=True),
    Look("desk.new", "preview", "/redaktion/neu", _preview, editor=True),
    Look("desk.new", "copy with a picture", "/redaktion/{unready}/bild", _copy_with_a_picture,
         editor=True),
    Look("desk.edit", "long words", "/redaktion/{draft}/bearbeiten", editor=True),
    Look("desk.show_versions", "one", "/redaktion/{draft}/fassungen", editor=True),
    Look("desk.show_versions", "two", "/redaktion/{draft}/bearbeiten", _change_and_compare,
         editor=True),
    Look("desk.edit", "a translation left behind", "/redaktion/{draft}/bearbeiten",
         _leave_a_translation_behind, editor=True),
    Look("desk.edit", "two at once", "/redaktion/{draft}/bearbeiten", _be_too_late, editor=True),
    Look("desk.choose_template", "full", "/redaktion/vorlagen", editor=True),
    Look("desk.template_fields", "errors", "/redaktion/vorlagen/{template}",
         press("In das Formular"), editor=True),
    Look("desk.manage_templates", "full", "/redaktion/verwaltung/vorlagen", editor=True),
    Look("desk.new_template", "errors", "/redaktion/verwaltung/vorlagen/neu",
         press("Vorlage speichern"), editor=True),
    Look("desk.edit_template", "fresh", "/redaktion/verwaltung/vorlagen/{template}", editor=True),
    Look("desk.edit", "from a source", "/redaktion/{brought}/bearbeiten", editor=True),
    Look("desk.confirm", "ready", "/redaktion/{draft}/veroeffentlichen", editor=True),
    Look("desk.confirm", "not ready", "/redaktion/{unready}/veroeffentlichen", editor=True),
    Look("desk.watch", "published", "/redaktion/{long}", editor=True),
    Look("desk.watch", "withdrawal", "/redaktion/{withdrawal}", editor=True),
    Look("desk.watch", "withdrawn", "/redaktion/{withdrawn}", editor=True),
    Look("desk.watch", "on its way", "/redaktion/{sending}", editor=True),
    Look("desk.watch", "held", "/redaktion/{held}", editor=True),
    Look("desk.show_report", "full", "/redaktion/{sending}/bericht", editor=True),
    Look("desk.show_report", "nobody", "/redaktion/{long}/bericht", editor=True),
    Look("desk.ask_again", "fresh", "/redaktion/{sending}/bericht/nachsenden", editor=True),
    Look("desk.ask_again", "errors", "/redaktion/{sending}/bericht/nachsenden",
         press("Jetzt noch einmal senden"), editor=True),
    Look("desk.follow", "correction", "/redaktion/{long}/korrigieren", editor=True),
    Look("desk.follow", "correction, errors", "/redaktion/{long}/korrigieren",
         press("Weiter zum"), editor=True),
    Look("desk.follow", "withdrawal", "/redaktion/{long}/zurueckziehen", editor=True),
    Look("desk.follow", "all-clear, errors", "/redaktion/{danger}/entwarnen",
         press("Weiter zum"), editor=True),
    Look("desk.edit_follow_up", "correction", "/redaktion/{correcting}/folge", editor=True),
    Look("desk.edit_follow_up", "preview", "/redaktion/{correcting}/folge", _preview_correction,
         editor=True),
    Look("desk.edit_follow_up", "two at once", "/redaktion/{correcting}/folge", _be_too_late,
         editor=True),
    Look("desk.edit_follow_up", "begun", "/redaktion/{correcting}/folge", _begin_and_return,
         editor=True),
    Look("desk.confirm_follow_up", "correction", "/redaktion/{correcting}/folge/veroeffentlichen",
         editor=True),
    Look("desk.ask_stop", "fresh", "/redaktion/{long}/stoppen", editor=True),
    Look("desk.watch", "dismissed", "/redaktion/{dismissed}", editor=True),
    Look("desk.counter", "fresh", "/redaktion/schalter", editor=True),
    Look("desk.counter", "errors", "/redaktion/schalter", press("Anmelden"), editor=True),
    Look("desk.counter_done", "waiting", "/redaktion/schalter", _at_the_counter, editor=True),
    Look("desk.counter_code", "errors", "/redaktion/schalter/code", press("Code bestätigen"),
         editor=True),
    Look("desk.counter_leave", "fresh", "/redaktion/schalter/abmelden", editor=True),
    Look("desk.counter_sheet", "German", "/redaktion/schalter/einwilligung", editor=True),
    Look("desk.counter_sheet", "Arabic", "/redaktion/schalter/einwilligung?in=ar", editor=True),
    Look("desk.legal_texts", "full", "/redaktion/texte", editor=True),
    Look("desk.legal_text", "model text", "/redaktion/texte/privacy/de", editor=True),
    Look("desk.legal_text", "own text", "/redaktion/texte/imprint/ar", editor=True),
    Look("desk.legal_text", "errors", "/redaktion/texte/imprint/en",
         type_and_press("text", "kein $platz", "Speichern"), editor=True),
    Look("desk.legal_text", "preview", "/redaktion/texte/imprint/de", press("Vorschau"),
         editor=True),
    Look("desk.barrier_reports", "full", "/redaktion/barrieren", editor=True),
    Look("desk.barrier_reports", "empty", "/redaktion/barrieren", editor=True, empty=True),
    Look("desk.show_preview", "mail", "/redaktion/{long}/vorschau", editor=True),
    Look("desk.show_preview", "digest", "/redaktion/{draft}/vorschau?sammlung=ja&form=einfach",
         editor=True),
    Look("desk.show_preview", "push, Arabic", "/redaktion/{long}/vorschau?kanal=push&sprache=ar",
         editor=True),
    Look("desk.show_preview", "SMS", "/redaktion/{long}/vorschau?kanal=sms", editor=True),
    Look("desk.show_preview", "Telegram", "/redaktion/{long}/vorschau?kanal=telegram",
         editor=True),
    Look("desk.show_preview", "correction", "/redaktion/{correcting}/vorschau?kanal=outlet",
         editor=True),
    Look("desk.image", "fresh", "/redaktion/{draft}/bild", editor=True),
    Look("desk.image", "errors", "/redaktion/{draft}/bild", press("Bild speichern"),
         editor=True),
    Look("desk.image", "too large", "/redaktion/{draft}/bild", _send_too_large, editor=True),
    Look("desk.image", "made small", "/redaktion/{draft}/bild", _choose_a_large_one, editor=True),
    Look("desk.tray", "nothing ticked", "/redaktion/eingang", press("Als Entwürfe"),
         editor=True),
    Look("desk.tray", "filtered away", "/redaktion/eingang?quelle=999", editor=True),
    Look("desk.tray", "full", "/redaktion/eingang", editor=True),
    Look("desk.tray", "empty", "/redaktion/eingang", editor=True, empty=True),
    Look("desk.announcements", "drafts", "/redaktion/meldungen/entwuerfe", editor=True),
    Look("desk.confirm", "to approve", "/redaktion/{submitted}/veroeffentlichen", editor=True),
    Look("desk.confirm", "errors", "/redaktion/{draft}/veroeffentlichen", _schedule_wrongly,
         editor=True),
    Look("desk.watch", "submitted", "/redaktion/{submitted}", editor=True),
    Look("desk.watch", "scheduled", "/redaktion/{scheduled}", editor=True),
    Look("desk.edit", "sent back", "/redaktion/{sent_back}/bearbeiten", editor=True),
    Look("desk.announcements", "waiting", "/redaktion/meldungen/freigabe?wessen=fuer-mich",
         editor=True),
    Look("desk.announcements", "errors", "/redaktion/meldungen/geplant?von=morgen&suche=x",
         status=422, editor=True),
    Look("desk.announcements", "scheduled", "/redaktion/meldungen/geplant", editor=True),
    Look("desk.announcements", "published", "/redaktion/meldungen/veroeffentlicht", editor=True),
    Look("desk.announcements", "dismissed", "/redaktion/meldungen/verworfen", editor=True),
)
LOOKS = _PUBLIC + _RESIDENTS + _DESK

NO_PAGES = {
    "desk.show_image": "a picture", "pictures.show": "a picture",
    "desk.show_mail": "a mail; test_mails_in_a_browser looks at those",
    "api_document.openapi": "JSON", "api.list_announcements": "JSON",
    "api.read_announcement": "JSON", "api.read_status": "JSON", "api.list_topics": "JSON",
    "api.list_neighbourhoods": "JSON", "api.read_client": "JSON", "api.list_sources": "JSON",
    "door.second_step": "comes after a password only; test_staff_journey looks at it",
    "door.to_provider": "leads elsewhere", "door.from_provider": "leads to the desk",
    "static": "files", "inbox.service_worker": "a script", "inbox.manifest": "JSON",
    "push.key": "JSON", "signup.count": "JSON",
    "desk.was_saved": "JSON",
    "public.health": "JSON", "desk.live": "a stream of events",
    "desk.report_as_csv": "a table to save", "monitoring.alive": "text", "monitoring.ready": "JSON",
    "monitoring.numbers": "text", "own_data.copy": "a file to save",
    "preferences.open_link": "leads to preferences.show",
    "confirming.code_form": "leads to signup.done",
    "feeds.feed": "XML, JSON or a calendar", "prints.sheet": "a PDF",
    "prints.sign_up_poster": "a PDF", "prints.this_week": "leads to prints.sheet",
    "short_links.follow": "leads to public.announcement",
}
