"""Every page in every state worth looking at: for the accessibility test and the
screenshots. `NO_PAGES` are the addresses that show people nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

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


def _second_step(page: Page) -> None:
    Reader(page).tick("Ganze Stadt")
    press("Weiter")(page)


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


_PUBLIC = (
    Look("public.start", "with announcements", "/"),
    Look("public.start", "empty", "/", empty=True),
    Look("public.start", "English", "/?sprache=en"),
    Look("public.announcements", "full", "/meldungen"),
    Look("public.announcements", "empty", "/meldungen", empty=True),
    Look("public.announcement", "long words", "/meldungen/{long}"),
    Look("public.announcement", "plain language", "/meldungen/{long}?form=einfach"),
    Look("public.announcement", "expired", "/meldungen/{old}"),
    Look("public.announcement", "unknown", "/meldungen/999999", status=404),
    Look("public.imprint", "model text", "/impressum"),
    Look("public.privacy", "model text", "/datenschutz"),
    Look("public.accessibility", "model text", "/barrierefreiheit"),
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
    Look("inbox.offline", "fresh", "/offline"),
    Look("preferences.ask", "fresh", "/einstellungen"),
    Look("preferences.ask", "error", "/einstellungen",
         type_and_press("kontakt", "12", "Link schicken")),
    Look("preferences.ask", "sent", "/einstellungen",
         type_and_press("kontakt", "wer@example.org", "Link schicken")),
    Look("preferences.show", "fresh", "/einstellungen/{manage}"),
    Look("preferences.show", "expired", "/einstellungen/{stale}", status=410),
    Look("demo_inboxes.show", "messages", "/demo/inboxes"),
)
_DESK = (
    Look("security.login", "fresh", "/redaktion/anmelden"),
    Look("security.login", "error", "/redaktion/anmelden",
         type_and_press("email", "wer@example.org", "Anmelden")),
    Look("desk.overview", "full", "/redaktion/", editor=True),
    Look("desk.overview", "empty", "/redaktion/", editor=True, empty=True),
    Look("desk.new", "fresh", "/redaktion/neu", editor=True),
    Look("desk.new", "errors", "/redaktion/neu", press("Weiter zum"), editor=True),
    Look("desk.new", "preview", "/redaktion/neu", _preview, editor=True),
    Look("desk.edit", "long words", "/redaktion/{draft}/bearbeiten", editor=True),
    Look("desk.edit", "from a source", "/redaktion/{brought}/bearbeiten", editor=True),
    Look("desk.confirm", "ready", "/redaktion/{draft}/veroeffentlichen", editor=True),
    Look("desk.confirm", "not ready", "/redaktion/{unready}/veroeffentlichen", editor=True),
    Look("desk.watch", "published", "/redaktion/{long}", editor=True),
    Look("desk.watch", "dismissed", "/redaktion/{dismissed}", editor=True),
    Look("desk.counter", "fresh", "/redaktion/schalter", editor=True),
    Look("desk.counter", "errors", "/redaktion/schalter", press("Anmelden"), editor=True),
    Look("desk.counter_done", "waiting", "/redaktion/schalter", _at_the_counter, editor=True),
    Look("desk.counter_code", "errors", "/redaktion/schalter/code", press("Code bestätigen"),
         editor=True),
    Look("desk.counter_sheet", "German", "/redaktion/schalter/einwilligung", editor=True),
    Look("desk.counter_sheet", "Arabic", "/redaktion/schalter/einwilligung?in=ar", editor=True),
    Look("desk.tray", "full", "/redaktion/eingang", editor=True),
    Look("desk.tray", "empty", "/redaktion/eingang", editor=True, empty=True),
    Look("desk.announcements", "drafts", "/redaktion/meldungen/entwuerfe", editor=True),
    Look("desk.announcements", "published", "/redaktion/meldungen/veroeffentlicht", editor=True),
    Look("desk.announcements", "dismissed", "/redaktion/meldungen/verworfen", editor=True),
)
LOOKS = _PUBLIC + _RESIDENTS + _DESK

NO_PAGES = {
    "static": "files", "inbox.service_worker": "a script", "inbox.manifest": "JSON",
    "push.key": "JSON", "signup.count": "JSON",
    "public.health": "JSON", "preferences.copy": "a file to save",
    "confirming.code_form": "leads to signup.done",
    "short_links.follow": "leads to public.announcement",
}
