"""Somebody at the desk adds a photo as a telephone takes it: the browser makes it small, and
where it cannot, the server says at the form what is too large."""

from __future__ import annotations

import base64
import random
import re
import struct
import zlib

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from civic_push.announcements import images, publishing
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.db import utcnow
from subscriptions.models import Topic
from tests.journeys.deeds import sign_in
from tests.journeys.town import Town
from tests.journeys.visitor import Reader

pytestmark = pytest.mark.browser

ALT = "Die gesperrte Brücke."
MADE_SMALL = re.compile(r"auf (\d+) × (\d+) Bildpunkte verkleinert \((\d+) kB\)")
# red on its left half, of noise that no JPEG makes small
_JPEG = """async () => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2000, 1000];
  const pen = canvas.getContext("2d");
  const data = pen.createImageData(2000, 1000);
  let seed = 1;
  for (let at = 0; at < data.data.length; at += 4) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const light = (seed >> 16) % 256;
    const left = (at / 4) % 2000 < 1000;
    data.data.set([left ? 255 : light, left ? light / 4 : light, left ? 0 : light, 255], at);
  }
  pen.putImageData(data, 0, 0);
  return canvas.toDataURL("image/jpeg", 0.95).split(",")[1];
}"""
# a telephone that takes its time
_SLOW = """const decode = createImageBitmap;
window.createImageBitmap = async (...all) => {
  await new Promise(done => setTimeout(done, 2000));
  return decode(...all);
};"""
# what the shown picture has at its top and bottom
_COLOURS = """picture => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  return [0.25, 0.75].map(part => {
    const [r, g] = pen.getImageData(canvas.width / 2, canvas.height * part, 1, 1).data;
    return r - g > 100 ? "red" : "grey";
  });
}"""


def noise(width: int, height: int) -> bytes:
    """A grey PNG that is as large as its pixels are many."""
    source = random.Random(7)
    rows = b"".join(b"\0" + source.randbytes(width) for _ in range(height))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
             (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts)


def lying_on_its_side(jpeg: bytes) -> bytes:
    """A JPEG as a telephone held upright writes it: EXIF says to turn it to the right."""
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    return jpeg[:2] + struct.pack(">BBH", 0xFF, 0xE1, len(exif) + 2) + exif + jpeg[2:]


def choose(page: Page, content: bytes, name: str = "IMG_1.png", kind: str = "image/png") -> None:
    """Choose a picture from the disk."""
    page.locator("[name=bild]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content})


def stored(town: Town) -> tuple[AnnouncementImage, bytes]:
    """The only picture there is, and its file."""
    with town.database() as session:
        row = session.scalars(select(AnnouncementImage)).one()
        session.expunge(row)
    return row, images.path_of(town.folder, row.digest, row.kind).read_bytes()


@pytest.fixture
def editor(town: Town, browser: Browser) -> Reader:
    """Somebody at the desk, before the form for a draft's picture."""
    with town.database() as session:
        topic = session.scalars(select(Topic.id).filter_by(slug="baustellen")).one()
        number = publishing.save(session, publishing.Draft(
            "Brücke zu", "Die Brücke ist zu.", topics=[topic]), utcnow()).id
        session.commit()
    reader = Reader(browser.new_context(locale="de-DE").new_page())
    sign_in(reader, town)
    reader.open(f"{town.url}/redaktion/{number}/bild")
    return reader


def save(editor: Reader) -> None:
    """Describe the picture and save it; the announcement's page shows it."""
    editor.type("alt", ALT)
    editor.press("Bild speichern")
    editor.wait_for_text("Das Bild ist gespeichert.")
    expect(editor.page.get_by_role("img", name=ALT)).to_have_js_property("complete", True)


def test_a_large_photo_becomes_small_before_it_is_sent(town: Town, editor: Reader) -> None:
    large = noise(2400, 1600)
    assert len(large) > 3_000_000
    choose(editor.page, large)
    told = editor.page.get_by_role("status").filter(has_text="verkleinert (")
    expect(told).to_have_text(MADE_SMALL)
    words = MADE_SMALL.search(told.inner_text())
    save(editor)
    row, content = stored(town)
    assert words
    assert (row.kind, row.width, row.height) == ("jpeg", int(words[1]), int(words[2]))
    assert max(row.width, row.height) <= 1600
    assert len(content) <= int(words[3]) * 1000 <= 900_000
    shown = editor.page.get_by_role("img", name=ALT)
    expect(shown).to_have_js_property("naturalWidth", row.width)


def test_who_saves_at_once_sends_the_small_one_and_it_is_the_right_way_up(
        town: Town, editor: Reader) -> None:
    page = editor.page
    photo = lying_on_its_side(base64.b64decode(page.evaluate(_JPEG)))
    assert len(photo) > images.MOST_BYTES
    page.add_init_script(_SLOW)
    page.reload()
    choose(page, photo, "IMG_2.JPG", "image/jpeg")
    expect(page.locator("[data-image-told]")).to_have_text("Das Foto wird verkleinert …")
    save(editor)
    row, content = stored(town)
    assert row.height == 2 * row.width
    assert len(content) <= images.MOST_BYTES
    shown = page.get_by_role("img", name=ALT)
    assert shown.evaluate(_COLOURS) == ["red", "grey"]  # what was left is above


def test_what_fits_stays_as_it_is(town: Town, editor: Reader) -> None:
    small = noise(900, 900)
    choose(editor.page, small)
    editor.page.wait_for_timeout(500)  # in which the script would have had it small
    expect(editor.page.locator("[data-image-told]")).to_have_text("")
    save(editor)
    assert stored(town)[1] == images.clean(small).content == small


def test_where_the_browser_cannot_the_server_says_what_is_too_large(editor: Reader) -> None:
    page = editor.page
    page.add_init_script("CanvasRenderingContext2D.prototype.getImageData = () => ("
                         "{data: new Uint8ClampedArray(4).fill(255)})")  # it hides who one is
    page.reload()
    for content in (noise(1200, 1000), b"\xff\xd8\xff" + bytes(1_200_000)):
        choose(page, content)
        expect(page.locator("#bild-fehler")).to_have_count(0)  # it was about another file
        editor.type("alt", ALT)
        editor.press("Bild speichern")
        expect(page.locator("#bild-fehler")).to_contain_text("Das Bild ist zu groß (1,2 MB).")
        expect(page.locator("[name=alt]")).to_have_value(ALT)
