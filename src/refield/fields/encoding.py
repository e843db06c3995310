"""Positional encoding: each coordinate, and sines and cosines of its multiples by powers of two.

Mildenhall et al., ECCV 2020 (https://arxiv.org/abs/2003.08934), eq. (4). Torch is imported where it is used.
"""

import math
from typing import Literal

from jaxtyping import Float
from pydantic import Field

from refield.arrays import Tensor
from refield.strict import Strict

FACTORS = {"pi": math.pi, "one": 1.0}


class Positional(Strict):
    """For i = 0 .. octaves - 1 the sine and the cosine of 2^i times a factor times each coordinate."""

    octaves: int = Field(ge=0, le=64)
    # pi: eq. (4), and WIRE's code (modules/relu.py, lines 33 to 78); one: FINER's (models.py, lines 205 to 250)
    factor: Literal["pi", "one"] = "pi"

    def size(self, dims: int) -> int:
        """The numbers made of `dims` coordinates, which are among them."""
        return dims * (1 + 2 * self.octaves)

    def encode(self, points: Float[Tensor, "n d"]) -> Float[Tensor, "n e"]:
        import torch

        scales = FACTORS[self.factor] * 2.0 ** torch.arange(self.octaves, dtype=points.dtype, device=points.device)
        angles = points[:, None, :] * scales[:, None]  # (n, octaves, d)
        waves = torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1)
        return torch.cat([points, waves.flatten(start_dim=1)], dim=1)
