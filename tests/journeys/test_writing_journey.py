"""An editor writes in Chromium: pastes from Word, takes a suggestion, loses the connection in
the middle of a sentence, and finds everything again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import UnsavedText
from tests.journeys.deeds import sign_in
from tests.journeys.town import Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

PASTED = ("<p class=MsoNormal><b>Vollsperrung</b> in Hiddesen<o:p></o:p></p><script>x()</script>"
          "<p><a href='https://www.detmold.de/?utm_source=mail'>mehr</a></p>")


def paste(page: Page, name: str, html: str) -> None:
    """What a browser does on Ctrl+V: an event with the clipboard's HTML."""
    page.locator(f"[name={name}]").evaluate(
        """(field, html) => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          data.setData("text/plain", "nur Worte");
          field.focus();
          field.dispatchEvent(new ClipboardEvent("paste",
            {clipboardData: data, bubbles: true, cancelable: true}));
        }""", html)


def kept(page: Page) -> dict[str, Any]:
    """What the browser itself holds of the text."""
    stored = page.evaluate("Object.entries(localStorage).find(([k]) => k.includes('text:'))")
    return dict(json.loads(stored[1])) if stored else {}


def boxes(page: Page) -> list[dict[str, float]]:
    """Where the German text and the English one stand, both at the same moment."""
    return list(page.evaluate("""() => ["[data-language] [data-german=body]", "[name=body-en]"]
      .map(name => document.querySelector(name).getBoundingClientRect().toJSON())"""))


@pytest.fixture
def editor(town: Town, browser: Browser) -> Reader:
    reader = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(reader, town)
    reader.open(f"{town.url}/redaktion/neu")
    return reader


def test_writing_pasting_taking_and_losing_nothing(town: Town, editor: Reader) -> None:
    page = editor.page
    paste(page, "body", PASTED)
    expect(page.locator("[name=body]")).to_have_value(
        "**Vollsperrung** in Hiddesen\n\n[mehr](https://www.detmold.de/)")
    editor.type("title", "Brücke zu")
    page.get_by_role("button", name="Hiddesen übernehmen").click()
    expect(page.get_by_label("Hiddesen", exact=True)).to_be_checked()
    expect(page.get_by_label("Nur in diesen Ortsteilen")).to_be_checked()
    expect(page.locator("[data-help='places'] button")).to_have_count(0)
    expect(page.locator("[data-help='count-short']")).to_contain_text("SMS: 2 Teile")
    page.locator("[data-live] summary").click()
    expect(page.locator("[data-live] strong")).to_have_text("Vollsperrung")
    expect(page.locator("[data-kept]")).to_contain_text("Gesichert um")
    with town.database() as session:
        assert session.scalars(select(UnsavedText)).one().content["title"] == "Brücke zu"

    page.context.set_offline(True)
    editor.type("title", "Brücke zu bis Freitag")
    page.locator("[name=short]").focus()  # leaving a field keeps it at once
    expect(page.locator("[data-kept]")).to_contain_text("Keine Verbindung")
    assert kept(page)["title"] == "Brücke zu bis Freitag"
    context = page.context
    page.close()
    context.set_offline(False)
    editor = Reader(context.new_page())
    page = editor.page
    editor.open(f"{town.url}/redaktion/neu")
    page.get_by_role("button", name="In das Formular holen").click()
    expect(page.locator("[name=title]")).to_have_value("Brücke zu bis Freitag")
    expect(page.get_by_label("Hiddesen", exact=True)).to_be_checked()

    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    editor.open(f"{town.url}/redaktion/neu")
    expect(page.locator("[name=title]")).to_have_value("")
    page.wait_for_function("!Object.keys(localStorage).some(k => k.includes('text:'))")
    with town.database() as session:
        assert session.scalars(select(Announcement)).one().title == "Brücke zu bis Freitag"
        assert session.scalars(select(UnsavedText)).all() == []


