"""Pictures: only what makes the picture is kept; words for those who do not see it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from civic_push.announcements import images, publishing
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.images import BadImage, clean
from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from tests.civic_push.desk_visitor import Visitor, hidden

GPS = b"N 51 56 13 E 8 52 44"
ALT = "Eine gesperrte Brücke mit rotem Schild."


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 2, height: int = 1, *more: bytes) -> bytes:
    """A real PNG, grey, with `more` chunks before its data."""
    rows = (b"\0" + b"\x80" * width) * height
    return b"".join((b"\x89PNG\r\n\x1a\n",
                     chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *more,
                     chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")))


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*more: bytes, width: int = 4, height: int = 2, way: int = 1) -> bytes:
    """A JPEG's skeleton with EXIF in little-endian order: way up, and a place."""
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x112, 3, 1, way, 0) + (
        struct.pack("<I", 0) + GPS)
    return b"".join((
        b"\xff\xd8", segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), segment(0xE1, b"Exif\0\0" + tiff),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + GPS), *more,
        segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
        segment(0xDA, b"\1\1\0\0?\0"), b"\x12\xff\0\x34\xff\xd0\x56", b"\xff\xd9", GPS))


def test_a_png_keeps_its_picture_and_loses_all_else() -> None:
    found = clean(png(2, 1, chunk(b"tEXt", GPS), chunk(b"eXIf", GPS), chunk(b"gAMA", b"\0\0\0\1"))
                  + GPS)
    assert (found.kind, found.width, found.height) == ("png", 2, 1)
    assert GPS not in found.content
    assert found.content == png(2, 1, chunk(b"gAMA", b"\0\0\0\1"))
    assert clean(found.content) == found


def test_a_jpeg_keeps_its_picture_and_loses_place_comment_and_what_hangs_on() -> None:
    icc = segment(0xE2, b"ICC_PROFILE\0\1\1colours")
    found = clean(jpeg(segment(0xFE, b"Kommentar"), segment(0xED, b"Photoshop"), icc))
    assert (found.kind, found.width, found.height) == ("jpeg", 4, 2)
    for gone in (GPS, b"Kommentar", b"Photoshop", b"Exif", b"ns.adobe"):
        assert gone not in found.content
    assert icc in found.content
    assert b"\x12\xff\0\x34\xff\xd0\x56\xff\xd9" in found.content  # the scan, whole
    assert clean(found.content) == found


def test_a_picture_on_its_side_stays_the_right_way_up() -> None:
    found = clean(jpeg(way=6))
    assert (found.width, found.height) == (2, 4)
    assert found.content.count(b"Exif") == 1
    assert GPS not in found.content
    assert clean(found.content) == found  # our own EXIF says the same


@pytest.mark.parametrize(("raw", "code"), [
    (b"", "kind"), (b"GIF89a\1\0\1\0", "kind"), (b"<svg onload=alert(1)>", "kind"),
    (b"\x89PNG\r\n\x1a\n", "broken"), (png()[:-5], "broken"), (png().replace(b"IDAT", b"iDAT"),
                                                               "broken"),
    (png(2, 1, chunk(b"ABCD", b"")), "broken"), (jpeg()[:-25], "broken"),
    (b"\xff\xd8\xff\xe0\0\1", "broken"), (b"\xff\xd8\xff\xd9", "broken"),
    (jpeg(width=0), "broken"), (jpeg(width=60_000, height=60_000), "pixels"),
    (b"\xff\xd8\xff" + b"x" * 900_000, "bytes"),
    (b"\0\0\0\x18ftypheic" + b"x" * 900_000, "kind")])
def test_what_is_no_picture_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(BadImage) as error:
        clean(raw)
    assert error.value.code == code


@given(st.binary(max_size=200), st.integers(0, 150))
def test_nothing_that_is_sent_makes_it_stumble(noise: bytes, at: int) -> None:
    for whole in (png(), jpeg()):
        try:
            found = clean(whole[:at] + noise + whole[at + len(noise):])
        except BadImage:
            continue
        assert clean(found.content) == found


def large(size: int) -> bytes:
    """So many bytes that begin as a JPEG does."""
    return b"\xff\xd8\xff" + bytes(size - 3)


