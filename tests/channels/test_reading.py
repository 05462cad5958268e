"""What a message's HTML says, read as blocks; and the text part of a mail made of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Message
from channels.mail_text import WIDTH, body_text, flowed
from channels.reading import read


def message(html: str = "", text: str = "", title: str = "Titel", note: str = "") -> Message:
    return Message("k", title, text, html, "", "", "de", note=note)


def said(html: str) -> str:
    """The text part's lines below the title."""
    return body_text(message(html)).split("\n\n", 1)[1]


def unflowed(text: str) -> str:
    """What a program that knows RFC 3676 shows: soft line ends joined, stuffing removed."""
    paragraphs = [""]
    for line in text.split("\n"):
        paragraphs[-1] += line.removeprefix(" ")
        if not line.endswith(" "):
            paragraphs.append("")
    return "\n".join(paragraphs[:-1])


@pytest.mark.parametrize("html", [
    "", "<p></p>", "Nur Wörter", "</p></ul></li>", "<li>Allein</li>", "<p>auf <b>nie zu",
    "<ol start='x'><li>a</ol>", "<table><tr><td>y</table>", "<a>b</a>", "<h9>x</h9>"])
def test_no_markup_breaks_the_reading(html: str) -> None:
    words = re.sub("<[^>]*>", "", html)
    assert "".join(block.text for block in read(html)).split() == words.split()


def test_lists_keep_their_numbers_and_their_depth() -> None:
    blocks = read("<ol start='3'>\n<li>drei\n<ul>\n<li>tief</li>\n</ul>\n</li>\n"
                  "<li>\n<p>vier</p>\n<p>noch vier</p>\n</li>\n</ol><p>Ende</p>")
    assert [(b.marker, b.indent, b.close, b.text) for b in blocks] == [
        ("3. ", 3, False, "drei"), ("- ", 5, True, "tief"), ("4. ", 3, True, "vier"),
        ("", 3, False, "noch vier"), ("", 0, False, "Ende")]


def test_a_text_part_marks_headings_lists_quotations_and_tables() -> None:
    html = ("<h2>Umleitung</h2><p>Zwei<br>Zeilen.</p><ul><li>Bus<ol><li>Steig A</li></ol></li>"
            "</ul><blockquote><p>Danke</p></blockquote><h3>Zeiten</h3><table><tr><th>Tag</th>"
            "<th>Uhr</th></tr><tr><td>Mo</td><td>8</td></tr></table><pre><code>a\n  b</code></pre>")
    assert said(html) == (
        "Umleitung\n---------\n\nZwei\nZeilen.\n\n- Bus\n   1. Steig A\n\n> Danke\n\n"
        "Zeiten\n~~~~~~\n\nTag | Uhr\nMo | 8\n\na\n   b")


def test_every_address_stands_on_a_line_of_its_own_behind_its_words() -> None:
    assert said('<p>Mehr im <a href="https://x.example/a">Plan</a> oder beim '
                '<a href="mailto:amt@x.example">Amt</a>.</p>') == (
        "Mehr im Plan oder beim Amt.\nPlan:\nhttps://x.example/a\nAmt:\namt@x.example")


@pytest.mark.parametrize(("html", "text"), [
    ('<p><a href="https://x.example/a">Alles lesen</a></p>', "Alles lesen\nhttps://x.example/a"),
    ('<p><a href="https://x.example/a">https://x.example/a</a></p>', "https://x.example/a"),
    ('<p><a href="mailto:a@x.example">a@x.example</a></p>', "a@x.example"),
    ('<p>Amt: <a href="tel:+495231977">05231 977</a></p>', "Amt: 05231 977"),
    ('<p><a href="#m1">Eins</a></p>', "Eins"),
    ('<h2><a href="https://x.example/a">Eins</a></h2>', "Eins\n----\nhttps://x.example/a")])
def test_an_address_is_not_said_twice(html: str, text: str) -> None:
    assert said(html) == text


def test_the_note_stands_above_the_text() -> None:
    assert body_text(message(text="Los.", note="Nur auf Deutsch.")) == (
        "Titel\n=====\n\nNur auf Deutsch.\n\nLos.")


_WORDS = st.lists(st.text("abcä.>–", min_size=1, max_size=30), max_size=60).map(" ".join)


@given(_WORDS)
def test_no_line_is_longer_than_72_and_flowing_gives_the_paragraph_back(words: str) -> None:
    lines = flowed(words)
    assert max(map(len, lines.split("\n"))) <= WIDTH + 1  # one more where it is stuffed
    assert unflowed(lines) == words


@given(st.text("ab >-\n", max_size=200))
def test_whatever_a_text_says_no_line_is_taken_for_a_quotation(text: str) -> None:
    assert not re.search("^>", body_text(message(text=text, title="")), re.MULTILINE)


def test_long_addresses_and_compound_words_stay_whole() -> None:
    link, word = "https://x.example/" + "a" * 90, "Donau" * 20
    assert flowed(f"Siehe {link} und {word}") == f"Siehe \n{link} \nund \n{word}"


def test_soft_hyphens_are_for_the_eye_only() -> None:
    assert flowed("Woh\u00adnungs\u00adamt") == "Wohnungsamt"


def test_list_items_hang() -> None:
    item = "wort " * 30
    lines = said(f"<ul><li>{item}</li></ul>").split("\n")
    assert lines[0].startswith("- wort")
    assert all(line.startswith("   wort") for line in lines[1:])
    assert max(map(len, lines)) <= WIDTH + 1
