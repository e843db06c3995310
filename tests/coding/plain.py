"""docs/format.md as plainly as it can be written: no arrays, no library; slow, and right if the document is."""

import math
import zlib

from refield.coding.description import DICTIONARY

TOTAL = 1 << 24
WORD = 1 << 32
WORDS = WORD * WORD


class RangeDecoder:
    def __init__(self, data: bytes) -> None:
        data += bytes(-len(data) % 4)
        self.words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
        self.low, self.range = 0, WORDS - 1
        self.point = self.next() * WORD + self.next()

    def next(self) -> int:
        return self.words.pop(0) if self.words else 0

    def decode(self, frequencies: list[int]) -> int:
        scale = self.range // TOTAL
        quantile = (self.point - self.low) % WORDS // scale
        symbol = below = 0
        while below + frequencies[symbol] <= quantile:
            below += frequencies[symbol]
            symbol += 1
        self.low, self.range = (self.low + scale * below) % WORDS, scale * frequencies[symbol]
        if self.range < WORD:
            self.low, self.range = self.low * WORD % WORDS, self.range * WORD
            self.point = self.point * WORD % WORDS + self.next()
        return symbol


def normalised(shares: list[int]) -> list[int]:
    found = [1 + share * (TOTAL - len(shares)) // sum(shares) for share in shares]
    found[shares.index(max(shares))] += TOTAL - sum(found)
    return found


def power(bits: int) -> int:
    """2^31 times 2^(-bits / 256)."""
    found, root = 1 << 31, 1 << 30
    for digit in f"{bits % 256:08b}":
        root = math.isqrt(root << 31)
        found = found * root >> 31 if digit == "1" else found
    return found >> bits // 256


def of_symbols(largest: int, spread: int) -> list[int]:
    p, d = 1 + spread // 128, spread % 128
    return normalised([power(64 * d * abs(k) ** p // largest**p) for k in range(-largest, largest + 1)])


def labels(height: int, width: int, regions: int, decoder: RangeDecoder) -> list[list[int]]:
    found: dict[tuple[int, int], int] = {}
    neighbours = [(0, -1), (-1, 0), (-1, 1), (-1, -1)]
    while len(neighbours) > 2 and regions ** (len(neighbours) + 1) > 2**20:
        neighbours.pop()
    fine: dict[tuple[int, ...], list[int]] = {}
    coarse: dict[tuple[int, ...], list[int]] = {}
    for wave in range(width + 2 * (height - 1)):
        seen = []
        for y in range(height):
            x = wave - 2 * y
            if 0 <= x < width:
                around = tuple(found.get((y + down, x + right), 0) for down, right in neighbours)
                counts = fine.setdefault(around, [0] * regions)
                opinions = coarse.setdefault(around[:2], [1] * regions)
                shares = [
                    4096 * count + 8 * (4096 * opinion // sum(opinions))
                    for count, opinion in zip(counts, opinions, strict=True)
                ]
                found[y, x] = decoder.decode(normalised(shares))
                seen.append((counts, opinions, found[y, x]))
        for counts, opinions, label in seen:
            counts[label] += 1
            opinions[label] += 32
    return [[found[y, x] for x in range(width)] for y in range(height)]


def number(body: bytearray) -> int:
    value = shift = 0
    while True:
        byte = body.pop(0)
        value, shift = value + (byte % 128 << shift), shift + 7
        if byte < 128:
            return value


def text(body: bytearray) -> str:
    """The description, which stands first in a body."""
    length = number(body)
    packed, body[:] = bytes(body[:length]), body[length:]
    return zlib.decompressobj(-15, zdict=DICTIONARY).decompress(packed).decode()


def body_of(data: bytes) -> bytearray:
    assert data[:5] == b"\x8bRFD\x01"
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")
    return bytearray(data[6:-4])
