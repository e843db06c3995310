"""Grids of latents, of which the finest have a latent at some nodes only: numbers where a picture needs them.

The values are those of `latents`, with 0 at all other nodes. Which nodes have one is found by the fit
(`fitting/latents/sparse`) and belongs to its result: a file needs the latents, and a map of one bit for each node of a
grid that has not all.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from refield.fields.field import Weights
from refield.fields.latents import Latents

Kept = Annotated[float, Field(gt=0, le=1)]


class SparseLatents(Latents):
    """Grids of latents and a network, as `Latents`."""

    # The share of nodes that have a latent, of the finest grids, from the finest on; of all others each node has.
    kept: Annotated[tuple[Kept, ...], Field(strict=False, min_length=1)] = (0.4,)

    @model_validator(mode="after")
    def shares_are_of_grids(self) -> "SparseLatents":
        if len(self.kept) > self.levels:
            raise ValueError(f"kept lists {len(self.kept)} shares; there are {self.levels} levels")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """What `kept` says, by the names of grids."""
        return {f"latents.{level}": share for level, share in enumerate(self.kept)}

    @property
    def deviations(self) -> tuple[float, ...]:
        """Those of `Latents`, but for sparse grids, which begin with 0."""
        return tuple(0.0 if f"latents.{level}" in self.shares else self.deviation for level in range(self.levels))

    def numbers(self, weights: Weights) -> int:
        """How many numbers of these weights a file needs."""
        return sum(
            int(np.count_nonzero(array)) if name in self.shares else array.size for name, array in weights.items()
        )

    def map_bits(self, weights: Weights) -> int:
        """The bits of the map that says where they belong: one a node."""
        return sum(int(np.prod(weights[name].shape[1:])) for name in self.shares)
