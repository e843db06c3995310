"""How often a latent differs from what is expected of it: a Laplace distribution, cut into cells, in whole numbers.

A mean is a multiple of 1/8, of which only what is left beside the nearest whole number counts; a scale b is one of 97,
2^-4, 2^(-4 + 1/8), .. 2^8. What is between -x and x has the share 1 - 2^(-x r) with r = log2(e) / b.
"""

import functools

import numpy as np

from refield.coding.frequencies import POWERS, normalised

EIGHTHS = 8  # of a cell
SCALES = 97  # eight an octave
LOWEST = -4  # log2 of the smallest scale
RATE = 189097  # log2(e) 2^-LOWEST, 2^13 of it
LOG2 = 45426  # the natural logarithm of 2, 2^16 of it
MOST_BITS = 62  # beyond, a power of 1/2 is 0


@functools.lru_cache(1024)
def frequencies(largest: int, fraction: int, scale: int) -> np.ndarray:
    """Frequencies (2 m + 1,) of the differences -m .. m to the mean's nearest whole number, where m is the `largest`.

    `fraction` is what the mean is above that number, -4 .. 3 eighths; `scale` is 0 .. 96.
    """
    edges = EIGHTHS * np.arange(-largest, largest + 2, dtype=np.int64) - EIGHTHS // 2 - fraction
    rate = RATE * int(POWERS[32 * (scale % 8)]) >> (31 + scale // 8)
    beyond = _half(np.abs(edges) * rate)
    below, above = edges[:-1], edges[1:]
    inside = (below < 0) & (above > 0)
    shares = np.abs(beyond[:-1] - beyond[1:])
    shares[inside] = (2 * POWERS[0] - beyond[:-1] - beyond[1:])[inside]
    found = normalised(shares)
    found.flags.writeable = False  # whoever asks again gets the same array
    return found


def _half(bits: np.ndarray) -> np.ndarray:
    """2^31 times 2^(-bits / 2^16), whole numbers: for the last eight bits by 1 - x log 2."""
    near = POWERS[bits >> 8 & 255]
    near = near - (near * (bits & 255) * LOG2 >> 32)
    return np.asarray(near >> np.minimum(bits >> 16, MOST_BITS))
