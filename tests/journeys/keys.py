"""Going through a page by keyboard, looking at what takes the focus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

_FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(),
        style = getComputedStyle(e), label = e.labels && e.labels[0],
        been = window.focusBeen ??= new WeakSet(), again = been.has(e) || e === document.body;
  been.add(e);
  return {
    again, words: ((label || e).innerText || e.getAttribute('aria-label') || '').trim(),
    visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left >= 0
      && box.left < innerWidth,
    ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    hidden: e.matches('[aria-hidden=true] *'),
  };
}"""
_MOST = 200  # stops on one page


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on an element with these words; on the way everything
    that takes the focus must be seen to have it."""
    for _step in range(_MOST):
        if _next(page)["words"].startswith(words):
            return
    raise AssertionError(f"Tab never comes to {words!r}")


def stops(page: Page) -> Iterator[dict[str, Any]]:
    """Press Tab from the page's beginning to its end, in the same way."""
    page.evaluate("document.activeElement.blur()")
    for _step in range(_MOST):
        focus = _next(page)
        if focus["again"]:
            return
        yield focus
    raise AssertionError("Tab never comes to the end")


def _next(page: Page) -> dict[str, Any]:
    page.keyboard.press("Tab")
    focus: dict[str, Any] = page.evaluate(_FOCUSED)
    if not focus["again"]:
        assert focus["visible"], focus
        assert focus["ring"], focus
        assert not focus["hidden"], focus
    return focus
