"""A map's labels, coded without loss: each by how often it stood in the same surroundings before.

The surroundings are the labels west, north, north-east and north-west, and as far as these have not been seen often,
west and north alone. Pixels of equal x + 2 y do not surround one another, and are coded together, as a wave.
"""

from collections.abc import Callable, Iterator

import numpy as np

from refield.coding.frequencies import normalised
from refield.coding.range_coder import Decoder, Encoder

NEIGHBOURS = ((0, -1), (-1, 0), (-1, 1), (-1, -1))  # (rows, columns); the coarse contexts are of the first two
COARSE = 2
MOST_COUNTS = 2**20  # of a table: the more regions, the fewer neighbours
TRUST = 8  # sightings that the coarse context's opinion weighs as much as
STEP = 32  # of a coarse count, which starts at 1

Pixels = tuple[np.ndarray, np.ndarray]  # rows and columns


def encode(labels: np.ndarray, regions: int, encoder: Encoder) -> None:
    """Append the labels (h, w), 0 .. regions - 1."""

    def given(pixels: Pixels, frequencies: np.ndarray) -> np.ndarray:
        symbols = labels[pixels].astype(np.int64)
        encoder.encode(symbols, frequencies)
        return symbols

    _run(labels.shape, regions, given)


def decode(shape: tuple[int, ...], regions: int, decoder: Decoder) -> np.ndarray:
    """The labels (h, w) uint8 that come next; `UserError` if the bytes have none."""
    return _run(shape, regions, lambda _, frequencies: decoder.decode(frequencies))


def _run(shape: tuple[int, ...], regions: int, symbols: Callable[[Pixels, np.ndarray], np.ndarray]) -> np.ndarray:
    """Ask for the labels wave by wave, by their frequencies; what has been seen so far decides about the next."""
    height, width = shape
    padded = np.zeros((height + 1, width + 2), np.uint8)  # region 0 lies around
    neighbours = max(n for n in range(COARSE, len(NEIGHBOURS) + 1) if n == COARSE or regions ** (n + 1) <= MOST_COUNTS)
    fine = np.zeros((regions**neighbours, regions), np.int64)
    coarse = np.ones((regions**COARSE, regions), np.int64)
    for rows, columns in _waves(height, width):
        around = [padded[rows + 1 + down, columns + 1 + right] for down, right in NEIGHBOURS[:neighbours]]
        at_fine, at_coarse = _number(around, regions), _number(around[:COARSE], regions)
        opinion = (coarse[at_coarse] << 12) // coarse[at_coarse].sum(axis=1, keepdims=True)
        found = symbols((rows, columns), normalised((fine[at_fine] << 12) + TRUST * opinion))
        padded[rows + 1, columns + 1] = found
        np.add.at(fine, (at_fine, found), 1)
        np.add.at(coarse, (at_coarse, found), STEP)
    return padded[1:, 1:-1]


def waves(height: int, width: int) -> int:
    """In how many waves the labels of a map are coded."""
    return width + 2 * (height - 1)


def _waves(height: int, width: int) -> Iterator[Pixels]:
    for wave in range(waves(height, width)):
        rows = np.arange(max(0, (wave - width + 2) // 2), min(height - 1, wave // 2) + 1)
        if len(rows):  # of an image that is a pixel wide, every other is empty
            yield rows, wave - 2 * rows


def _number(labels: list[np.ndarray], regions: int) -> np.ndarray:
    """Labels as the digits of one number, the first in front."""
    number = np.zeros(len(labels[0]), np.int64)
    for each in labels:
        number = number * regions + each
    return number