def send(visitor: Visitor, size: int, page: str, to: str | None = None) -> TestResponse:
    """Press a button with a picture of so many bytes. Werkzeug's test client would put it into
    a file that it leaves open."""
    fields = {**hidden(visitor.get(page).text), "alt": ALT,
              "bild": FileStorage(BytesIO(large(size)), "bild", "bild")}
    boundary, body = encode_multipart(fields)
    db.session.commit()
    with visitor.client.application.app_context():
        return visitor.client.post(to or page, data=body,
                                   content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture
def app(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """An app whose pictures lie in a folder of the test's own."""
    app = make_app(var_dir=str(tmp_path / "own"))
    with app.app_context():
        yield app


def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_picture_comes_with_words_and_is_shown_once_it_is_published(
        editor: Visitor, session: Session, tmp_path: Path,
        make_announcement: Callable[..., Announcement]) -> None:
    announcement = make_announcement()
    number = announcement.id
    answer = editor.press(f"/redaktion/{number}/bild", bild=(BytesIO(jpeg()), "IMG_1.JPG"),
                          alt=ALT)
    assert answer.location == f"/redaktion/{number}"
    assert f'alt="{ALT}"' in editor.read(f"/redaktion/{number}")
    assert editor.get(f"/redaktion/{number}/bild/ansehen").mimetype == "image/jpeg"
    assert files(tmp_path / "own" / "images") == [clean(jpeg()).content]
    address = f"/bilder/{clean(jpeg()).digest}.jpeg"
    assert editor.get(address).status_code == 404  # a draft's is nobody's business
    publishing.publish(session, session.get_one(Announcement, number), utcnow())
    shown = editor.get(address)
    assert shown.data == clean(jpeg()).content
    assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert f'src="{address}" alt="{ALT}"' in editor.read(f"/meldungen/{number}")
    assert editor.get(address.replace(".jpeg", ".png")).status_code == 404
    late = editor.press("/redaktion/neu", f"/redaktion/{number}/bild", alt="Anders")
    assert "kein Entwurf mehr" in editor.read(late.location)


def test_without_words_or_with_a_wrong_file_nothing_is_kept_and_the_page_says_why(
        editor: Visitor, session: Session, make_announcement: Callable[..., Announcement]
        ) -> None:
    page = f"/redaktion/{make_announcement().id}/bild"
    for file, alt, sentence in (
            (b"", ALT, "Wählen Sie ein Bild aus."), (png(), " ", "Beschreiben Sie, was"),
            (png(), "x" * 501, "Kürzen Sie die Beschreibung auf 500 Zeichen."),
            (b"%PDF-1.7", ALT, "Speichern Sie es als JPEG oder PNG."),
            (png()[:-3], ALT, "Das Bild ist beschädigt."),
            (jpeg(width=60_000, height=60_000), ALT, "zu viele Bildpunkte")):
        answer = editor.press(page, bild=(BytesIO(file), "b.png"), alt=alt)
        assert answer.status_code == 422
        assert sentence in answer.text
        if alt == ALT:
            assert ALT in answer.text  # what was typed is kept
    assert session.scalar(select(AnnouncementImage.digest)) is None


def test_a_picture_that_is_too_large_is_refused_at_the_form_and_the_words_stay(
        editor: Visitor, tmp_path: Path, make_announcement: Callable[..., Announcement]) -> None:
    page = f"/redaktion/{make_announcement().id}/bild"
    for size, told in ((900_001, "901 kB"), (3_000_000, "3,0 MB"), (16_700_000, "16,7 MB")):
        answer = send(editor, size, page)
        assert answer.status_code == 422
        assert answer.text.count(f"zu groß ({told}). Verkleinern Sie es auf höchstens 900 "
                                 "Kilobyte.") == 2  # above the form and at the field
        assert ALT in answer.text
    assert files(tmp_path / "own") == []


def test_only_the_picture_s_form_takes_more_than_a_megabyte_and_from_the_desk_only(
        editor: Visitor, client: FlaskClient, make_announcement: Callable[..., Announcement]
        ) -> None:
    page = f"/redaktion/{make_announcement().id}/bild"
    stranger = Visitor(client.application.test_client())
    for answer in (
            send(editor, 17_000_000, page), send(editor, 1_000_000, page, f"{page}/entfernen"),
            send(editor, 1_000_000, "/redaktion/neu"),
            send(stranger, 1_000_000, "/redaktion/anmelden", page),
            editor.press(page, alt="x" * 1_000_000)):  # no file: it would all lie in memory
        assert answer.status_code == 413
        assert "Das waren zu viele Daten auf einmal." in answer.text


def test_a_replaced_or_removed_picture_leaves_no_file_unless_another_shows_it(
        editor: Visitor, tmp_path: Path, make_announcement: Callable[..., Announcement]) -> None:
    one, two = make_announcement().id, make_announcement().id
    for number in (one, two):
        editor.press(f"/redaktion/{number}/bild", bild=(BytesIO(png()), "b"), alt=ALT)
    editor.press(f"/redaktion/{one}/bild", bild=(BytesIO(png(3, 3)), "b"), alt=ALT)
    editor.press(f"/redaktion/{one}/bild", alt="Nur andere Worte.")
    assert len(files(tmp_path / "own" / "images")) == 2
    editor.press(f"/redaktion/{two}/bild", f"/redaktion/{two}/bild/entfernen")
    assert files(tmp_path / "own" / "images") == [png(3, 3)]
    assert 'alt="Nur andere Worte."' in editor.read(f"/redaktion/{one}")
    assert images.MOST_BYTES < 1_000_000  # what a request may carry
