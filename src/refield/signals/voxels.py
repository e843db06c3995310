"""Which voxels lie within a mesh, by the parity of rays (Nooruddin and Turk, IEEE TVCG 9(2), 2003).

A voxel is occupied if the mesh encloses its centre: if the ray from there along the last axis crosses an odd number of
triangles. All voxels of a column share one ray. Whether a ray crosses a triangle is decided edge by edge, by arithmetic
that two triangles share at a common edge, so that no ray slips between them or meets both: of a closed surface, every
column is crossed an even number of times.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float64

from refield.errors import UserError
from refield.signals.meshes import Mesh

AT_ONCE = 2**20  # pairs of a triangle and a column
SLAB = 2**24  # voxels whose crossings are counted at once


def voxelise(mesh: Mesh, side: int) -> Bool[np.ndarray, "x y z"]:
    """The voxels of a mesh's box, whose longest side has `side` of them; all are cubes, and the box is in their middle.

    `UserError`, without the mesh's name, if it is not watertight, or encloses no voxel's centre.
    """
    occupied, bad = parity(mesh, side)
    columns = occupied.shape[0] * occupied.shape[1]
    if (edges := mesh.open_edges()) or bad:
        raise UserError(
            f"is not watertight: {edges:,} of its edges border an odd number of triangles, "
            f"and {bad:,} of {columns:,} columns of voxels cross it an odd number of times; close its holes first"
        )
    if not occupied.any():
        raise UserError(f"encloses no voxel's centre at side = {side}; raise it")
    return occupied


def parity(mesh: Mesh, side: int) -> tuple[Bool[np.ndarray, "x y z"], int]:
    """Where a column's ray has crossed an odd number of triangles, and how many columns have an odd number in all."""
    corners = mesh.vertices[mesh.faces]
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    size = (high - low).max() / side
    shape = np.maximum(1, np.ceil((high - low) / size - 1e-9).astype(int))
    # In voxels, whose centres are whole numbers; the box is in the middle of the grid.
    corners = (corners - (low + high) / 2) / size + (shape - 1) / 2
    x, y, z = (int(count) for count in shape)
    odd, bad = np.zeros((x, y, z), dtype=bool), np.zeros((x, y), dtype=bool)
    for column, height in _crossings(corners, x, y):
        # A voxel is passed if its centre is below; a crossing behind the last one passes them all.
        place = np.minimum(np.ceil(height), z).clip(0).astype(np.int64)
        np.logical_xor.at(bad.reshape(-1), column, True)
        within = place < z
        np.logical_xor.at(odd.reshape(-1), column[within] * z + place[within], True)
    slab = max(1, SLAB // (y * z))
    for first in range(0, x, slab):
        part = odd[first : first + slab]
        np.logical_xor.accumulate(part, axis=2, out=part)
    return odd, int(bad.sum())


def _crossings(corners: Float64[np.ndarray, "f 3 3"], x: int, y: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of columns, and the heights at which their rays cross triangles, some triangles at a time."""
    limits = np.array([x, y])
    first = np.ceil(corners[:, :, :2].min(axis=1)).clip(0).astype(np.int64)
    last = np.floor(corners[:, :, :2].max(axis=1)).clip(None, limits - 1).astype(np.int64)
    counts = (last - first + 1).clip(0)
    pairs = counts.prod(axis=1)
    met = np.flatnonzero(pairs)
    total = np.cumsum(pairs[met])
    start = 0
    while start < len(met):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + AT_ONCE, side="right")))
        some = met[start:stop]
        triangle = np.repeat(some, pairs[some])
        number = np.arange(len(triangle)) - np.repeat(np.cumsum(pairs[some]) - pairs[some], pairs[some])
        row, column = (
            first[triangle, 0] + number // counts[triangle, 1],
            first[triangle, 1] + number % counts[triangle, 1],
        )
        inside = _covers(corners[triangle], row, column)
        triangle, row, column = triangle[inside], row[inside], column[inside]
        yield row * y + column, _height(corners[triangle], row, column)
        start = stop


def _covers(corners: Float64[np.ndarray, "m 3 3"], row: np.ndarray, column: np.ndarray) -> Bool[np.ndarray, " m"]:
    """Whether each triangle, seen along the last axis, covers its column: a line from there meets one edge."""
    inside = np.zeros(len(corners), dtype=bool)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        # Both triangles of an edge go along it in the same direction, and so round alike.
        swap = (corners[:, a, 1] > corners[:, b, 1]) | (
            (corners[:, a, 1] == corners[:, b, 1]) & (corners[:, a, 0] > corners[:, b, 0])
        )
        lower = np.where(swap[:, None], corners[:, b, :2], corners[:, a, :2])
        upper = np.where(swap[:, None], corners[:, a, :2], corners[:, b, :2])
        spanned = (lower[:, 1] <= column) & (column < upper[:, 1])
        rise = np.where(spanned, upper[:, 1] - lower[:, 1], 1.0)
        inside ^= spanned & (row < lower[:, 0] + (column - lower[:, 1]) / rise * (upper[:, 0] - lower[:, 0]))
    return inside


def _height(corners: Float64[np.ndarray, "m 3 3"], row: np.ndarray, column: np.ndarray) -> Float64[np.ndarray, " m"]:
    """Where each triangle's plane is in its column; of one that is seen edge-on, somewhere on the triangle."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    dx, dy = row - a[:, 0], column - a[:, 1]
    safe = np.where(area == 0, 1.0, area)
    height = a[:, 2] + ((dx * ac[:, 1] - dy * ac[:, 0]) * ab[:, 2] + (dy * ab[:, 0] - dx * ab[:, 1]) * ac[:, 2]) / safe
    return height.clip(corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1))
