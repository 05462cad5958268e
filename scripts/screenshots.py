"""Take the pictures in docs/screenshots: `.venv/bin/python scripts/screenshots.py [FOLDER]`.

Starts the service with the demo's announcements on servers of its own (as the tests in
tests/journeys do, whose parts it uses) and photographs its pages in Chromium, 390 and 1280
pixels wide: the README's and the docs' under names of their own, and each page of residents and of
the desk (the first of its looks in tests/journeys/looks.py) under `pages/`; and writes the README
beside them. Needs what the tests need.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from civic_push import keys  # noqa: E402
from civic_push.app import create_app  # noqa: E402
from civic_push.config import load  # noqa: E402
from civic_push.db import db  # noqa: E402
from tests.browsers import chromium  # noqa: E402
from tests.journeys import stage as stages  # noqa: E402
from tests.journeys.deeds import sign_in  # noqa: E402
from tests.journeys.looks import LOOKS, order_everything, write_something  # noqa: E402
from tests.journeys.settling import settle  # noqa: E402
from tests.journeys.town import Town  # noqa: E402
from tests.journeys.visitor import Reader  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
PHONE, DESKTOP = 390, 1280  # CSS pixels
TALLEST = {PHONE: 1100, DESKTOP: 900}  # what is below adds weight and tells little
_TEXT = """Ab Montag wird der Platz vor dem Bahnhof umgebaut.

**Die Busse halten solange in der Bahnhofstraße.** Der Weg zu den Gleisen bleibt frei.

- Parken: im Parkhaus Lustgarten, die erste Stunde ist frei
- Fahrräder: am Nordausgang

Die Arbeiten dauern bis Ende März.
"""


def main(folder: Path = FOLDER) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    stages.LONG_WORD, stages.LONG_TEXT = "Bahnhof", _TEXT
    with _town() as town, chromium.browser() as browser:
        stage = stages.Stage(town)
        for width, word in ((PHONE, "phone"), (DESKTOP, "desktop")):
            context = browser.new_context(
                locale="de-DE", reduced_motion="reduce", color_scheme="light",
                viewport={"width": width, "height": 800})
            stage.empty()
            stage.fill(nice=True)
            for name, page in _pages(context, stage):
                _take(page, folder / f"{name}-{word}.png", width)
            stage.empty()
            stage.fill()
            for name, page in _each_page(context, stage):
                _take(page, folder / "pages" / f"{name}-{word}.jpeg", width)
            context.close()
    write_index(folder)


def write_index(folder: Path) -> None:
    """The page with a link to each picture."""
    lines = ["# Pictures of the pages", "", "Taken by `.venv/bin/python scripts/screenshots.py`, "
             "with invented data. Pages are called as in the code."]
    for part, ending in (("", "png"), ("pages/", "jpeg")):
        lines += ["", "| Page | Phone | Desktop |", "|---|---|---|"]
        for picture in sorted((folder / part).glob(f"*-phone.{ending}")):
            name = picture.stem.removesuffix("-phone")
            phone, desktop = (f"{part}{name}-{word}.{ending}" for word in ("phone", "desktop"))
            lines.append(f"| {name} | [phone]({phone}) | [desktop]({desktop}) |")
    (folder / "README.md").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _pages(context: BrowserContext, stage: stages.Stage) -> Iterator[tuple[str, Page]]:
    """Every page to be shown, open, with its picture's name."""
    page, town = context.new_page(), stage.town
    page.goto(f"{town.url}/anmelden")
    for place in ("Hiddesen", "Heiligenkirchen"):
        Reader(page).tick(place)
    yield "signup", page
    for name, path in (("start", "/"), ("confirmation", "/bestaetigen/{pending}"),
                       ("announcement", "/meldungen/{nice}"),
                       ("preferences", "/einstellungen/{manage}")):
        page.goto(town.url + path.format(**stage.parts))
        yield name, page
    page.goto(f"{town.url}/anmelden#alles")
    order_everything(page)
    yield "next-steps", page
    sign_in(Reader(page), town)
    yield "desk-overview", page
    page.goto(f"{town.url}/redaktion/neu")
    write_something(page)
    yield "desk-write", page
    page.goto(town.url + "/redaktion/{nice}".format(**stage.parts))
    yield "desk-watch", page


def _each_page(context: BrowserContext, stage: stages.Stage) -> Iterator[tuple[str, Page]]:
    """Each page once, open, with its picture's name: first residents', then the desk's."""
    page = context.new_page()
    plainest = sorted(LOOKS, key=lambda look: (look.deed is not None, "?" in look.path))
    firsts = {look.endpoint: look for look in reversed(plainest)
              if not look.empty and not look.endpoint.startswith("demo_")}
    signed_in = False
    for look in sorted(firsts.values(), key=lambda look: (look.editor, look.endpoint)):
        if not look.editor:
            context.clear_cookies()
        elif not signed_in:
            sign_in(Reader(page), stage.town)
            signed_in = True
        page.goto(stage.town.url + look.path.format(**stage.parts))
        if look.deed:
            look.deed(page)
            page.wait_for_load_state()
        yield look.endpoint.replace(".", "-"), page


def _take(page: Page, path: Path, width: int) -> None:
    page.mouse.move(0, 0)  # nothing is hovered over
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST[width])
    path.parent.mkdir(exist_ok=True)
    kind: Any = {"type": "jpeg", "quality": 60} if path.suffix == ".jpeg" else {}
    page.screenshot(path=path, full_page=True, **kind,
                    clip={"x": 0, "y": 0, "width": width, "height": height})


@contextmanager
def _town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="civic-push-") as name:
        folder = Path(name)
        app = create_app(load({f"CIVIC_PUSH_{key.upper()}": value for key, value in
                               {**keys.make(), "var_dir": name}.items()}))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with settle(folder, f"sqlite:///{folder / 'civic_push.db'}") as town:
            yield town


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
