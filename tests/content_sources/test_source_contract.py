"""What every kind of source promises."""

from __future__ import annotations

import inspect
from datetime import UTC
from pathlib import Path

import pytest

from content_sources import PARSERS, Parser
from content_sources.entry import Entry, Unreadable

SAVED = {"feed": ["wien_oepnv.rss", "ny_alerts.rss", "town.atom", "town.rdf", "town.json",
                  "latin1_that_says_utf8.rss"]}
CASES = [(PARSERS[kind], name) for kind, names in SAVED.items() for name in names]
DATA = Path(__file__).parent / "data"
URL = "https://stadt.example/source"


def test_every_kind_is_tried_on_saved_files() -> None:
    assert set(SAVED) == set(PARSERS)


@pytest.mark.parametrize(("parse", "name"), CASES)
def test_entries_are_whole(parse: Parser, name: str) -> None:
    entries = parse((DATA / name).read_bytes(), URL)
    assert entries
    assert len({entry.key for entry in entries}) == len(entries)
    for entry in entries:
        assert isinstance(entry, Entry)
        assert len(entry.key) == 64
        assert entry.title == " ".join(entry.title.split()) != ""
        assert entry.url == "" or entry.url.startswith(("https://", "http://"))
        for moment in (entry.published_at, entry.updated_at, entry.starts_at, entry.ends_at):
            assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(("parse", "name"), CASES)
def test_reading_again_gives_the_same(parse: Parser, name: str) -> None:
    body = (DATA / name).read_bytes()
    assert parse(body, URL) == parse(body, URL)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=list(PARSERS))
@pytest.mark.parametrize("body", [b"", b"\0" * 100, b"<", b"{", b"BEGIN:", b"\xff\xfe\xff", b"[]"])
def test_nothing_but_unreadable_is_raised(parse: Parser, body: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        parse(body, URL)
    assert error.value.code
    assert str(error.value)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=list(PARSERS))
def test_a_parser_takes_bytes_and_an_address_and_nothing_else(parse: Parser) -> None:
    assert list(inspect.signature(parse).parameters) == ["body", "url"]
