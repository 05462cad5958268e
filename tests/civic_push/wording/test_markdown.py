"""Editors' Markdown: safe as HTML, readable as plain text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic_push.wording.markdown import to_html, to_text


@pytest.mark.parametrize("attack", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "<a href='javascript:alert(1)'>x</a>",
    "![x](https://tracker.example/pixel.gif)", "[x](vbscript:x 'y')",
    "<iframe src=https://evil.example></iframe>", "`<script>`", "<javascript:alert(1)>",
    "[x](https://a.example/\"onmouseover=\"alert(1))"])
def test_nothing_that_runs_or_tracks_gets_through(attack):
    html = to_html(attack)
    assert re.findall(r"<(script|img|iframe|svg|style)", html) == []
    assert re.findall(r'(?:href|src)="(?!https?:|mailto:|tel:)', html) == []
    assert re.findall(r"<[^>]+\son\w+=", html) == []


@given(st.text(alphabet="<>()[]!`*_#\"'&:/\\ ax\n-=onerjavscipt", max_size=60))
def test_whatever_is_typed_only_harmless_elements_come_out(markdown):
    html = to_html(markdown)
    assert set(re.findall(r"<([a-zA-Z0-9]+)", html)) <= {
        "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
        "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
    to_text(markdown)  # never fails


@pytest.mark.parametrize(("markdown", "levels"), [
    ("# Eins\n\n## Zwei\n\n### Drei\n\n#### Vier", ["2", "3", "4", "4"]),
    ("## Eins\n\n### Zwei\n\n## Drei", ["2", "3", "2"]),
    ("### Nur eine", ["2"])])
def test_headings_go_on_below_the_page_s_title_without_a_gap(markdown, levels):
    assert re.findall(r"<h(\d)>", to_html(markdown)) == levels


def test_plain_text_keeps_paragraphs_lists_and_where_links_lead():
    assert to_text(
        "# Sperrung\n\nBis **Freitag**,\ndann [mehr dazu](https://stadt.example/x).\n\n"
        "- Bus 1\n- Bus 2\n  hält nicht\n\n3. dritter\n4. vierter\n\n"
        "<post@stadt.example> <https://stadt.example>\n\n| a | b |\n|---|---|\n| 1 | 2 |") == (
        "Sperrung\n\nBis Freitag,\ndann mehr dazu (https://stadt.example/x).\n\n"
        "- Bus 1\n- Bus 2\n  hält nicht\n\n3. dritter\n4. vierter\n\n"
        "post@stadt.example https://stadt.example\n\na | b\n1 | 2")


def test_nothing_stays_nothing():
    assert (to_html(""), to_text(" \n ")) == ("", "")
