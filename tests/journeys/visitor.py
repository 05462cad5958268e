"""A visitor with a browser. Firefox (tests/browsers/firefox.py) and Chromium offer the same
few verbs, so that a journey can be told once."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Browser, Page, expect


class Visitor(Protocol):
    """What people do with pages. Everything waits for what it needs."""

    def open(self, url: str) -> None:
        """Go to a page."""

    def tick(self, label: str) -> None:
        """Choose the checkbox or radio button whose label begins so."""

    def type(self, field: str, text: str) -> None:
        """Write into the field of this name."""

    def press(self, words: str) -> None:
        """Press the button with these words, or follow the link."""

    def wait_for_text(self, words: str) -> None:
        """Wait until the page says so."""


class Reader:
    """A visitor with Chromium's page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str) -> None:
        """Go to a page; anything but a page that works is a failure."""
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status < 400, f"{url} answers {answer.status}"

    def tick(self, label: str) -> None:
        """Choose by label."""
        self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first.check()

    def type(self, field: str, text: str) -> None:
        """Write into a field."""
        self.page.locator(f"[name='{field}']").fill(text)

    def press(self, words: str) -> None:
        """Press a button or follow a link of the page's own part."""
        name = re.compile(re.escape(words))
        main = self.page.locator("main")
        main.get_by_role("button", name=name).or_(
            main.get_by_role("link", name=name)).first.click()

    def wait_for_text(self, words: str) -> None:
        """Wait for words."""
        expect(self.page.locator("body")).to_contain_text(words)


def without_javascript(browser: Browser) -> Reader:
    """A visitor who has JavaScript switched off, and no cookies yet."""
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    return Reader(context.new_page())
