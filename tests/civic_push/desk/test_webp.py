"""WebP pictures, as Chromium writes them: kept whole, and rid of all that is not the picture."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from civic_push.announcements import publishing
from civic_push.announcements.images import BadImage, clean
from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from tests.civic_push.desk_visitor import Visitor

DATA = Path(__file__).parents[1] / "data"
GPS = b"N 51 56 13 E 8 52 44"
FILES = {name: (DATA / f"{name}.webp").read_bytes() for name in ("lossy", "alpha", "lossless")}
PARTS = {"lossy": ["VP8X", "ICCP", "VP8 "], "alpha": ["VP8X", "ICCP", "ALPH", "VP8 "],
         "lossless": ["VP8X", "ICCP", "VP8L"]}


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def chunks(raw: bytes) -> Iterator[tuple[str, bytes]]:
    at = 12
    while at < len(raw):
        name, size = struct.unpack("<4sI", raw[at:at + 8])
        yield name.decode(), raw[at + 8:at + 8 + size]
        at += 8 + size + size % 2


def webp(*parts: bytes) -> bytes:
    whole = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def with_more(raw: bytes, *more: bytes, flags: int = 0) -> bytes:
    """A file with more chunks behind its picture, and flags that tell of them."""
    parts = dict(chunks(raw))
    parts["VP8X"] = bytes((parts["VP8X"][0] | flags,)) + parts["VP8X"][1:]
    return webp(*(chunk(name.encode(), body) for name, body in parts.items()), *more)


@pytest.mark.parametrize("name", FILES)
def test_what_a_browser_wrote_stays_as_it_is(name: str) -> None:
    found = clean(FILES[name])
    assert (found.kind, found.width, found.height) == ("webp", 24, 16)
    assert found.content == FILES[name]
    assert [part for part, _body in chunks(found.content)] == PARTS[name]


@pytest.mark.parametrize("name", FILES)
def test_place_and_owner_go_and_nothing_says_that_they_were_there(name: str) -> None:
    raw = with_more(FILES[name], chunk(b"EXIF", GPS), chunk(b"XMP ", b"<x>" + GPS),
                    chunk(b"????", GPS), flags=0x0C) + GPS
    assert clean(raw).content == FILES[name]


def test_without_colours_or_transparency_of_its_own_only_the_picture_is_left() -> None:
    parts = dict(chunks(FILES["lossy"]))
    plain = webp(chunk(b"VP8 ", parts["VP8 "]))
    assert clean(plain).content == plain
    head = b"\x0c" + parts["VP8X"][1:]
    raw = webp(chunk(b"VP8X", head), chunk(b"VP8 ", parts["VP8 "]), chunk(b"EXIF", GPS))
    assert clean(raw).content == plain


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_editor_s_picture_is_shown_as_what_it_is(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    announcement = make_announcement()
    page = f"/redaktion/{announcement.id}/bild"
    moving = with_more(FILES["alpha"], chunk(b"ANIM", bytes(6)), flags=2)
    refused = editor.press(page, bild=(BytesIO(moving), "b.webp"), alt="Ein rotes Schild.")
    assert refused.status_code == 422
    assert "Bewegte Bilder nehmen wir nicht." in refused.text
    editor.press(page, bild=(BytesIO(FILES["alpha"]), "b.webp"), alt="Ein rotes Schild.")
    publishing.publish(session, announcement, utcnow())
    digest = clean(FILES["alpha"]).digest
    shown = editor.get(f"/bilder/{digest}.webp")
    assert (shown.mimetype, shown.data) == ("image/webp", FILES["alpha"])
    assert f"/bilder/{digest}.webp" in editor.read("/meldungen.atom")


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Files that are no picture, and what is wrong with each."""
    raw = FILES["alpha"]
    parts = dict(chunks(raw))
    picture, lossless = parts["VP8 "], dict(chunks(FILES["lossless"]))["VP8L"]
    zero = picture[:6] + bytes(4) + picture[10:]
    other = b"\x10\0\0\0" + b"\x30\0\0\x30\0\0"
    return {
        "moves": (with_more(raw, chunk(b"ANIM", bytes(6)), flags=2), "moves"),
        "a frame": (with_more(raw, chunk(b"ANMF", bytes(16) + raw[12:])), "moves"),
        "cut off": (raw[:-30], "broken"), "no picture": (webp(), "broken"),
        "cut chunk": (webp(struct.pack("<4sI", b"VP8 ", 99) + picture[:20]), "broken"),
        "short chunk": (webp(chunk(b"VP8 ", picture[:7])), "broken"),
        "empty chunk": (webp(chunk(b"VP8L", b"")), "broken"),
        "two pictures": (webp(chunk(b"VP8 ", picture), chunk(b"VP8L", lossless)), "broken"),
        "no key frame": (webp(chunk(b"VP8 ", b"\1" + picture[1:])), "broken"),
        "no signature": (webp(chunk(b"VP8L", b"\0" + lossless[1:])), "broken"),
        "no width": (webp(chunk(b"VP8X", other), chunk(b"VP8 ", zero)), "broken"),
        "another size": (webp(chunk(b"VP8X", other), chunk(b"VP8 ", picture)), "broken"),
        "too many pixels": (webp(chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f")), "pixels"),
        "another RIFF": (b"RIFF" + struct.pack("<I", 4) + b"WAVE", "kind")}


@pytest.mark.parametrize("name", bad_files())
def test_what_is_no_picture_is_refused(name: str) -> None:
    raw, code = bad_files()[name]
    with pytest.raises(BadImage) as refused:
        clean(raw)
    assert refused.value.code == code


@given(st.sampled_from(sorted(FILES)), st.integers(0, 700), st.binary(max_size=6))
def test_damaged_files_are_refused_or_harmless(name: str, place: int, damage: bytes) -> None:
    raw = FILES[name]
    try:
        found = clean(raw[:place] + damage + raw[place + len(damage):])
    except BadImage:
        return
    assert clean(found.content) == found
