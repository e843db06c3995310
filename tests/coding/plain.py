"""docs/format.md as plainly as it can be written: no arrays, no library; slow, and right if the document is."""

import math
import zlib
from typing import Any

from refield.coding.description import DICTIONARY

Tensor = Any  # a number, or a list of such

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


NEIGHBOURS = [
    *[(0, -1), (0, -2), (0, -3), (-1, -2), (-1, -1), (-1, 0), (-1, 1), (-1, 2)],
    *[(-2, -1), (-2, 0), (-2, 1), (-3, 0)],
]


def whole(weights: Tensor, bits: int, most: int) -> Tensor:
    """Weights, or lists of them, in 2^-bits."""
    if isinstance(weights, list):
        return [whole(each, bits, most) for each in weights]
    return max(-most, min(most, round(weights * 2**bits)))


def expected(largest: int, f: int, s: int) -> list[int]:
    rate = 189097 * power(32 * (s % 8)) >> (31 + s // 8)
    edges = [8 * (i - largest) - 4 - f for i in range(2 * largest + 2)]
    beyond = []
    for edge in edges:
        e = abs(edge) * rate
        near = power(e // 256 % 256)
        beyond.append(near - (near * (e % 256) * 45426 >> 32) >> min(e // 65536, 62))
    shares = []
    for t, u, g, h in zip(edges, edges[1:], beyond, beyond[1:], strict=False):
        shares.append(2**32 - g - h if t < 0 < u else abs(g - h))
    return normalised(shares)


def latents(
    height: int, width: int, level: int, tensors: dict[str, Tensor], largest: int, decoder: RangeDecoder
) -> list[list[int]]:
    first, first_bias, second, second_bias, levels = (
        whole(tensors[f"entropy.{name}"], 12, 2**19) for name in ("0.weight", "0.bias", "1.weight", "1.bias", "levels")
    )
    found: dict[tuple[int, int], int] = {}
    tables: dict[tuple[int, int], list[int]] = {}
    for wave in range(width + 3 * (height - 1)):
        waiting = []
        for y in range(height):
            x = wave - 3 * y
            if not 0 <= x < width:
                continue
            c = [max(-1023, min(1023, found.get((y + down, x + right), 0))) for down, right in NEIGHBOURS]
            u = [
                min(max(0, sum(each * row[i] for each, row in zip(c, first, strict=True)) + bias), 2**22)
                for i, bias in enumerate(first_bias)
            ]
            v = [*u, *(4096 * each for each in c)]
            a = [
                sum(each * row[k] for each, row in zip(v, second, strict=True)) + 4096 * second_bias[k] for k in (0, 1)
            ]
            q = (8 * a[0] + 2**23) // 2**24
            s = min(max((8 * (a[1] + 4096 * levels[level]) + 2**23) // 2**24 + 32, 0), 96)
            r = (q + 4) // 8
            waiting.append((8 * s + q - 8 * r + 4, y, x, r, q - 8 * r, s))
        for _, y, x, r, f, s in sorted(waiting):
            table = tables.setdefault((f, s), expected(largest, f, s))
            found[y, x] = r + decoder.decode(table) - largest
    return [[found[y, x] for x in range(width)] for y in range(height)]


def picture(height: int, width: int, grids: list[list[list[int]]], tensors: dict[str, Tensor]) -> list[list[list[int]]]:
    weights = [whole(tensors[f"layers.{i}.weight"], 16, 2**22) for i in range(3)]
    biases = [whole(tensors[f"layers.{i}.bias"], 14, 2**22) for i in range(3)]
    pixels = []
    for y in range(height):
        pixels.append([])
        for x in range(width):
            h = []
            for level, grid in enumerate(grids):
                (i, below), (j, right) = place(y, height, len(grid)), place(x, width, len(grid[0]))
                around = [
                    (256 - right) * max(-1023, min(1023, row[j])) + right * max(-1023, min(1023, row[j + 1]))
                    for row in grid[i : i + 2]
                ]
                seen = (256 - below) * around[0] + below * around[1]
                h.append((seen + 2 ** (1 + level)) // 2 ** (2 + level))
            for number_, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                most = 2**14 if number_ == 2 else 2**22
                sums = [sum(each * row[k] for each, row in zip(h, weight, strict=True)) for k in range(len(bias))]
                h = [min(max(0, (each + 2**15) // 2**16 + own), most) for each, own in zip(sums, bias, strict=True)]
            pixels[-1].append([(255 * each + 2**13) // 2**14 for each in h])
    return pixels


def place(x: int, pixels: int, nodes: int) -> tuple[int, int]:
    i = min(x * (nodes - 1) // (pixels - 1), nodes - 2)
    return i, (512 * (x * (nodes - 1) - i * (pixels - 1)) + pixels - 1) // (2 * (pixels - 1))


def body_of(data: bytes) -> bytearray:
    assert data[:5] == b"\x8bRFD\x01"
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")
    return bytearray(data[6:-4])
