"""Slices of a head that are drawn instead of scanned: skull, brain, ventricles, and a bright tumour with its mask.

For runs without a network, and without data that may not be shipped. Shapes are drawn in integers, so a seed gives the
same pixels on every machine. Such a picture is a PGM, which is its pixels and nothing else: its sha256 is known.
"""

import io
import re

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image as Pillow

from refield.errors import UserError, shown

SIDE = 64  # pixels
SKULL, BRAIN, VENTRICLE, TUMOUR = 190, 80, 35, 160  # grey levels; the tumour is no brighter than the skull
NOISE = 24  # levels that are drawn for each pixel and added
NAME = re.compile(r"([0-9]{1,6})(_mask)?")


def phantom(seed: int) -> tuple[UInt8[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """A slice, and where its tumour is: within the brain, of 4 to 8 pixels in each half-axis."""
    rng = np.random.default_rng(seed)

    def about(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    middle = SIDE // 2 + about(-2, 2), SIDE // 2 + about(-2, 2)
    head = about(27, 29), about(22, 25)
    tumour = _ellipse((middle[0] + about(-12, 12), middle[1] + about(-9, 9)), (about(4, 8), about(4, 8)))
    pixels = np.where(_ellipse(middle, head), SKULL, 0)
    pixels[_ellipse(middle, (head[0] - 3, head[1] - 3))] = BRAIN
    for side in (-1, 1):
        pixels[_ellipse((middle[0], middle[1] + side * about(4, 6)), (about(6, 9), about(2, 3)))] = VENTRICLE
    pixels[tumour] = TUMOUR + about(-15, 15)
    return (pixels + rng.integers(0, NOISE, pixels.shape)).astype(np.uint8), tumour


def encode(name: str) -> bytes:
    """The file of a slice, whose name is its seed such as 7, or of its mask, 7_mask; `UserError` if it is neither."""
    if not (match := NAME.fullmatch(name)):
        raise UserError(f"phantom:{shown(name)} is not allowed; it must be a seed, such as phantom:7 or phantom:7_mask")
    pixels, tumour = phantom(int(match[1]))
    buffer = io.BytesIO()
    Pillow.fromarray(255 * tumour.astype(np.uint8) if match[2] else pixels).save(buffer, "PPM")
    return buffer.getvalue()


def _ellipse(middle: tuple[int, int], axes: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Where the square of the distance, by half-axes along rows and columns, is below 1."""
    row, column = np.mgrid[:SIDE, :SIDE]
    down, along = (row - middle[0]) * axes[1], (column - middle[1]) * axes[0]
    return down**2 + along**2 < (axes[0] * axes[1]) ** 2
