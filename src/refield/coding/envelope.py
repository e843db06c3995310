"""What every compressed file has, whatever is in it: a magic number, a version, a kind and a checksum."""

import zlib

from refield.coding.limits import MOST_BYTES
from refield.errors import UserError

MAGIC, VERSION = b"\x8bRFD", 1
HEAD, CHECKSUM = len(MAGIC) + 2, 4  # bytes


def wrap(kind: int, body: bytes) -> bytes:
    """A file of a kind, 0 to 255; `UserError` if it would be larger than any may be."""
    data = MAGIC + bytes([VERSION, kind]) + body
    if len(data) + CHECKSUM > MOST_BYTES:
        raise UserError(f"the compressed file has {len(data) + CHECKSUM:,} bytes; it must have at most {MOST_BYTES:,}")
    return data + zlib.crc32(data).to_bytes(CHECKSUM, "little")


def unwrap(data: bytes) -> tuple[int, bytes]:
    """Kind and body of a file; `UserError`, without its name, if it is none, of another version, or damaged."""
    if data[: len(MAGIC)] != MAGIC:
        raise UserError("is no file of `refield compress`")
    if len(data) < HEAD + CHECKSUM or zlib.crc32(data[:-CHECKSUM]) != int.from_bytes(data[-CHECKSUM:], "little"):
        raise UserError("is damaged: its checksum is wrong")
    if data[len(MAGIC)] != VERSION:
        raise UserError(f"is of version {data[len(MAGIC)]} of the format; this refield reads version {VERSION}")
    return data[HEAD - 1], data[HEAD:-CHECKSUM]


class Reader:
    """The bytes of a body, from first to last; what asks for more than there are is a `UserError`."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        """The next so many bytes."""
        if count > len(self._data) - self._at:
            raise UserError("is damaged: it ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, most: int, what: str) -> int:
        """A whole number from 0 to `most`, as `varint` writes it."""
        value, shift = 0, 0
        while True:
            [byte] = self.take(1)
            value, shift = value | (byte & 127) << shift, shift + 7
            if value > most or shift > 35:
                raise UserError(f"is damaged: {what} is above {most:,}")
            if byte < 128:
                return value

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)


def varint(value: int) -> bytes:
    """A whole number from 0, seven bits a byte, the lowest first; all bytes but the last have their highest bit set."""
    low, high = value & 127, value >> 7
    return bytes([low | 128]) + varint(high) if high else bytes([low])
