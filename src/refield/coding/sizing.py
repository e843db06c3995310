"""Which network suits a file of a size, before anything is fitted."""

import math
from dataclasses import replace

import numpy as np

from refield.coding import maps
from refield.coding.description import Description
from refield.coding.range_coder import Encoder
from refield.errors import UserError

# Of a weight. On a crop of kodim15, 1,000 iterations, files of 5.9 bits a weight showed most at 1 bpp, of 6.8 at 2 bpp.
BITS = 6
OVERHEAD, EACH = 32, 4  # bytes of a file, and of each of its tensors
WIDTHS = (2, 2048)


def has_width(about: Description) -> bool:
    """Whether its field has one width, which can be another."""
    return isinstance(getattr(about.field, "width", None), int)


def of_width(about: Description, width: int) -> Description:
    """The description of a field that differs in its width alone."""
    return replace(about, field=about.field.model_copy(update={"width": width}))  # type: ignore[attr-defined]


def room(about: Description, labels: np.ndarray | None, size: int) -> int:
    """The bytes of a file of some size that are left for its tensors."""
    encoder = Encoder()
    if about.regions is not None and labels is not None:
        maps.encode(labels, about.regions, encoder)
    return size - OVERHEAD - len(encoder.finish())


def widest(about: Description, left: float, half: bool) -> int:
    """The largest width whose tensors take at most so many bytes, `half` precision or quantised; at least 2."""

    def fits(width: int) -> bool:
        try:
            sizes = [math.prod(shape) for shape in of_width(about, width).shapes().values()]
        except UserError:  # more than any file may have
            return False
        return (2 * sum(sizes) if half else BITS / 8 * sum(sizes) + EACH * len(sizes)) <= left

    low, high = WIDTHS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
