"""Pictures, made harmless: known by their content, not by their name; taken apart and put
together again from the parts that make the picture, and nothing else.

So place, time, camera and owner (EXIF, XMP, IPTC), comments, and whatever hangs on behind the
picture's end are gone. Of EXIF only which way is up is kept. The pixels are not decoded: a
decoder for files of strangers is what attackers look for, and these are for browsers to show.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from civic_push.announcements import webp

MOST_BYTES = 900_000
MOST_PIXELS = 24_000_000  # what a telephone takes; a browser needs 4 bytes for each
_PNG = b"\x89PNG\r\n\x1a\n"
# what makes the picture and its colours (PNG, third edition, 11.3); no text, no time, no EXIF,
# no frames
_PNG_PARTS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP",
                        b"sBIT", b"sRGB", b"cICP", b"pHYs"))
_EOI, _SOS, _JFIF, _APP1, _COM = 0xD9, 0xDA, 0xE0, 0xE1, 0xFE
# quantisation, frames, Huffman tables, arithmetic coding, restart interval (ITU-T T.81, B.1)
_JPEG_PARTS = frozenset((0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD, _SOS))
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
_JPEG_COLOURS = {_JFIF: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_ORIENTATION = 0x0112


class BadImage(ValueError):
    """A file that is no picture we take. `code`: "kind", "broken", "moves", "bytes" or
    "pixels"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Clean(NamedTuple):
    """A picture without anything that is not the picture."""

    kind: str
    width: int
    height: int
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


def clean(raw: bytes) -> Clean:
    """Make a picture harmless. Raises BadImage."""
    kind = _kind_of(raw)  # first: to make a file smaller that is no picture helps nobody
    if len(raw) > MOST_BYTES:
        raise BadImage("bytes")
    try:
        if kind == "png":
            found = _clean_png(raw)
        elif kind == "jpeg":
            found = _clean_jpeg(raw)
        else:
            found = Clean(kind, *webp.clean(raw))
    except (struct.error, IndexError) as error:
        raise BadImage("broken") from error
    except webp.NotTaken as error:
        raise BadImage(error.code) from error
    if not 0 < found.width * found.height <= MOST_PIXELS:
        raise BadImage("pixels")
    return found


def path_of(folder: Path, digest: str, kind: str) -> Path:
    """Where a picture lies."""
    return folder / "images" / digest[:2] / f"{digest}.{kind}"


def store(folder: Path, image: Clean) -> None:
    """Keep a picture; one that is there already stays. A crash leaves no half of one."""
    path = path_of(folder, image.digest, image.kind)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_bytes(image.content)
    half.replace(path)


def _kind_of(raw: bytes) -> str:
    """What a file begins as. Raises BadImage."""
    if raw.startswith(_PNG):
        return "png"
    if raw.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if (raw[:4], raw[8:12]) == webp.MARKS:
        return "webp"
    raise BadImage("kind")


def _clean_png(raw: bytes) -> Clean:
    parts, width, height = [_PNG], 0, 0
    for name, body in _chunks(raw):
        if name == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif not width:
            raise BadImage("broken")  # IHDR comes first
        if name in _PNG_PARTS:
            parts.append(_chunk(name, body))
        elif not name[0] & 0x20:
            raise BadImage("broken")  # a critical chunk nobody knows
    return Clean("png", width, height, b"".join(parts))


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A PNG's chunks to its end; what hangs on behind is left out."""
    at, name, seen = len(_PNG), b"", False
    while name != b"IEND":
        size, name = struct.unpack(">I4s", raw[at:at + 8])
        body, check = raw[at + 8:at + 8 + size], raw[at + 8 + size:at + 12 + size]
        if struct.unpack(">I", check)[0] != zlib.crc32(name + body):
            raise BadImage("broken")
        seen = seen or name == b"IDAT"
        yield name, body
        at += 12 + size
    if not seen:
        raise BadImage("broken")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def _clean_jpeg(raw: bytes) -> Clean:
    width, height, way, kept = 0, 0, 1, []
    for marker, body, data in _segments(raw):
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", body[1:5])
        if marker == _APP1 and body.startswith(b"Exif\0\0"):
            way = _which_way_up(body[6:])
        if _belongs(marker, body):
            kept.append((marker, struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data))
    markers = [marker for marker, _bytes in kept]
    if not width or _SOS not in markers:
        raise BadImage("broken")
    parts = [part for _marker, part in kept]
    if way != 1:  # EXIF stands behind JFIF, or first
        parts.insert(1 if markers[0] == _JFIF else 0, _exif(way))
    if way >= 5:  # it is shown lying on its side
        width, height = height, width
    return Clean("jpeg", width, height, b"".join((b"\xff\xd8", *parts, b"\xff\xd9")))


def _belongs(marker: int, body: bytes) -> bool:
    """Whether a segment makes the picture or its colours. Raises BadImage for one that
    nobody knows; APPn and COM may hold anything, and are left out."""
    if marker in _JPEG_PARTS:
        return True
    if marker != _COM and not 0xE0 <= marker <= 0xEF:
        raise BadImage("broken")
    return marker in _JPEG_COLOURS and body.startswith(_JPEG_COLOURS[marker])


def _segments(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """A JPEG's segments to its end: marker, body, and behind a scan's its coded data."""
    at = 2
    while True:
        if raw[at] != 0xFF:
            raise BadImage("broken")
        while raw[at] == 0xFF:  # fill bytes
            at += 1
        marker = raw[at]
        if marker == _EOI:
            return
        size = struct.unpack(">H", raw[at + 1:at + 3])[0]
        body, at = raw[at + 3:at + 1 + size], at + 1 + size
        if size < 2 or len(body) != size - 2:
            raise BadImage("broken")
        end = _end_of_scan(raw, at) if marker == _SOS else at
        yield marker, body, raw[at:end]
        at = end


def _end_of_scan(raw: bytes, at: int) -> int:
    """Where coded data ends: at a marker that is neither a stuffed FF nor a restart."""
    while True:
        at = raw.find(b"\xff", at)
        if at < 0:
            raise BadImage("broken")  # it was cut off
        if raw[at + 1] != 0 and not 0xD0 <= raw[at + 1] <= 0xD7:
            return at
        at += 2


def _which_way_up(tiff: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 where it says nothing sound."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        start = struct.unpack(f"{order}I", tiff[4:8])[0]
        for number in range(struct.unpack(f"{order}H", tiff[start:start + 2])[0]):
            at = start + 2 + 12 * number
            tag, kind, _count, value = struct.unpack(f"{order}HHIH", tiff[at:at + 10])
            if (tag, kind) == (_ORIENTATION, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _exif(way: int) -> bytes:
    """An EXIF segment that says which way is up, and nothing else."""
    body = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, way, 0, 0)
    return struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body
