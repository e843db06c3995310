"""Grids whose nodes share tables of numbers by a hash of their places, and a small network of what lies between nodes.

Instant neural graphics primitives (Mueller et al., SIGGRAPH 2022, https://arxiv.org/abs/2201.05989). Level l of L has
N_l = floor(N_min b^l) cells along each axis, b = (N_max / N_min)^(1 / (L - 1)) (eq. (2) and (3)), and a table of at
most T entries of F numbers. Where its nodes are no more than T each has an entry of its own; otherwise a node x has

    h(x) = (x_1 pi_1 xor .. xor x_d pi_d) mod T,   pi = 1, 2654435761, 805459861        (eq. (4))

as its entry. What is seen at a point is interpolated multilinearly between the entries of its cell's corners. Tables
start from U(+-1e-4), the network's weights as Glorot and Bengio's, and its biases at 0 (the paper's network has none).

The paper's Adam has an epsilon of 1e-15 and a beta_2 of 0.99, ours has torch's. A point at -1 or 1 is on an end node.
Torch is imported where it is used: every stage reads these settings.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field, model_validator

from refield.arrays import Tensor
from refield.errors import UserError
from refield.fields.activations.gelu import gelu
from refield.fields.activations.rectifiers import relu
from refield.fields.field import Cost, Uniform, Weights
from refield.fields.multilinear import corners

PRIMES = (1, 2654435761, 805459861)
TABLE_BOUND = 1e-4
ACTIVATIONS = {"relu": relu, "gelu": gelu}


class HashGrid(Uniform):
    """Hashed grids and a network; the defaults are the paper's (Table 1 and section 5.1)."""

    levels: int = Field(16, ge=1, le=64)  # L
    features: int = Field(2, ge=1)  # F, the numbers of an entry
    log2_table: int = Field(14, ge=1, le=24)  # of T, the most entries of a level
    coarsest: int = Field(16, ge=1)  # N_min, the cells of the first level along each axis
    finest: int = Field(512, ge=1)  # N_max, those of the last
    width: int = Field(ge=1)  # of the network's hidden layers
    hidden_layers: int = Field(1, ge=0)  # from hidden to hidden: one more than these are activated
    activation: Literal["relu", "gelu"] = "relu"

    @model_validator(mode="after")
    def levels_become_finer(self) -> "HashGrid":
        if self.coarsest > self.finest:
            raise ValueError(f"coarsest = {self.coarsest} is above finest = {self.finest}")
        return self

    @property
    def cells(self) -> list[int]:
        """N_l, of each level."""
        growth = math.log(self.finest / self.coarsest) / max(1, self.levels - 1)
        # Of 512 rounding must not make 511.
        return [math.floor(self.coarsest * math.exp(growth * level) + 1e-9) for level in range(self.levels)]

    def entries(self, cells: int, dims: int) -> int:
        """Those of a level's table; `UserError` if there is no hash for so many axes."""
        if dims > len(PRIMES):
            raise UserError(f"a hash_grid has at most {len(PRIMES)} axes; the signal has {dims}")
        return min((cells + 1) ** dims, 2**self.log2_table)

    def layers(self, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([self.levels * self.features, *[self.width] * (self.hidden_layers + 1), channels]))

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights: tables.l (entries, features), and the network's layers.i.weight (fan_in, fan_out)
        and layers.i.bias (fan_out,)."""
        weights: Weights = {}
        for level, cells in enumerate(self.cells):
            size = (self.entries(cells, dims), self.features)
            weights[f"tables.{level}"] = rng.uniform(-TABLE_BOUND, TABLE_BOUND, size)
        for i, (fan_in, fan_out) in enumerate(self.layers(channels)):
            bound = math.sqrt(6 / (fan_in + fan_out))
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(0, 0, fan_out)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        h = torch.cat([seen(weights[f"tables.{i}"], points, cells) for i, cells in enumerate(self.cells)], dim=1)
        for i in range(self.hidden_layers + 2):
            h = torch.addmm(weights[f"layers.{i}.bias"], h, weights[f"layers.{i}.weight"])
            h = ACTIVATIONS[self.activation](h) if i <= self.hidden_layers else h
        return h

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs a layer's product twice: for its weights, and for what is below, tables included."""
        layers = self.layers(channels)
        flop = 2 * 3 * sum(fan_in * fan_out for fan_in, fan_out in layers)
        return Cost(flop=flop, floats=max(max(layer) for layer in layers))


def seen(table: Float[Tensor, "t f"], points: Float64[Tensor, "n d"], cells: int) -> Float[Tensor, "n f"]:
    """The numbers (n, f) at points, between the nodes of a level of so many cells along each axis."""
    import torch

    dims = points.shape[1]
    places, shares = [], []
    for corner, share in corners((points + 1) * (cells / 2), [cells + 1] * dims):
        places.append(place_of(corner, cells, len(table)))
        shares.append(share.to(table.dtype))
    return (table[torch.stack(places)] * torch.stack(shares)[:, :, None]).sum(dim=0)


def place_of(node: list[Integer[Tensor, " n"]], cells: int, entries: int) -> Integer[Tensor, " n"]:
    """The entries (n,) of nodes, which are given by their places along each axis."""
    place = node[0] * 0
    if (cells + 1) ** len(node) <= entries:
        for x in node:
            place = place * (cells + 1) + x
        return place
    for x, prime in zip(node, PRIMES, strict=False):
        place = place ^ (x * prime)  # of 64 bits: none is lost, and the last are those of the paper's 32
    return place % entries
