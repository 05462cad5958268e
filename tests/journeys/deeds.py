"""What people do in a town: residents sign up, editors write and publish."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from email.message import EmailMessage

from tests.journeys.town import EDITOR, PASSWORD, Town
from tests.journeys.visitor import Visitor

PLACE, TOPIC = "Hiddesen", "Baustellen"
THINKING = 2.2  # seconds; whoever is quicker than 2 is taken for a program


def sign_up(visitor: Visitor, town: Town, *, tick: Sequence[str] = (), place: str = PLACE,
            topic: str = TOPIC, **typed: str) -> None:
    """Order announcements on the sign-up page; `tick` and `typed` name the ways."""
    visitor.open(f"{town.url}/anmelden#alles")
    opened = time.monotonic()
    for label in (place, topic, *tick, "Ja, Stadt Detmold darf"):
        visitor.tick(label)
    for field, text in typed.items():
        visitor.type(field, text)
    time.sleep(max(0.0, opened + THINKING - time.monotonic()))
    visitor.press("Anmelden")
    visitor.wait_for_text("Noch ein Schritt")


def confirm_by_mail(visitor: Visitor, town: Town, address: str) -> None:
    """Open the link of the confirmation mail and press its button."""
    visitor.open(link_in(town.wait_for_mail(address), "/bestaetigen/"))
    visitor.press("Anmeldung bestätigen")
    visitor.wait_for_text("Das hat geklappt")


def sign_in(visitor: Visitor, town: Town) -> None:
    """Come to the desk as the town's editor."""
    visitor.open(f"{town.url}/redaktion/")
    visitor.type("email", EDITOR)
    visitor.type("password", PASSWORD)
    visitor.press("Anmelden")
    visitor.wait_for_text("Zuletzt veröffentlicht")


def publish(visitor: Visitor, town: Town, title: str, text: str, *, place: str = PLACE,
            topic: str = TOPIC) -> None:
    """Write an announcement at the desk and publish it. The editor has signed in."""
    visitor.open(f"{town.url}/redaktion/neu")
    visitor.type("title", title)
    visitor.type("body", text)
    for label in ("Nur in diesen Ortsteilen", place, topic, "Information"):
        visitor.tick(label)
    visitor.press("Weiter zum Veröffentlichen")
    visitor.wait_for_text("Veröffentlichen?")
    visitor.press("Jetzt veröffentlichen")
    visitor.wait_for_text("Die Meldung ist veröffentlicht")


def link_in(mail: EmailMessage, path: str) -> str:
    """The address in a mail's text that has this path in it."""
    text = body_of(mail)
    found = re.search(rf"https?://[^\s<>]*{re.escape(path)}[^\s<>]*", text)
    assert found, f"no link to {path} in {text}"
    return found.group()


def body_of(mail: EmailMessage, kind: str = "plain") -> str:
    """A mail's text, or with "html" its HTML."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None, f"no text/{kind} in {mail}"
    return str(part.get_content())
