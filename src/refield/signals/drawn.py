"""Pictures that are drawn instead of taken, the same on every machine: sharp transitions between saturated colours, and
noise.

Such a picture is a file of PPM, which is its pixels and nothing else, so that its sha256 is known. The bytes of a PNG
would depend on the version of zlib.
"""

import hashlib
import io
from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image as Pillow

from refield.errors import UserError, shown
from refield.settings import choices

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CYAN, MAGENTA, YELLOW = (0, 255, 255), (255, 0, 255), (255, 255, 0)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
FINEST = 2  # pixels: to Sobel's operator, as to any central difference, bars of one are flat
SHRINKS = 0.75  # the width of a bar over that of the one before
PERIOD = 8  # pixels, of the zone plate's rings where they reach the sides of its quadrant
STEEP = 4  # rows by which the slanted edge moves one column


def transitions(height: int, width: int) -> UInt8[np.ndarray, "h w 3"]:
    """Four quadrants of a colour and its opposite: bars that get finer, two checkers, a zone plate, a slanted edge.

    The height is a multiple of 64, and the width of 32.
    """
    row, column = np.mgrid[: height // 2, : width // 2]
    above = (_coloured(_bars(column), RED, CYAN), _coloured(_checkers(row, column), GREEN, MAGENTA))
    below = (_coloured(_zone_plate(row, column), YELLOW, BLUE), _coloured(_slanted_edge(row, column), WHITE, BLACK))
    return np.vstack([np.hstack(above), np.hstack(below)])


def noise(height: int, width: int, seed: int) -> UInt8[np.ndarray, "h w 3"]:
    """Uniform values of which none says anything of another: what SHAKE256 makes of the seed."""
    values = hashlib.shake_256(f"noise {seed}".encode()).digest(height * width * 3)
    return np.frombuffer(values, np.uint8).reshape(height, width, 3)


DRAWN: dict[str, Callable[[], np.ndarray]] = {
    "transitions_96": partial(transitions, 64, 96),
    "transitions_512": partial(transitions, 512, 512),
    **{f"noise_{seed}": partial(noise, 128, 192, seed) for seed in range(3)},
}


def encode(name: str) -> bytes:
    """The file of a picture; `UserError` if there is none of this name."""
    if name not in DRAWN:
        raise UserError(f"{shown(name)} is not among the pictures that can be drawn; there are {choices(DRAWN)}")
    buffer = io.BytesIO()
    Pillow.fromarray(DRAWN[name]()).save(buffer, "PPM")
    return buffer.getvalue()


def _bars(column: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """Upright bars, the first of a quarter of the width, down to the finest."""
    first = column.shape[1] / 4
    widths = [max(FINEST, round(first * SHRINKS**k)) for k in range(column.shape[1] // FINEST)]
    return np.searchsorted(np.cumsum(widths), column, side="right") % 2 == 0


def _checkers(row: np.ndarray, column: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """Squares of a fourth of the height, and to the right of them of a sixteenth."""
    height, width = row.shape
    side = np.where(column < width // 2, height // 4, height // 16)
    return (row // side + column // side) % 2 == 0


def _zone_plate(row: np.ndarray, column: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """Where cos(pi r^2 / (PERIOD R)) > 0, without rounding: at the distance R from the centre its period is PERIOD."""
    height, width = row.shape
    squared = (row - (height - 1) / 2) ** 2 + (column - (width - 1) / 2) ** 2
    return np.floor(squared / (PERIOD * width / 2) + 0.5) % 2 == 0


def _slanted_edge(row: np.ndarray, column: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """An edge through the centre, which is no row and no column."""
    height, width = row.shape
    return STEEP * (2 * column - width + 1) + (2 * row - height + 1) < 0


def _coloured(
    first: Bool[np.ndarray, "h w"], one: tuple[int, ...], other: tuple[int, ...]
) -> UInt8[np.ndarray, "h w 3"]:
    return np.where(first[..., None], np.array(one, np.uint8), np.array(other, np.uint8))
