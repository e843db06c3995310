"""What is expected of a latent, from those around it that a decoder has already: in whole numbers.

A small network, one for all grids, sees twelve neighbours c of a latent and finds its mean and the logarithm of its
scale (C3 and COOL-CHIC have such networks as well):

    h = max(W_0 c + b_0, 0),   (mean, octaves) = W_1 (h, c) + b_1 + (0, level's own)

Weights are rounded to multiples of 2^-12, and sums are of whole numbers below 2^53, which float64 holds exactly, in
whatever order a library adds them. So every machine finds the same probabilities.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from refield.coding.latents.laplace import EIGHTHS, LOWEST, SCALES

# Rows and columns from a latent to those that are looked at: those with a smaller x + 3 y.
NEIGHBOURS = (
    (0, -1), (0, -2), (0, -3),
    (-1, -2), (-1, -1), (-1, 0), (-1, 1), (-1, 2),
    (-2, -1), (-2, 0), (-2, 1), (-3, 0),
)  # fmt: skip
ABOVE, LEFT, RIGHT = 3, 3, 2  # how far they are at most
SLANT = 3
LARGEST = 2**10 - 1  # of a latent, and of what it differs from the expected
BITS = 12  # behind the point, of weights and of what the hidden layer holds
MOST_WEIGHT, MOST_HIDDEN = 2**19, 2**22  # in 2^-12

NAMES = ("entropy.0.weight", "entropy.0.bias", "entropy.1.weight", "entropy.1.bias", "entropy.levels")


def shapes(hidden: int, levels: int) -> dict[str, tuple[int, ...]]:
    """The network's tensors, with so many hidden numbers, for so many grids."""
    seen = len(NEIGHBOURS)
    return dict(zip(NAMES, ((seen, hidden), (hidden,), (hidden + seen, 2), (2,), (levels,)), strict=True))


class Expected(NamedTuple):
    """Of some latents."""

    whole: np.ndarray  # the whole number nearest to the mean, int64
    fraction: np.ndarray  # what the mean is above it, in 1/8: -4 .. 3
    scale: np.ndarray  # as `laplace` counts them


class Entropy:
    """The network of some weights."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        """Of weights by `NAMES`."""
        first, first_bias, second, second_bias, levels = (_whole(weights[name]) for name in NAMES)
        self.first, self.first_bias = np.ascontiguousarray(first), first_bias
        self.second, self.second_bias = np.ascontiguousarray(second), second_bias * 2.0**BITS
        self.levels = levels * 2.0**BITS

    def expect(self, around: np.ndarray, level: int) -> Expected:
        """What neighbours (n, 12), float64 whole numbers of at most `LARGEST`, say of latents of a level."""
        hidden = np.clip(around @ self.first + self.first_bias, 0, MOST_HIDDEN)
        # Both in 2^-24: neighbours have no digits behind the point, what is hidden has 12.
        seen = np.concatenate([hidden, around * 2.0**BITS], axis=1)
        mean, octaves = (seen @ self.second + self.second_bias).T
        eighths = np.floor(mean * (EIGHTHS * 2.0 ** (-2 * BITS)) + 0.5).astype(np.int64)
        scale = np.floor((octaves + self.levels[level]) * (8 * 2.0 ** (-2 * BITS)) + (0.5 - 8 * LOWEST))
        whole = (eighths + EIGHTHS // 2) // EIGHTHS
        return Expected(whole, eighths - EIGHTHS * whole, np.clip(scale, 0, SCALES - 1).astype(np.int64))


def _whole(weights: np.ndarray) -> np.ndarray:
    """Weights in 2^-12."""
    return np.clip(np.rint(np.asarray(weights, np.float64) * 2.0**BITS), -MOST_WEIGHT, MOST_WEIGHT)
