"""Mails as a mail program shows them: nothing is loaded, axe finds nothing, nothing is cut
off on a narrow screen or with large letters, light or dark, with styles or without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Request

from channels.base import Message
from channels.mail_body import Hole, html_page
from civic_push.wording.markdown import to_html
from civic_push.wording.sentences import one_a_line
from tests.browsers import chromium
from tests.channels.test_mail_template import MESSAGE
from tests.journeys.test_accessibility import _RUN, _TOO_WIDE, AXE

pytestmark = pytest.mark.browser

BODY = """Ab **Montag** ist die [Paulinenstraße](https://www.detmold.de/plan) gesperrt. Bis Mai.

## Umleitung

- Autos fahren um.
  1. Steig A
- Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikstraßenbaustellenverordnung

> Bitte Geduld.

| Tag | Zeit |
|---|---|
| Mo | 8–12 Uhr |

    vorgegeben    und sehr breit, breiter als jede Zeile auf einem schmalen Telefon
"""
STANDARD = replace(MESSAGE, html=to_html(BODY))
LOOKS = {
    "standard": STANDARD,
    "plain": replace(STANDARD, html=to_html(one_a_line(BODY)), plain=True),
    "german in arabic": replace(STANDARD, language="ar", direction="rtl", text_language="de",
                                note="هذا النص باللغة الألمانية فقط.", why="لأنك طلبت ذلك."),
    "digest": replace(STANDARD, html=(
        '<h2>Inhalt</h2><ol><li><a href="#m1">Eins</a></li></ol><h2>Bauen</h2><h3>Hiddesen</h3>'
        '<div lang="de" dir="ltr"><h4 id="m1"><a name="m1" href="https://x.example/1">1. Eins'
        f"</a></h4>{to_html(BODY).replace('h2>', 'h5>')}</div>")),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.browser() as it:
        yield it


def shown(browser: Browser, message: Message, scheme: str = "light", styles: bool = True
          ) -> tuple[Page, list[str]]:
    """A page with the mail, and what it has asked the network for."""
    html = "".join("https://x.example/l" if isinstance(piece, Hole) else piece
                   for piece in html_page(message, True, True))
    if not styles:
        html = re.sub(r' style="[^"]*"|<style>.*?</style>', "", html, flags=re.DOTALL)
    asked: list[str] = []
    page = browser.new_page(color_scheme=scheme,  # type: ignore[arg-type]
                            viewport={"width": 320, "height": 640})
    page.on("request", lambda request: asked.append(_address(request)))
    page.set_content(html)
    return page, asked


def _address(request: Request) -> str:
    return str(request.url)


@pytest.mark.parametrize("look", LOOKS)
def test_a_mail_is_accessible_and_loads_nothing(browser: Browser, look: str) -> None:
    for scheme in ("light", "dark"):
        page, asked = shown(browser, LOOKS[look], scheme)
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        assert page.evaluate(_RUN) == []
        assert asked == []
        page.close()


@pytest.mark.parametrize("look", LOOKS)
def test_a_mail_fits_a_narrow_screen_and_large_letters(browser: Browser, look: str) -> None:
    page, _asked = shown(browser, LOOKS[look])
    for size in ("100%", "200%"):
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
        assert page.evaluate(_TOO_WIDE, 320) == [], size
    page.close()


def test_the_preview_is_for_lists_of_mails_only(browser: Browser) -> None:
    page, _asked = shown(browser, STANDARD)
    assert not page.get_by_text(STANDARD.short, exact=True).is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    page.close()


def test_a_mail_whose_styles_were_thrown_away_can_still_be_read(browser: Browser) -> None:
    page, _asked = shown(browser, STANDARD, styles=False)
    for name in (MESSAGE.action_label, "Abmelden", "Einstellungen ändern", "Impressum"):
        assert page.get_by_role("link", name=name).is_visible()
    assert page.evaluate("getComputedStyle(document.body).marginTop") != "0px"
    page.close()


def test_dark_mails_have_light_letters_and_light_links(browser: Browser) -> None:
    page, _asked = shown(browser, STANDARD, "dark")
    seen = page.evaluate("""() => ["h1", "a"].map(name =>
      getComputedStyle(document.querySelector(name)).color)""")
    assert seen == ["rgb(244, 245, 248)", "rgb(168, 200, 255)"]
    page.close()


def test_the_contents_of_a_digest_lead_to_its_texts(browser: Browser) -> None:
    page, _asked = shown(browser, LOOKS["digest"])
    page.set_viewport_size({"width": 320, "height": 200})
    page.get_by_role("link", name="Eins", exact=True).click()
    assert page.get_by_role("heading", name="1. Eins").is_visible()
    assert page.evaluate("scrollY") > 0
    page.close()
