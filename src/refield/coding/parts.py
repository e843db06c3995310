"""Where the bytes of a file of latents go, part by part, as the file itself says.

All symbols are in one stream, where none has bytes of its own. But one to which the decoder gives the probability p
takes -log2 p bits of the range coder's, which are some bytes more in all: so a decoder can tell what each part takes.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from refield.coding.envelope import Reader, unwrap, varint
from refield.coding.frequencies import TOTAL, of_symbols
from refield.coding.latents import entropy
from refield.coding.latents.entropy import ABOVE, LARGEST, LEFT, NEIGHBOURS, RIGHT, Entropy
from refield.coding.latents.file import MOST_SIDE, CodedLatents
from refield.coding.latents.laplace import EIGHTHS, frequencies
from refield.coding.tensors import Prefix, Quantised

SIZES = 6  # numbers before the tensors' own bytes
CHUNK = 2**15  # latents at a time


class Part(NamedTuple):
    """A part of a file."""

    name: str
    numbers: int  # weights or latents that it holds
    bytes: float


def parts(data: bytes, coded: CodedLatents) -> list[Part]:
    """What each part takes of the file `data`, which decodes to `coded`; all of them add up to the file.

    The last is what the coder's words take beyond their symbols, and zeros that fill up a file of very few bytes.
    """
    reader = Reader(unwrap(data)[1])
    for _ in range(SIZES):
        reader.number(MOST_SIDE, "a size")
    prefixes = {name: Prefix.read(reader) for name in coded.tensors}
    most = reader.number(LARGEST, "what a latent differs by")
    found = [Part("header", 0, len(data) - len(reader.rest()) - sum(map(_length, prefixes.values())))]
    for title, expects in (("drawing network", False), ("expecting network", True)):
        own = {name: each for name, each in coded.tensors.items() if (name in entropy.NAMES) == expects}
        taken = sum(_taken(prefixes[name], each) for name, each in own.items())
        found.append(Part(title, sum(each.symbols.size for each in own.values()), taken))
    for level, grid in enumerate(coded.grids):
        found.append(Part(f"latents 1/{2**level}", grid.size, _bits(grid, level, coded.entropy, most) / 8))
    return [*found, Part("rest", 0, len(data) - sum(part.bytes for part in found))]


def _length(prefix: Prefix) -> int:
    return 1 + len(varint(prefix.largest)) + (prefix.largest > 0)


def _taken(prefix: Prefix, tensor: Quantised) -> float:
    """Bytes of a tensor's prefix and of its symbols."""
    if not prefix.largest:
        return _length(prefix)
    bits = -np.log2(of_symbols(prefix.largest, prefix.spread) / TOTAL)
    return _length(prefix) + float(bits[tensor.symbols + prefix.largest].sum()) / 8


def _bits(grid: np.ndarray, level: int, expecting: Entropy, most: int) -> float:
    """Bits of a grid's latents, which differ by at most `most` from the whole numbers that are expected."""
    total = 0.0
    for latents, around in _some(grid):
        expected = expecting.expect(around, level)
        keys, which = np.unique(EIGHTHS * expected.scale + expected.fraction + EIGHTHS // 2, return_inverse=True)
        tables = np.stack([frequencies(most, int(key) % EIGHTHS - EIGHTHS // 2, int(key) // EIGHTHS) for key in keys])
        total -= float(np.log2(tables[which, latents - expected.whole + most] / TOTAL).sum())
    return total


def _some(grid: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A grid's latents (n,), some rows at a time, and their neighbours (n, 12)."""
    padded = np.pad(np.clip(grid, -LARGEST, LARGEST), ((ABOVE, 0), (LEFT, RIGHT))).astype(np.float64)
    windows = sliding_window_view(padded, (ABOVE + 1, LEFT + 1 + RIGHT))
    down, right = (np.array(each) for each in zip(*NEIGHBOURS, strict=True))
    step = max(1, CHUNK // grid.shape[1])
    for first in range(0, len(grid), step):
        rows = slice(first, first + step)
        yield grid[rows].ravel(), windows[rows, :, ABOVE + down, LEFT + right].reshape(-1, len(NEIGHBOURS))
