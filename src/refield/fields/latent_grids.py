"""What fields of latents have in common: grids from fine to coarse, and the keys of a network of what lies between.

Each grid has half the nodes of the one before along each axis, rounded up. Its end nodes are on the ends of [-1, 1],
as the end pixels of an image are (torch calls it align_corners): a finest grid of as many nodes as the image has pixels
has each node on a pixel. A grid is defined between nodes as well, and beyond them goes on as it ends. Torch is imported
where it is used.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from jaxtyping import Float, Float64
from pydantic import Field, ValidationError, model_validator

from refield.arrays import Tensor
from refield.errors import UserError
from refield.fields.activations.activation import Activation
from refield.fields.activations.gelu import GELU
from refield.fields.activations.rectifiers import RELU
from refield.fields.activations.sine import SINE
from refield.fields.field import Cost, Weights
from refield.fields.multilinear import corners
from refield.settings import sentence
from refield.strict import Strict

ACTIVATIONS: dict[str, Activation] = {"sine": SINE, "gelu": GELU, "relu": RELU}

Nodes = Annotated[int, Field(ge=2)]
Share = Annotated[float, Field(gt=0, le=4)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
G = TypeVar("G", bound="LatentGrids")


class LatentGrids(Strict):
    """The keys of grids and of a network, and what both are for a signal."""

    # Nodes of the finest grid along all axes, or along each.
    finest: Nodes | Annotated[tuple[Nodes, ...], Field(strict=False, min_length=1)] = 32
    # In place of `finest`, nodes for each sample of a signal along an axis: 1.0 has one on each pixel.
    nodes_per_sample: Share | None = None
    levels: int = Field(4, ge=1, le=20)  # grids; each has half the nodes of the one before along an axis, rounded up
    # Numbers at a node of every grid, or of each grid.
    features: Count | Annotated[tuple[Count, ...], Field(strict=False)] = 1
    # A factor of what the network sees of all grids, or of each: Adam's steps are of one length, and this makes more.
    gain: Positive | Annotated[tuple[Positive, ...], Field(strict=False)] = 20.0
    deviation: float = Field(0.01, ge=0, allow_inf_nan=False)  # of the normal distribution that latents are drawn from
    width: int = Field(ge=1)  # of the network's hidden layers
    hidden_layers: int = Field(1, ge=0)  # from hidden to hidden: one more than these are activated
    activation: Literal["sine", "gelu", "relu"] = "sine"

    @model_validator(mode="after")
    def each_level_has_its_own(self) -> "LatentGrids":
        for key in ("features", "gain"):
            value = getattr(self, key)
            if isinstance(value, tuple) and len(value) != self.levels:
                raise ValueError(f"{key} lists {len(value)} numbers; there are {self.levels} levels")
        return self

    @model_validator(mode="after")
    def every_level_is_a_grid(self) -> "LatentGrids":
        if self.nodes_per_sample is not None:
            return self
        fewest = min(self.finest) if isinstance(self.finest, tuple) else self.finest
        most = (fewest - 1).bit_length()  # halved so often, rounded up, a number of nodes is 1
        if self.levels > most:
            raise ValueError(f"levels = {self.levels} is too many: of {fewest} nodes, {most} are left with 2 or more")
        return self

    def of_size(self: G, shape: tuple[int, ...]) -> G:
        """With as many nodes as `nodes_per_sample` gives a signal of this shape, rounded."""
        if self.nodes_per_sample is None:
            return self
        nodes = tuple(max(2, round(self.nodes_per_sample * samples)) for samples in shape)
        try:
            return type(self)(**{**self.model_dump(), "finest": nodes, "nodes_per_sample": None})
        except ValidationError as error:
            size = " x ".join(map(str, shape))
            raise UserError(f"nodes_per_sample = {self.nodes_per_sample:g} of {size}: {sentence(error)}") from None

    def sizes(self, dims: int) -> list[tuple[int, ...]]:
        """Each level's nodes along each axis; `UserError` if settings are of other axes, or relative to a signal."""
        if self.nodes_per_sample is not None:
            raise UserError(
                f"nodes_per_sample = {self.nodes_per_sample:g} needs a signal; finest says a number of nodes"
            )
        finest = self.finest if isinstance(self.finest, tuple) else (self.finest,) * dims
        if len(finest) != dims:
            raise UserError(f"finest = {list(finest)} lists {len(finest)} axes; the signal has {dims}")
        return [tuple(-(-nodes // 2**level) for nodes in finest) for level in range(self.levels)]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many numbers each level has at a node."""
        return self.features if isinstance(self.features, tuple) else (self.features,) * self.levels

    @property
    def gains(self) -> tuple[float, ...]:
        """Each level's gain."""
        return self.gain if isinstance(self.gain, tuple) else (self.gain,) * self.levels

    @property
    def deviations(self) -> tuple[float, ...]:
        """Of what each level's latents are drawn from."""
        return (self.deviation,) * self.levels

    def layers(self, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([sum(self.counts), *[self.width] * (self.hidden_layers + 1), channels]))

    def draw_latents(self, dims: int, rng: np.random.Generator) -> Weights:
        """Initial float64 latents.l (features, nodes of each axis)."""
        grids = zip(self.deviations, self.counts, self.sizes(dims), strict=True)
        return {
            f"latents.{i}": rng.normal(0, deviation, (features, *size))
            for i, (deviation, features, size) in enumerate(grids)
        }

    def features_at(self, weights: Mapping[str, Tensor], points: Float64[Tensor, "n d"]) -> Float[Tensor, "n f"]:
        """What the network sees at points: each grid's numbers there, times its gain."""
        import torch

        grids = [weights[f"latents.{level}"] for level in range(self.levels)]
        return torch.cat([gain * interpolated(grid, points) for gain, grid in zip(self.gains, grids, strict=True)]).T

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs a layer's product twice: for its weights, and for what is below, latents included."""
        layers = self.layers(channels)
        flop = 2 * 3 * sum(fan_in * fan_out for fan_in, fan_out in layers)
        return Cost(flop=flop, floats=max(max(layer) for layer in layers))


def position(coordinate: Any, nodes: int) -> Any:
    """Where coordinates in [-1, 1] are among nodes 0 .. nodes - 1."""
    return (coordinate + 1) * ((nodes - 1) / 2)


def interpolated(grid: Float[Tensor, "f ..."], points: Float64[Tensor, "n d"]) -> Float[Tensor, "f n"]:
    """The values (f, n) between the nodes of a grid (f, nodes of each axis), multilinear along the axes."""
    import torch

    nodes = grid.shape[1:]
    at = torch.stack([position(x, count) for x, count in zip(points.unbind(dim=1), nodes, strict=True)], dim=1)
    indices, shares = [], []
    for corner, share in corners(at, nodes):
        index = corner[0]
        for node, count in zip(corner[1:], nodes[1:], strict=True):
            index = index * count + node
        indices.append(index)
        shares.append(share.to(grid.dtype))
    return (grid.flatten(start_dim=1)[:, torch.stack(indices)] * torch.stack(shares)).sum(dim=1)
