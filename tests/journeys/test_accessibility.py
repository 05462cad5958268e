"""Every page in every state: axe-core finds nothing (WCAG 2.2 AA, of which EN 301 549 and
the BITV speak), and nothing is cut off at 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browsers import chromium
from tests.journeys.deeds import sign_in
from tests.journeys.keys import stops
from tests.journeys.looks import LOOKS, NO_PAGES, Look
from tests.journeys.settling import settle
from tests.journeys.stage import Stage
from tests.journeys.town import ROOT
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
  const result = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    rules: {"target-size": {enabled: true}},
    resultTypes: ["violations"]});
  return result.violations.flatMap(v => v.nodes.map(
    n => `${v.id}: ${n.html.slice(0, 200)} – ${n.failureSummary.replaceAll("\\n", " ")}`));
}"""
# what makes a page wider than the screen, for the failure's text
_TOO_WIDE = """width => [...document.querySelectorAll("body *")]
  .filter(e => (box => box.right > width + 1 || box.left < -1)(e.getBoundingClientRect()))
  .map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""
# what moves although the visitor asked for less motion
_MOVING = """() => [...document.querySelectorAll("body *")].filter(e => {
  const style = getComputedStyle(e);
  return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0
    || style.scrollBehavior === "smooth";
}).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
_ONLY_GERMAN = ("demo_inboxes.", "security.", "door.", "desk.", "embed.")


def one_for_each_page() -> list[Look]:
    """Each residents' page once, in Arabic and without a deed (whose words are German)."""
    pages: dict[str, Look] = {}
    for look in LOOKS:
        plain = not (look.deed or look.empty or "sprache=" in look.path)
        if plain and not look.endpoint.startswith(_ONLY_GERMAN):
            mark = "&" if "?" in look.path else "?"
            pages.setdefault(look.endpoint, replace(look, path=f"{look.path}{mark}sprache=ar"))
    return list(pages.values())


class Visitors:
    """A resident and an editor in one browser, and the stage they look at. Each keeps one
    window, and axe is in it before a page is: opening and reading both took a third of the
    time."""

    def __init__(self, stage: Stage, resident: BrowserContext, editor: BrowserContext) -> None:
        self.stage = stage
        self.resident, self.editor = self._window(resident), self._window(editor)
        self.broken: list[str] = []  # scripts that threw something since a page was opened

    def _window(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.add_init_script(path=AXE)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        return page

    def look(self, look: Look) -> Page:
        """Open a page in its state."""
        if look.empty:
            self.stage.empty()
        else:
            self.stage.fill()
        page = self.editor if look.editor else self.resident
        if not look.editor:
            page.context.clear_cookies()
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size(WIDE)
        page.goto("about:blank")  # else a path that differs in its #place only is not opened
        self.broken.clear()
        answer = page.goto(self.stage.town.url + look.path.format(**self.stage.parts))
        assert answer is not None
        assert answer.status == look.status
        if look.deed:
            look.deed(page)
            page.wait_for_load_state()
        return page


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
             ) -> Iterator[Visitors]:
    """Visitors to a town in demo mode, which has the most pages."""
    folder = tmp_path_factory.mktemp("town")
    database = folder / "civic_push.db"
    database.write_bytes(sqlite_template.read_bytes())
    with settle(folder, f"sqlite:///{database}", demo="true") as town, chromium.browser() as it:
        resident, editor = (it.new_context(locale="de-DE", reduced_motion="reduce")
                            for _ in range(2))
        page = editor.new_page()
        sign_in(Reader(page), town)
        page.close()
        yield Visitors(Stage(town), resident, editor)


def test_every_page_that_can_be_opened_is_looked_at(visitors: Visitors) -> None:
    app: Flask = visitors.stage.town.app
    opened = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert opened == {look.endpoint for look in LOOKS} | set(NO_PAGES)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_page_has_no_barriers(visitors: Visitors, look: Look) -> None:
    page = visitors.look(look)
    assert page.evaluate(_RUN) == []
    assert page.evaluate(_MOVING) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROW)
    assert page.evaluate(_RUN) == []
    assert_fits(page)
    assert visitors.broken == []


@pytest.mark.parametrize("look", one_for_each_page(), ids=lambda look: look.name)
def test_a_page_has_no_barriers_from_right_to_left(visitors: Visitors, look: Look) -> None:
    """In Arabic, zoomed to 400 % (1280 pixels are then 320), by keyboard, in forced colours."""
    page = visitors.look(look)
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.dir") == "rtl"
    assert page.evaluate(_RUN) == []
    assert_fits(page)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(_RUN) == []
    page.emulate_media(forced_colors="none")
    assert len(list(stops(page))) > 5  # each is looked at on the way


def assert_fits(page: Page) -> None:
    """Nothing must be scrolled sideways for, in either direction of writing."""
    if page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
        pytest.fail(f"wider than 320 pixels: {page.evaluate(_TOO_WIDE, NARROW['width'])}")
