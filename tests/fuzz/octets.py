"""Files as bytes: bits turned, pieces cut, repeated, moved, put in, and taken from another file."""

from random import Random

INTEGERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1]


def changed(rng: Random, data: bytes, other: bytes = b"") -> bytes:
    """The bytes with one to four changes; `other` is a file of the same kind."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        data = rng.choice(CHANGES)(rng, data, other)
    return data


def _span(rng: Random, data: bytes, most: int = 64) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randint(1, most))


def flip(rng: Random, data: bytes, other: bytes) -> bytes:
    if not data:
        return data
    # What says how the rest is read stands at the beginning.
    at = rng.randrange(min(len(data), 128) if rng.random() < 0.5 else len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def cut(rng: Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def remove(rng: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def repeat(rng: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:end] + data[start:end] * rng.choice([1, 2, 50]) + data[end:]


def insert(rng: Random, data: bytes, other: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    what = rng.choice([rng.randbytes(rng.randint(1, 40)), bytes(rng.randint(1, 5000)), b"\xff" * 9, b"\n", b"\0"])
    return data[:at] + what + data[at:]


def overwrite(rng: Random, data: bytes, other: bytes) -> bytes:
    """An integer that is the first or the last of its size."""
    size, order = rng.choice([1, 2, 4, 8]), rng.choice(["little", "big"])
    at = rng.randrange(max(1, min(len(data), 256) if rng.random() < 0.5 else len(data)))
    return data[:at] + (rng.choice(INTEGERS) % 256**size).to_bytes(size, order) + data[at + size :]


def splice(rng: Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


CHANGES = [flip, flip, cut, remove, repeat, insert, overwrite, overwrite, splice]
