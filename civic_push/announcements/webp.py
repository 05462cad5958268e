"""WebP files (RFC 9649), taken apart and put together again from what makes the picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MARKS = (b"RIFF", b"WEBP")  # at 0 and 8
_LOSSY, _LOSSLESS = b"VP8 ", b"VP8L"
_ICC, _ALPHA = 0x20, 0x10  # flags of VP8X; what we leave out has its own
_KEY_FRAME = b"\x9d\x01\x2a"


class NotTaken(ValueError):
    """A WebP we do not take. `code`: "broken" or "moves"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(raw: bytes) -> tuple[int, int, bytes]:
    """Width, height, and the file without EXIF, XMP and whatever else it brought. The pixels
    are not decoded. Raises NotTaken and struct.error."""
    chunks: dict[bytes, bytes] = {}
    for name, body in _chunks(raw):
        if name in (b"ANIM", b"ANMF"):
            raise NotTaken("moves")
        if name in (_LOSSY, _LOSSLESS) and chunks.keys() & {_LOSSY, _LOSSLESS}:
            raise NotTaken("broken")  # which of them is the picture?
        chunks.setdefault(name, body)
    kind = _LOSSY if _LOSSY in chunks else _LOSSLESS
    if kind not in chunks:
        raise NotTaken("broken")
    width, height = _size(kind, chunks[kind])
    if not width or not height:
        raise NotTaken("broken")
    extended = chunks.get(b"VP8X", b"")
    if extended and extended[4:10] != _canvas(width, height):
        raise NotTaken("broken")
    parts = [_chunk(kind, chunks[kind])]
    if extended:
        parts = [*_extras(kind, chunks), *parts]
    whole = b"WEBP" + b"".join(parts)
    return width, height, b"RIFF" + struct.pack("<I", len(whole)) + whole


def _extras(kind: bytes, chunks: dict[bytes, bytes]) -> list[bytes]:
    """What stands before the picture where it has colours or transparency of its own."""
    names = [name for name in (b"ICCP", b"ALPH") if name in chunks]
    if kind == _LOSSLESS:
        names = [name for name in names if name == b"ICCP"]  # it holds its transparency itself
    if not names:
        return []
    flags = chunks[b"VP8X"][0] & _ALPHA | (_ICC if b"ICCP" in names else 0)
    head = bytes((flags, 0, 0, 0)) + chunks[b"VP8X"][4:10]
    return [_chunk(b"VP8X", head), *(_chunk(name, chunks[name]) for name in names)]


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A file's chunks to its end; what hangs on behind is left out."""
    end, at = 8 + struct.unpack("<I", raw[4:8])[0], 12
    if end > len(raw):
        raise NotTaken("broken")  # it was cut off
    while at < end:
        name, size = struct.unpack("<4sI", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        if at + 8 + size > end:
            raise NotTaken("broken")
        yield name, body
        at += 8 + size + size % 2


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Width and height, as the picture's own data say (RFC 6386, 9.1; RFC 9649, 3.4)."""
    if kind == _LOSSY:
        width, height = struct.unpack("<HH", body[6:10])
        if body[0] & 1 or body[3:6] != _KEY_FRAME:
            raise NotTaken("broken")
        return width & 0x3FFF, height & 0x3FFF
    signature, bits = struct.unpack("<BI", body[:5])
    if signature != 0x2F or bits >> 29:
        raise NotTaken("broken")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas(width: int, height: int) -> bytes:
    """A size as VP8X has it: 24 bits each, less one."""
    return (width - 1).to_bytes(4, "little")[:3] + (height - 1).to_bytes(4, "little")[:3]