def test_a_copy_that_only_the_browser_has_kept_still_brings_its_picture(
        town: Town, editor: Reader) -> None:
    editor.type("title", "Brücke zu")
    editor.tick("In der ganzen Stadt")
    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    page = editor.page
    page.get_by_text("Bild hinzufügen").click()
    page.locator("[name=bild]").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": page.screenshot()})
    editor.type("alt", "Die gesperrte Brücke.")
    editor.press("Bild speichern")
    page.get_by_text("Kopie anlegen").click()
    editor.wait_for_text("kommt mit")
    page.context.set_offline(True)
    editor.type("title", "Brücke wieder zu")
    page.locator("[name=short]").focus()
    expect(page.locator("[data-kept]")).to_contain_text("Keine Verbindung")
    page.goto("about:blank")
    page.context.set_offline(False)
    editor.open(f"{town.url}/redaktion/neu")  # where no copy is begun
    page.get_by_role("button", name="In das Formular holen").click()
    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    with town.database() as session:
        one, two = session.scalars(select(AnnouncementImage)).all()
        assert (one.digest, one.alt) == (two.digest, two.alt)


def test_the_german_text_stays_in_step_beside_a_translation(editor: Reader) -> None:
    page = editor.page
    section = page.locator("[data-language]").first
    section.locator("summary").click()
    editor.type("title", "Brücke zu")
    expect(section.locator("[data-german=title]")).to_have_text("Brücke zu")
    expect(section.locator("[data-german=short]")).to_have_text("noch leer")
    signs = section.locator("[data-sign]:visible")
    expect(signs).to_have_text("fehlt")
    editor.type("title-en", "Bridge closed")
    expect(signs).to_have_text("begonnen")
    editor.type("body-en", "Until Friday.")
    expect(signs).to_have_text("vollständig")
    page.set_viewport_size({"width": 1280, "height": 900})
    german, own = boxes(page)
    assert german["right"] < own["left"], "beside it"
    assert german["top"] == pytest.approx(own["top"], abs=1)
    assert german["bottom"] == pytest.approx(own["bottom"], abs=1)
    page.set_viewport_size({"width": 320, "height": 640})
    german, own = boxes(page)
    assert german["bottom"] < own["top"], "above it"


def test_a_second_editor_is_noticed_before_anything_is_lost(
        town: Town, editor: Reader, browser: Browser) -> None:
    editor.type("title", "Brücke zu")
    editor.tick("In der ganzen Stadt")
    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    other = editor.page.context.new_page()
    other.goto(editor.page.url)
    Reader(other).type("title", "Brücke offen")
    Reader(other).press("Entwurf speichern")
    Reader(other).wait_for_text("Der Entwurf ist gespeichert.")
    editor.type("title", "Brücke halb offen")
    editor.page.locator("[name=short]").focus()
    expect(editor.page.locator("[data-news]")).to_contain_text("inzwischen geändert")
    editor.press("Entwurf speichern")
    editor.wait_for_text("So unterscheiden sich die beiden Texte")
    expect(editor.page.locator(".desk-changes ins").first).to_contain_text("halb")


def test_nothing_moves_a_button_that_is_being_pressed(editor: Reader) -> None:
    page = editor.page
    page.set_viewport_size({"width": 320, "height": 800})
    editor.type("title", "Brücke zu")
    editor.tick("In der ganzen Stadt")
    editor.press("Entwurf speichern")
    editor.wait_for_text("Der Entwurf ist gespeichert.")
    other = page.context.new_page()
    other.goto(page.url)
    Reader(other).type("title", "Brücke offen")
    Reader(other).press("Entwurf speichern")
    Reader(other).wait_for_text("Der Entwurf ist gespeichert.")
    editor.type("title", "Brücke halb offen")
    save = page.locator("button[value=draft]:not([aria-hidden])")
    save.scroll_into_view_if_needed()
    box = save.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 5)
    with page.expect_response(lambda answer: "zwischenstand" in answer.url) as answer:
        page.mouse.down()  # the field loses its focus, its text is kept, and there is news
    assert "inzwischen" in answer.value.json()["news"]
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert save.bounding_box() == box
    page.mouse.up()
    editor.wait_for_text("So unterscheiden sich die beiden Texte")
