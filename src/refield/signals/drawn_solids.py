"""Solids that are drawn by formulas, the same on every machine: occupancy grids in files of MATLAB 5.

No voxel is so near to a surface that the last digit of a sine could turn it.
"""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Bool

from refield.errors import UserError, shown
from refield.settings import choices

HEADER = 116  # bytes of a file that are free text, where a writer puts the day and the machine
WORDS = b"MATLAB 5.0 MAT-file"
REACH = 3.9  # of the knot's box: its tube ends before
TUBE = 0.62  # its radius
PERIODS, SHEET = 1.1, 0.63  # of the gyroid along the box, and half of what a sheet of it spans of the formula's values


def knot(side: int) -> Bool[np.ndarray, "x y z"]:
    """A tube around the trefoil, the torus knot of 2 by 3: ((2 + cos 3t) cos 2t, (2 + cos 3t) sin 2t, sin 3t)."""
    t = np.linspace(0, 2 * np.pi, 8 * side, endpoint=False)
    around = 2 + np.cos(3 * t)
    curve = np.stack([around * np.cos(2 * t), around * np.sin(2 * t), np.sin(3 * t)])
    places = REACH * _centres(side)
    occupied = np.zeros((side, side, side), dtype=bool)
    for x, y, z in curve.T:
        squared = ((places - x) ** 2)[:, None, None] + ((places - y) ** 2)[:, None] + (places - z) ** 2
        occupied |= squared < TUBE**2
    return occupied


def gyroid(side: int) -> Bool[np.ndarray, "x y z"]:
    """A sheet of Schoen's gyroid within a ball: where |sin x cos y + sin y cos z + sin z cos x| is small."""
    places = _centres(side)
    x, y, z = np.meshgrid(*[np.pi * PERIODS * places] * 3, indexing="ij", sparse=True)
    values = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
    squared = (places**2)[:, None, None] + (places**2)[:, None] + places**2
    return (np.abs(values) < SHEET) & (squared < 0.9)


DRAWN: dict[str, Callable[[], np.ndarray]] = {
    "knot_32": partial(knot, 32),
    "gyroid_32": partial(gyroid, 32),
}


def encode(name: str) -> bytes:
    """The file of a solid; `UserError` if there is none of this name."""
    from scipy.io import savemat

    if name not in DRAWN:
        raise UserError(f"{shown(name)} is not among the solids that can be drawn; there are {choices(DRAWN)}")
    buffer = io.BytesIO()
    savemat(buffer, {"hypercube": 255 * DRAWN[name]().astype(np.uint8)})
    return WORDS.ljust(HEADER) + buffer.getvalue()[HEADER:]


def _centres(side: int) -> np.ndarray:
    """The centres of so many voxels that fill [-1, 1]."""
    return (np.arange(side) + 0.5) * 2 / side - 1
