"""What is pasted becomes clean Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic_push.announcements.cleaning import cleaned, from_html, is_bomb, without_tracking
from civic_push.wording.markdown import to_html

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p {color: red}
</style><title>Dokument1</title></head><body lang=DE><!--StartFragment-->
<p class=MsoNormal><b>Vollsperrung</b> der <i>Paulinenstraße</i><o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst><![if !supportLists]><span style='mso-list:Ignore'>·<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span><![endif]>Umleitung über
die Bahnhofstraße</p>
<p class=MsoListParagraphCxSpLast><span>·<span>&nbsp;&nbsp; </span></span>Bus 701 fährt
weiter</p></body></html>"""


def test_a_page_of_word_becomes_markdown() -> None:
    assert from_html(WORD) == (
        "**Vollsperrung** der *Paulinenstraße*\n\n"
        "- Umleitung über die Bahnhofstraße\n- Bus 701 fährt weiter")


@pytest.mark.parametrize(("html", "markdown"), [
    ("<h1>Über<b>schrift</b></h1><p>Text</p>", "## Überschrift\n\nText"),
    ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
    ("<ol start=3><li>drei</li><li>vier</li></ol>", "3. drei\n4. vier"),
    ("<p>Zeile<br>Zeile</p>", "Zeile\nZeile"),
    ("<blockquote><p>Zitat</p></blockquote>", "> Zitat"),
    ("<table><tr><th>Tag</th><th>Zeit</th></tr><tr><td>Mo</td><td>8 | 9</td></tr></table>",
     "| Tag | Zeit |\n|---|---|\n| Mo | 8 \\| 9 |"),
    ("<p>5 * 3 &lt;b&gt; [x]</p>", "5 \\* 3 \\<b> \\[x\\]"),
    ("<p><strong> fett </strong>weiter</p>", "**fett** weiter"),
    ("<a href='https://a.de/'>https://a.de/</a>", "<https://a.de/>"),
    ("<script>alert(1)</script><p onclick=x()>Text<style>p{}</style></p>", "Text"),
    ("<a href='javascript:alert(1)'>Klick</a>", "Klick"),
    ("<p>Text<img src='https://pixel.example/1.gif' width=1 height=1></p>", "Text"),
    ("<a href='https://a.de/?utm_source=nl&amp;id=3&amp;fbclid=1'>mehr</a>",
     "[mehr](https://a.de/?id=3)"),
    ("", ""),
])
def test_html_becomes_the_markdown_that_says_the_same(html: str, markdown: str) -> None:
    assert from_html(html) == markdown


@pytest.mark.parametrize(("typed", "kept"), [
    ("Hallo\n\n<p>Die <b>Brücke</b> ist zu.</p>", "Hallo\n\nDie **Brücke** ist zu."),
    ("<script>alert(1)</script>Text", "Text"),
    ("![Zähler](https://pixel.example/x.gif)", "Zähler"),
    ("[mehr](https://a.de/?utm_source=b&c=d)", "[mehr](https://a.de/?c=d)"),
    ("(siehe https://a.de/?gclid=1)", "(siehe https://a.de/)"),
])
def test_what_is_typed_is_cleaned_of_html_pictures_and_tracking(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept


@pytest.mark.parametrize("text", [
    "a < b und b > c", "Lang <geschrieben>", "<script>", "Nur **Markdown** & [Wort](https://a.de)",
    "https://a.de/?a=1&b=%C3%BC", "Preis: 3 < 5\n\n- eins\n- zwei", "<https://a.de/x?y=(1)>"])
def test_what_is_clean_stays_letter_for_letter(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize("name", ["utm_source", "fbclid", "mc_eid", "_hsenc", "pk_campaign",
                                  "UTM_Medium", "msclkid", "WT.mc_id"])
def test_links_say_no_more_than_where_they_lead(name: str) -> None:
    assert without_tracking(f"https://a.de/x?{name}=1&seite=2#ab") == "https://a.de/x?seite=2#ab"


@settings(max_examples=60)
@given(st.text(alphabet="ab <>/pbil*_[]()\n|-`#&;\"='", max_size=120))
def test_nothing_pasted_or_typed_brings_a_tag_of_its_own(text: str) -> None:
    for markdown in (from_html(text), cleaned(text)):
        assert "<script" not in to_html(markdown)
    again = cleaned(cleaned(text))
    assert cleaned(again) == again


@pytest.mark.timeout(60)  # a parser that goes astray takes longer
@pytest.mark.parametrize("text", [
    ">" * 20_000, "> " * 5_000 + "x", "".join("  " * i + "- x\n" for i in range(60)),
    "|a|b|\n|-|-|\n" + "|x|y|\n" * 101, "|" + "a|" * 600 + "\n|" + "-|" * 600 + "\n|x|\n"])
def test_a_markdown_bomb_is_found_at_once(text: str) -> None:
    assert is_bomb(text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [
    "[" * 20_000, "*a **b " * 2_800, "`" * 20_000, "<b>" * 6_000, "![" * 10_000, "<p " * 6_000,
    "https://a.de/?utm_x=" * 900, "![a](b" * 3_000])
def test_twenty_thousand_nasty_characters_keep_nobody_waiting(text: str) -> None:
    assert not is_bomb(cleaned(text))


def test_an_ordinary_text_is_no_bomb() -> None:
    assert not is_bomb("## Titel\n\n> Zitat\n> > noch eins\n\n- a\n  - b\n    - c\n\n"
                       "| Tag | Zeit |\n|---|---|\n" + "| Mo | 8 |\n" * 30)
