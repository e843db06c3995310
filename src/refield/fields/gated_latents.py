"""Grids of latents, and a network of which each layer has weights for each region of a map, or for tiles.

The grids are those of `latents`, and the gates those of `mlp`: with the expert e_i of a point x in layer i,

    h_0 = (g_1 G_1(x), .., g_L G_L(x)),   h_i = f(W_i[e_i] h_(i-1) + b_i),   y = W_(n+1)[e_(n+1)] h_n + b_(n+1)

Biases are shared, as those of `mlp` are unless they are asked to be otherwise. `evaluate` is the definition, and the
descent in `fitting/latents` is as fast for these as for `latents`. Torch is imported where it is used.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field, model_validator

from refield.arrays import Tensor
from refield.fields.field import Weights
from refield.fields.gates import Gate, experts_of
from refield.fields.latent_grids import ACTIVATIONS, LatentGrids
from refield.fields.latents import BOUNDS
from refield.fields.layer import Layer
from refield.strict import Regions


class GatedLatents(LatentGrids):
    """Grids of latents and a network whose layer i, the output included, uses the expert that `gates[i]` picks."""

    modules: ClassVar[tuple[str, ...]] = ()

    gates: Annotated[tuple[Gate, ...], Field(strict=False)]
    regions: Regions | None = None  # K of a segment gate

    @model_validator(mode="after")
    def every_layer_has_a_gate(self) -> "GatedLatents":
        if len(self.gates) != self.hidden_layers + 2:
            raise ValueError(
                f"gates lists {len(self.gates)}; there are {self.hidden_layers + 2} layers, the output among them"
            )
        if self.needs_labels and self.regions is None:
            raise ValueError("a segment gate needs regions, their number")
        return self

    @property
    def needs_labels(self) -> bool:
        return "segment" in self.gates

    @property
    def steady(self) -> bool:
        """Which points an expert has, only the points can tell."""
        return all(gate == "dense" for gate in self.gates)

    def gated_layers(self, dims: int, channels: int) -> list[Layer]:
        """The network's layers as gates have them; none has its activation."""
        experts = [1 if gate == "dense" else self.regions or 0 if gate == "segment" else 2**dims for gate in self.gates]
        return [
            Layer(gate=gate, fan_in=fan_in, fan_out=fan_out, experts=count, biases=1)
            for gate, count, (fan_in, fan_out) in zip(self.gates, experts, self.layers(channels), strict=True)
        ]

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights: latents.l (features, nodes of each axis), and the network's layers.i.weight
        (experts, fan_in, fan_out) and layers.i.bias (1, fan_out), from the same laws as those of `latents`."""
        weights = self.draw_latents(dims, rng)
        for i, layer in enumerate(self.gated_layers(dims, channels)):
            default = layer.fan_in**-0.5
            bound = BOUNDS[self.activation] * default
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (layer.experts, layer.fan_in, layer.fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, (1, layer.fan_out))
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        h, at = self.features_at(weights, points), points.detach().cpu().numpy()
        regions = None if labels is None else labels.cpu().numpy()
        channels = weights[f"layers.{self.hidden_layers + 1}.bias"].shape[1]
        for i, layer in enumerate(self.gated_layers(points.shape[1], channels)):
            expert = torch.as_tensor(experts_of(layer.gate, at, regions), device=h.device)
            h = layer.affine(h, weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"], expert)
            h = ACTIVATIONS[self.activation].function(h) if i <= self.hidden_layers else h
        return h
