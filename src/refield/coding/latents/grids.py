"""Grids of whole numbers, coded latent by latent as a network expects them.

Latents of equal x + 3 y do not see one another and make a wave; in a wave those come together that have the same
frequencies, in ascending order of scale and fraction, and as they lie among themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from refield.coding.latents.entropy import ABOVE, LARGEST, LEFT, NEIGHBOURS, RIGHT, SLANT, Entropy, Expected
from refield.coding.latents.laplace import EIGHTHS, frequencies
from refield.coding.range_coder import Decoder, Encoder, Model
from refield.fitting.latents.banded import cut

CHUNK = 2**16  # latents at a time
Places = np.ndarray  # of latents, in the padded grid as one row of numbers


def largest(grids: Sequence[np.ndarray], entropy: Entropy) -> int:
    """The largest difference of a latent from the whole number nearest to its mean; at least 1."""
    found = 1
    for level, grid in enumerate(grids):
        padded = np.pad(np.clip(grid, -LARGEST, LARGEST), ((ABOVE, 0), (LEFT, RIGHT)))
        for rows in cut(len(grid), max(1, CHUNK // grid.shape[1])):
            expected = entropy.expect(_around(padded, rows), level)
            found = max(found, int(np.abs(grid[rows].ravel() - expected.whole).max()))
    return found


def _around(padded: np.ndarray, rows: slice) -> np.ndarray:
    """The neighbours (n, 12) of all latents of some rows, row after row."""
    width = padded.shape[1] - LEFT - RIGHT
    parts = [padded[ABOVE + down :, LEFT + right :][rows, :width] for down, right in NEIGHBOURS]
    return np.stack([part.ravel() for part in parts], axis=1).astype(np.float64)


def encode(grids: Sequence[np.ndarray], entropy: Entropy, most: int, encoder: Encoder) -> None:
    """Append grids (h, w) of whole numbers, whose `largest` is `most`."""
    models = Models(most)
    for level, grid in enumerate(grids):
        flat = np.pad(grid, ((ABOVE, 0), (LEFT, RIGHT))).ravel()

        def given(places: Places, expected: Expected, flat: np.ndarray = flat) -> np.ndarray:
            found = flat[places]
            symbols = found - expected.whole + most
            for part, model in models.runs(expected):
                encoder.encode_by(symbols[part], model)
            return found

        _run(grid.shape, entropy, level, given)


def decode(shapes: Sequence[tuple[int, ...]], entropy: Entropy, most: int, decoder: Decoder) -> list[np.ndarray]:
    """The grids of these shapes that come next, int32; `UserError` if the bytes have none."""
    models, found = Models(most), []
    for level, shape in enumerate(shapes):

        def read(places: Places, expected: Expected) -> np.ndarray:
            symbols = np.empty(len(places), np.int64)
            for part, model in models.runs(expected):
                symbols[part] = decoder.decode_by(model, len(part))
            return symbols + expected.whole - most

        found.append(_run(shape, entropy, level, read))
    return found


class Models:
    """The frequencies of a file, as the range coder takes them; each is made when it is first asked for."""

    def __init__(self, most: int) -> None:
        self.most, self.made = most, dict[int, Model]()

    def runs(self, expected: Expected) -> Iterator[tuple[np.ndarray, Model]]:
        """Which of some latents have the same frequencies, and these."""
        keys = EIGHTHS * expected.scale + expected.fraction + EIGHTHS // 2
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            yield order[start:end], self.of(int(ordered[start]))

    def of(self, key: int) -> Model:
        if key not in self.made:
            self.made[key] = Model(frequencies(self.most, key % EIGHTHS - EIGHTHS // 2, key // EIGHTHS))
        return self.made[key]


def _run(
    shape: tuple[int, ...], entropy: Entropy, level: int, ask: Callable[[Places, Expected], np.ndarray]
) -> np.ndarray:
    """Ask for a grid's latents wave by wave; those that are known already say what to expect of the next."""
    height, width = shape
    stride = LEFT + width + RIGHT
    known: Any = np.zeros((ABOVE + height) * stride, np.int32)
    seen = np.zeros(len(known), np.int16)
    offsets = np.array([down * stride + right for down, right in NEIGHBOURS])
    for wave in range(width + SLANT * (height - 1)):
        first, last = max(0, -(-(wave - width + 1) // SLANT)), min(height - 1, wave // SLANT)
        if first > last:  # of a grid that is narrower than the waves lie apart
            continue
        rows = np.arange(first, last + 1)
        places = (ABOVE + rows) * stride + LEFT + wave - SLANT * rows
        found = ask(places, entropy.expect(seen[places[:, None] + offsets].astype(np.float64), level))
        known[places] = found
        seen[places] = np.clip(found, -LARGEST, LARGEST)
    return np.asarray(known.reshape(ABOVE + height, stride)[ABOVE:, LEFT : LEFT + width])
