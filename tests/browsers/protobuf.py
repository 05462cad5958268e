"""Protocol Buffers' wire format by hand, as far as Chromium's push connection needs it."""

from __future__ import annotations

from typing import NamedTuple


class Fixed64(NamedTuple):
    """A number that travels in eight bytes (wire type 1)."""

    value: int


Value = int | str | bytes | Fixed64


def varint(number: int) -> bytes:
    """Encode a number of any length, seven bits a byte, lowest first."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def encode(*fields: tuple[int, Value]) -> bytes:
    """Make a message of (field number, value) pairs."""
    out = b""
    for number, value in fields:
        if isinstance(value, Fixed64):
            out += varint(number << 3 | 1) + value.value.to_bytes(8, "little")
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


class Message:
    """A decoded message. Raises ValueError (or IndexError) for what is none."""

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, list[int | bytes]] = {}
        at = 0
        while at < len(data):
            key, at = _read_varint(data, at)
            value, at = _read_value(data, at, key & 7)
            self._fields.setdefault(key >> 3, []).append(value)

    def number(self, field: int, default: int = 0) -> int:
        """The first value of a number field."""
        value = self._fields.get(field, [default])[0]
        if not isinstance(value, int):
            raise ValueError(f"field {field} is no number")
        return value

    def texts(self, field: int) -> list[str]:
        """All values of a text field."""
        return [v.decode() for v in self._fields.get(field, []) if isinstance(v, bytes)]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _read_value(data: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    if kind == 0:
        return _read_varint(data, at)
    if kind in (1, 5):
        end = at + (8 if kind == 1 else 4)
        return int.from_bytes(data[at:end], "little"), end
    if kind == 2:
        size, at = _read_varint(data, at)
        return data[at:at + size], at + size
    raise ValueError(f"wire type {kind}")
