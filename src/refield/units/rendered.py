"""What cameras see of a fitted radiance field."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from refield.errors import UserError
from refield.fields.intensities import Intensities
from refield.fitting.train import SPANS
from refield.signals.cameras import Cameras
from refield.signals.views import CHANNELS, Views
from refield.tasks.radiance import Radiance
from refield.tasks.rays import Rays
from refield.units.weights import Contents

AT_ONCE = 65_536  # points of rays, whose activations must fit into memory


@dataclass(frozen=True, eq=False)
class Rendered:
    """Pictures, and how far away what they show is."""

    views: Views  # all of them held out
    depth: Float32[np.ndarray, "n h w"]  # from the camera, in half sides of the box; where nothing is, to its far end

    @property
    def colours(self) -> UInt8[np.ndarray, "n h w 3"]:
        """Over white."""
        return self.views.pixels[..., :3]


@torch.no_grad()
def render(model: Contents, task: Radiance, cameras: Cameras) -> Rendered:
    """The field of a fit to `task` as cameras see it, with every sample in the middle of its part of a ray.

    `UserError` if it is no fit of views.
    """
    if model.signal is not Views:
        raise UserError("the model is no fit of views, and cannot be rendered")
    weights = {name: torch.tensor(array) for name, array in model.weights.items()}
    values = Intensities(model.field, weights, SPANS[model.target])
    size = len(cameras), cameras.height, cameras.width
    blank, along = Views(np.zeros((*size, CHANNELS), np.uint8), cameras, 0), task.samples + task.fine
    rays = Rays(blank, slice(None), along)
    rows, cast = max(1, AT_ONCE // along), rays.on(torch.zeros(()))
    parts = [torch.arange(first, min(first + rows, len(rays))) for first in range(0, len(rays), rows)]
    seen = [task.see(values, cast(part).points) for part in parts]
    pixels = torch.cat([torch.cat([part.colour, part.opacity[:, None]], dim=1) for part in seen]).numpy()
    depth = torch.cat([part.depth for part in seen]).numpy()
    return Rendered(blank.with_values(2 * pixels - 1), depth.reshape(size))
