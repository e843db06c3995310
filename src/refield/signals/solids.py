"""Solids in files of others, brought to volumes: meshes, whose inside is occupied, and grids of voxels."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from refield.errors import UserError
from refield.files import read
from refield.signals import grids, meshes, voxels
from refield.signals.volume import Volume

MARGIN = 1  # voxel
EXTENSIONS = (*(f".{format_}" for format_ in meshes.FORMATS), ".mat")


def load(path: Path, side: int) -> Volume:
    """The volume of a mesh (OBJ, PLY) whose box is `side` voxels long, or of a grid (MATLAB) brought to `side`.

    It is the box around what is occupied, with an empty margin of one voxel, but for a grid that ends there.
    `UserError` names the file and what is wrong with it.
    """
    if path.suffix.lower() not in EXTENSIONS:
        raise UserError(f"{path} is no solid of a kind that is read ({', '.join(EXTENSIONS)})")
    data = read(path, links=True)
    try:
        if (format_ := meshes.format_of(path)) is None:
            return Volume.of(cropped(grids.reduced(grids.decode(data), side)))
        return Volume.of(cropped(np.pad(voxels.voxelise(meshes.decode(data, format_), side), MARGIN)))
    except UserError as error:
        raise UserError(f"{path} {error}") from None


def cropped(occupied: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "a b c"]:
    """The box around what is occupied, and the margin as far as there is one; `UserError` if nothing is."""
    if not occupied.any():
        raise UserError("is empty; some voxels must be occupied")
    box = []
    for axis in range(3):
        there = np.flatnonzero(occupied.any(axis=tuple({0, 1, 2} - {axis})))
        box.append(slice(max(0, int(there[0]) - MARGIN), int(there[-1]) + 1 + MARGIN))
    return occupied[tuple(box)]
