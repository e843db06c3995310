"""Probabilities in whole numbers, out of 2^24: what drives the entropy decoder is the same on every machine.

A tensor's symbols k = -m .. m have probabilities in proportion to 2^(-d (|k| / m)^p): of p = 1 a Laplace distribution,
of p = 2 a Gaussian, of d = 0 a uniform one. The two numbers p and d are one byte, the `spread`.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

PRECISION = 24  # bits
TOTAL = 1 << PRECISION
SPREADS = 256  # bit 7: p - 1; the others: 4 d


def _powers() -> np.ndarray:
    """2^31 times 2^(-i / 256) for i = 0 .. 255, by square roots and products that are rounded down."""
    roots = [math.isqrt(1 << 61)]  # 2^(-1/2), 2^(-1/4) .. 2^(-1/256)
    while len(roots) < 8:
        roots.append(math.isqrt(roots[-1] << 31))
    powers = []
    for i in range(256):
        power = 1 << 31
        for bit, root in enumerate(roots):
            if i >> (7 - bit) & 1:
                power = power * root >> 31
        powers.append(power)
    return np.array(powers, np.int64)


POWERS = _powers()


def normalised(shares: np.ndarray) -> np.ndarray:
    """Frequencies (..., k) int64 that are at least 1 and add up to `TOTAL`, nearly in proportion to `shares` (..., k).

    The shares are whole numbers from 0 to 2^38, not all of them 0. What rounding down leaves goes to the largest, of
    several the first.
    """
    total = shares.sum(axis=-1, keepdims=True)
    found = 1 + shares * (TOTAL - shares.shape[-1]) // total
    largest = shares.argmax(axis=-1)[..., None]
    left = TOTAL - found.sum(axis=-1, keepdims=True)
    np.put_along_axis(found, largest, np.take_along_axis(found, largest, axis=-1) + left, axis=-1)
    return found


@functools.lru_cache(4096)
def of_symbols(largest: int, spread: int) -> np.ndarray:
    """The frequencies (2 m + 1,) of the symbols -m .. m, where m is the `largest`, from 1."""
    distance = np.abs(np.arange(-largest, largest + 1, dtype=np.int64))
    power, quarters = 1 + (spread >> 7), spread & 127
    bits = 64 * quarters * distance**power // largest**power  # in 1/256
    found = normalised(POWERS[bits & 255] >> (bits >> 8))
    found.flags.writeable = False  # whoever asks again gets the same array
    return found


def best_spread(symbols: np.ndarray, largest: int) -> int:
    """The spread by which whole numbers from -m to m take the fewest bits."""
    counts = np.bincount(symbols.ravel() + largest, minlength=2 * largest + 1)

    def bits(spread: int) -> float:
        return float(-(counts * np.log2(of_symbols(largest, spread) / TOTAL)).sum())

    return min((_lowest(bits, range(first, first + 128)) for first in (0, 128)), key=bits)


def _lowest(function: Callable[[int], float], numbers: range) -> int:
    """Where a function is lowest that falls and then rises, as the bits of an exponential family's symbols do."""
    while len(numbers) > 1:
        middle = len(numbers) // 2
        numbers = numbers[middle:] if function(numbers[middle]) < function(numbers[middle - 1]) else numbers[:middle]
    return numbers[0]
