"""The picture of grids and a network of rectifiers, in whole numbers: the same bytes on every machine.

It is what `Latents` is by definition, with gains 2^-level and values that stand for intensities on [0, 1], but for
rounding: shares are multiples of 2^-8, weights of 2^-16, and what layers see and make of 2^-14. All sums are of whole
numbers below 2^53, which float64 holds exactly, in whatever order a library adds them.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from refield.coding.latents.entropy import LARGEST

SHARE, WEIGHT, VALUE = 8, 16, 14  # bits behind the point
MOST_WEIGHT, MOST_VALUE = 2**22, 2**22  # 64 and 256
PIXELS = 2**13  # at a time: what layers make of them stays in a core's cache

Places = tuple[np.ndarray, np.ndarray]  # of pixels along an axis: the nodes before them, and the shares of those behind


def picture(grids: Sequence[np.ndarray], weights: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Pixels (h, w, c) uint8 of grids of whole numbers, from fine to coarse, and of a network's layers."""
    layers = list(_layers(weights))
    height, width = shape
    columns = [_places(np.arange(width), width, grid.shape[1]) for grid in grids]
    pixels = np.empty((height, width, layers[-1][1].shape[1]), np.uint8)
    step = max(1, PIXELS // width)
    for first in range(0, height, step):
        rows = np.arange(first, min(first + step, height))
        h = np.stack([_features(*each, rows, height) for each in zip(grids, columns, range(len(grids)), strict=True)])
        for number, (weight, bias) in enumerate(layers):
            h = _rounded(weight.T @ h, WEIGHT) + bias.T
            h = np.clip(h, 0, MOST_VALUE if number < len(layers) - 1 else 2**VALUE)
        pixels[rows] = _rounded(255 * h, VALUE).T.reshape(len(rows), width, -1)
    return pixels


def _layers(weights: Mapping[str, np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each layer's weight (fan_in, fan_out) in 2^-16, and its bias (1, fan_out) in 2^-14."""
    number = 0
    while (name := f"layers.{number}.weight") in weights:
        weight, bias = (np.asarray(weights[each], np.float64) for each in (name, f"layers.{number}.bias"))
        yield (
            np.clip(np.rint(weight * 2.0**WEIGHT), -MOST_WEIGHT, MOST_WEIGHT),
            np.clip(np.rint(bias * 2.0**VALUE), -MOST_VALUE, MOST_VALUE)[None],
        )
        number += 1


def _features(grid: np.ndarray, columns: Places, level: int, rows: np.ndarray, height: int) -> np.ndarray:
    """What rows of pixels see of a grid (rows of nodes, columns of nodes), in 2^-14, one after the other."""
    low, share = _places(rows, height, len(grid))
    spread = _spread(grid[low[0] : low[-1] + 2], *columns)
    low = low - low[0]
    found = spread[low] * (2**SHARE - share)[:, None] + spread[low + 1] * share[:, None]
    return _rounded(found, 2 * SHARE - VALUE + level).ravel()


def _spread(grid: np.ndarray, low: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Rows of nodes at all columns of pixels, in 2^-8."""
    symbols = np.clip(grid, -LARGEST, LARGEST).astype(np.float64)
    return symbols[:, low] * (2**SHARE - share) + symbols[:, low + 1] * share


def _places(pixels: np.ndarray, count: int, nodes: int) -> Places:
    """The nodes before pixels of an axis of `count`, and the shares of those behind, in 2^-8."""
    low = np.minimum(pixels * (nodes - 1) // (count - 1), nodes - 2)
    beyond = pixels * (nodes - 1) - low * (count - 1)
    return low, (2 ** (SHARE + 1) * beyond + count - 1) // (2 * (count - 1))


def _rounded(numbers: np.ndarray, bits: int) -> np.ndarray:
    """Whole numbers over 2^bits, rounded; half way up."""
    return np.asarray(np.floor(numbers * 2.0**-bits + 0.5))
