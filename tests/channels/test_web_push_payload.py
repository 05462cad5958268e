"""What a push carries always fits, and ends where a reader would end it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Message, Urgency
from channels.push_encryption import MAX_BODY, encrypt
from channels.push_payload import cut, payload
from tests.channels.test_push_encryption import P256DH, SECRET

_LONG = st.one_of(
    st.text(max_size=300),
    st.builds(lambda text, times: (text * times)[:20_000], st.text(min_size=1, max_size=30),
              st.integers(1, 2000)),
    st.sampled_from(["ä" * 5000, "👩‍🚒 " * 900, "\x00" * 5000, '"\\' * 3000, "𝔄" * 3000]))


@settings(max_examples=150)
@given(title=_LONG, short=_LONG, why=_LONG, url=_LONG, label=_LONG, thread=_LONG)
def test_a_push_message_is_never_longer_than_every_service_takes(
        title: str, short: str, why: str, url: str, label: str, thread: str) -> None:
    text = payload(Message(
        key="k" * 32, title=title, text="", html="", short=short, url=url, language=label,
        why=why, leave_label=label, action_label=label, thread=thread, urgency=Urgency.IMPORTANT))
    assert len(encrypt(text, P256DH, SECRET)) <= MAX_BODY
    found = json.loads(text)
    assert set(found) == {"title", "body", "url", "tag", "lang", "dir", "urgency", "action",
                          "fewer"}
    assert found["title"] == title or found["title"].endswith("…")
    assert found["url"] in (url, "")
    beginning = found["body"].removesuffix("…")
    assert f"{short}\n\n{why}".startswith(beginning)


def test_lone_surrogates_do_not_break_a_run() -> None:
    text = payload(Message(key="k", title="\ud800", text="", html="", short="a\udfffb", url="",
                           language="de"))
    assert json.loads(text)["title"] == "?"


def test_what_fits_stays_whole_and_says_why() -> None:
    message = Message(key="k", title="T", text="", html="", short="Kurz.", url="u",
                      language="de", why="Weil.")
    assert json.loads(payload(message))["body"] == "Kurz.\n\nWeil."


def test_a_text_in_another_language_says_so_and_names_its_language() -> None:
    message = Message(key="k", title="T", text="", html="", short="Kurz.", url="u",
                      language="ar", direction="rtl", text_language="de",
                      mark="(nur auf Deutsch)")
    found = json.loads(payload(message))
    assert (found["lang"], found["dir"]) == ("de", "ltr")
    assert found["body"] == "Kurz. (nur auf Deutsch)"


def test_the_reason_gives_way_before_the_news() -> None:
    short = "Wort " * 700
    message = Message(key="k", title="T", text="", html="", short=short, url="u",
                      language="de", why="Weil. " * 100)
    assert json.loads(payload(message))["body"] == short


@pytest.mark.parametrize(("text", "room", "expected"), [
    ("Umleitung über Hiddesen", 50, "Umleitung über Hiddesen"),
    ("Umleitung über Hiddesen", 22, "Umleitung über…"),
    ("Umleitung, über Hiddesen", 15, "Umleitung…"),
    ("Straßenbauarbeiten" * 9, 25, "StraßenbauarbeitenStr…"),
    ("Ort 👩‍🚒👩‍🚒", 20, "Ort…"),
    ("👩‍🚒👩‍🚒👩‍🚒", 20, "👩‍🚒…"),
    ("👍🏽👍🏽👍🏽", 16, "👍🏽…"),
    ("e\u0301e\u0301e\u0301e\u0301", 9, "e\u0301e\u0301…"),
    ("xx", 1, "…")])
def test_texts_end_at_a_word_or_at_least_between_characters(
        text: str, room: int, expected: str) -> None:
    assert cut(text, room) == expected


def test_a_message_is_composed_once_for_all() -> None:
    message = Message(key="k", title="T", text="", html="", short="S", url="u", language="de")
    assert payload(message) is payload(message)
