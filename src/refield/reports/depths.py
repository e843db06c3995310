"""How deep a solid's errors are: how far what only one of two solids occupies lies from the other.

The voxels around are looked at, from the nearest outward: memory holds three bytes a voxel, and distances are of the
voxels alone that are asked for.
"""

import numpy as np
from jaxtyping import Bool, Float32, Int64

FULL = 4  # voxels: errors that are deeper are not told apart


def depths(
    true: Bool[np.ndarray, "x y z"], found: Bool[np.ndarray, "x y z"], voxels: Int64[np.ndarray, "n 3"]
) -> Float32[np.ndarray, " n"]:
    """Of each voxel that is `found` and not `true` its distance from what is true, in voxels and `FULL` at most; of one
    that is missed minus that from what is found; 0 of all others, and beyond the box."""
    depth = np.zeros(len(voxels), np.float32)
    inside = np.flatnonzero(((voxels >= 0) & (voxels < true.shape)).all(axis=1))
    place = tuple(voxels[inside].T)
    for sign, one, other in ((1, found, true), (-1, true, found)):
        odd = inside[one[place] & ~other[place]]
        depth[odd] = sign * _distance(other, voxels[odd])
    return depth


def _distance(solid: Bool[np.ndarray, "x y z"], voxels: Int64[np.ndarray, "n 3"]) -> Float32[np.ndarray, " n"]:
    """How far each voxel is from what is occupied, `FULL` at most."""
    around = np.pad(solid, FULL)
    place = np.ravel_multi_index(tuple((voxels + FULL).T), around.shape)
    steps = np.indices([2 * FULL - 1] * 3).reshape(3, -1) - (FULL - 1)
    lengths = np.sqrt((steps**2).sum(axis=0))
    distance, left = np.full(len(voxels), FULL, np.float32), np.arange(len(voxels))
    for number in np.argsort(lengths, kind="stable")[: (lengths < FULL).sum()]:
        onward = np.dot(steps[:, number], around.strides)  # of a byte each
        met = around.reshape(-1)[place[left] + onward]
        distance[left[met]] = lengths[number]
        left = left[~met]
    return distance
