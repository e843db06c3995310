"""Occupancy: the field is fitted to which voxels of a volume are occupied, and scored by how far both solids overlap.

As in WIRE (Saragadam et al., CVPR 2023), the loss is the squared error, and a voxel counts as occupied from halfway
between the values of empty and occupied ones: of a fit with `target: unit`, whose field's own values are 0 and 1,
from 0.5. Scores are of a pass over all voxels at the end; nothing is taken from what was predicted amid the fit.
"""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Integer

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores.measure import IOU, Measure
from refield.scores.volumes import IOU_SURFACE, iou, iou_near_surface
from refield.signals.signal import Signal
from refield.signals.volume import Volume, as_volume
from refield.strict import Strict
from refield.tasks.problem import Batch, Problem
from refield.tasks.samples import Drawn


class Occupancy(Strict):
    """Fit a volume, and score the voxels that the field takes for occupied."""

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (IOU, IOU_SURFACE)
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """Every voxel, drawn when a batch needs it; `UserError` if there is no surface, or a map of regions."""
        volume = as_volume(signal)
        if labels is not None:
            raise UserError("is a volume, and maps of regions are of images; a field that follows one cannot be fitted")
        if volume.count in (0, math.prod(volume.shape)):
            raise UserError(f"is {'full' if volume.count else 'empty'}; some voxels must be occupied and others not")
        return Drawn(np.empty((0, 3)), np.empty((0, 1)), volume.channels, samples=Voxels(volume))

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """The IoU of all voxels, and of those near the surface of `signal`."""
        truth, found = as_volume(signal), as_volume(estimate)
        if truth.shape != found.shape:
            raise UserError(f"has {_size(truth)} voxels, and its estimate {_size(found)}; both must be of one size")
        return {IOU.name: iou(truth, found), IOU_SURFACE.name: iou_near_surface(truth, found)}


class Voxels:
    """A volume's voxels as samples: a number counts them in the order of `Volume.points`, and of its values."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume

    def __len__(self) -> int:
        return math.prod(self.volume.shape)

    def on(self, like: Tensor) -> Callable[[Tensor], Batch]:
        """The bits and the axes' coordinates go to the device, and points and values are made there."""
        import torch

        _, y, z = self.volume.shape
        bits = torch.tensor(self.volume.bits, device=like.device)
        along = [torch.tensor(coordinates, device=like.device) for coordinates in self.volume.coordinates()]

        def batch(numbers: Tensor) -> Batch:
            place = numbers // (y * z), numbers // z % y, numbers % z
            points = torch.stack([axis[at] for axis, at in zip(along, place, strict=True)], dim=1)
            occupied = bits[place[0], place[1], place[2] // 8] >> (7 - place[2] % 8) & 1
            return Batch(points, None, (2 * occupied - 1).to(like.dtype)[:, None], None)

        return batch


def _size(volume: Volume) -> str:
    return " x ".join(map(str, volume.shape))
