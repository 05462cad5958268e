"""HTML as people read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_sources.text import cut, line, plain, tidy


@pytest.mark.parametrize(("markup", "text"), [
    ("<p>Eins</p><p>Zwei</p>", "Eins\n\nZwei"),
    ("Eins<br>Zwei<br/>Drei", "Eins\nZwei\nDrei"),
    ("<h2>Titel</h2>Text", "Titel\n\nText"),
    ("Mit:<ul><li>Brot</li><li>Wein</li></ul>Danke", "Mit:\n\n– Brot\n– Wein\n\nDanke"),
    ("<ul><li><p>Brot</p></li><li><p>Wein</p></li></ul>", "– Brot\n– Wein"),
    ("M&uuml;ll &amp; Gr&#252;n &euro;&nbsp;5", "Müll & Grün € 5"),
    ("<b>Fett</b>und <a href='https://x.example'>Link</a>", "Fettund Link"),
    ("<script>alert(1)</script><style>p{}</style>Text<!-- weg -->", "Text"),
    ("Zeile\n   im   Quelltext", "Zeile im Quelltext"),
    ("Silben\u00adtrennung", "Silbentrennung"),
    ("<img src=x onerror=alert(1)>Bild", "Bild"),
    ("5 < 6 und 7 > 6", "5 < 6 und 7 > 6"), ("", ""), ("<p>", "")])
def test_html_becomes_readable_text(markup: str, text: str) -> None:
    assert plain(markup, 1000) == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("markup", ["<div>" * 50_000, "<!--" * 50_000, "<" * 200_000,
                                    "&lt;" * 50_000, "<table><tr>" * 5_000, "<a b='" * 30_000])
def test_malicious_html_takes_no_time(markup: str) -> None:
    assert len(plain(markup, 4000)) <= 4000


@given(st.text(max_size=400), st.integers(20, 60))
def test_cut_texts_fit(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit
    assert len(plain(text, limit)) <= limit
    assert len(line(text, limit)) <= limit


def test_texts_are_cut_between_words() -> None:
    assert cut("Die Brücke ist gesperrt, bis auf Weiteres.", 27) == "Die Brücke ist gesperrt…"
    assert cut("Donaudampfschifffahrtsgesellschaft", 10) == "Donaudamp…"


@given(st.text())
def test_tidy_is_done_when_done_once(text: str) -> None:
    assert tidy(tidy(text, 4000), 4000) == tidy(text, 4000)
