"""How far two solids overlap. scipy is imported where it is used: every stage reads the tasks, one scores."""

import numpy as np
from jaxtyping import Bool

from refield.scores.measure import Measure
from refield.signals.volume import Volume

IOU_SURFACE = Measure("iou_surface", "IoU near the surface", 4)
NEAR = 2  # voxels


def iou(truth: Volume, estimate: Volume) -> float:
    """Voxels that are occupied in both over those that are in either; volumes of one shape, of which one is not empty.

    Nearly all voxels lie far from the surface, where any field is right: it is near 1 at 64^3 whatever the field.
    """
    return _count(truth.bits & estimate.bits) / _count(truth.bits | estimate.bits)


def iou_near_surface(truth: Volume, estimate: Volume) -> float:
    """The same, of the voxels near the truth's surface alone."""
    both = either = 0
    for slab in truth.slabs():
        near, true, found = near_surface(truth, slab), truth.occupied(slab), estimate.occupied(slab)
        both += int((near & true & found).sum())
        either += int((near & (true | found)).sum())
    return both / either


def near_surface(volume: Volume, part: slice) -> Bool[np.ndarray, "p y z"]:
    """Which voxels, of some along x, are within two voxels of the surface: from them to the centre of one of the other
    kind, of an empty one to an occupied or the reverse, it is at most twice the distance of neighbours."""
    from scipy import ndimage

    first = max(0, part.start - NEAR)
    occupied = volume.occupied(slice(first, part.stop + NEAR))
    steps = np.indices([2 * NEAR + 1] * 3) - NEAR
    ball = (steps**2).sum(axis=0) <= NEAR**2
    near = ndimage.binary_dilation(occupied, ball) & ndimage.binary_dilation(~occupied, ball)
    return near[part.start - first : part.stop - first]


def _count(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
