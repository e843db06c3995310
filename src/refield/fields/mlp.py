"""Multilayer perceptrons, each layer's weights chosen at every point by a gate.

SIREN (Sitzmann et al., NeurIPS 2020, https://arxiv.org/abs/2006.09661), Levels-of-Experts (Hao et al., NeurIPS 2022)
and the segmentation layer of Oh and Bae (JBE 29(7), 2024) differ only in their gates:

    h_i = act(omega_0 * (W_i[g_i(p)] h_(i-1) + b_i)),   y = W h_L + b        (Oh and Bae, eq. (3) and (4))

`evaluate` is the definition, in the textbook form of a mask, a gather, a product and a scatter per expert. The fitting
engine computes the same, faster. Torch is imported where it is used: every stage reads these settings, one fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field, model_validator

from refield.arrays import Tensor
from refield.fields.field import Cost, Weights
from refield.strict import Strict

Gate = Literal["dense", "segment"] | Annotated[float, Field(gt=0, allow_inf_nan=False)]

Width = Annotated[int, Field(ge=1)]

LEAK = 0.2  # slope of leaky_relu below zero, as in the published Levels-of-Experts code


@dataclass(frozen=True)
class Layer:
    """One layer's shape: weight (experts, fan_in, fan_out), bias (biases, fan_out) with one row or one per expert."""

    gate: Gate
    fan_in: int
    fan_out: int
    experts: int
    biases: int
    activated: bool


class Mlp(Strict):
    """An MLP whose layer i uses the expert that `gates[i]` picks; each constructor argument is a key of params.yaml."""

    gates: Annotated[tuple[Gate, ...], Field(min_length=1, strict=False)]
    width: Width | Annotated[tuple[Width, ...], Field(strict=False)]  # of every hidden layer, or of each
    activation: Literal["sine", "leaky_relu", "relu"] = "sine"
    omega_0: float = Field(30.0, gt=0, allow_inf_nan=False)
    bias: Literal["shared", "per_expert"] = "shared"
    init: Literal["siren", "pytorch"] = "siren"
    output: Literal["dense", "gated"] = "dense"
    largest_a: float | None = Field(None, gt=0, allow_inf_nan=False)  # tiles of any larger A are as large as this one's
    regions: int | None = Field(None, ge=2)  # K of a segment gate
    region_input: bool = False  # the point's region as a third coordinate

    @model_validator(mode="after")
    def regions_are_known(self) -> "Mlp":
        if self.needs_labels and self.regions is None:
            raise ValueError("a segment gate or region_input needs regions, their number")
        return self

    @model_validator(mode="after")
    def each_hidden_layer_has_a_width(self) -> "Mlp":
        hidden = len(self.gates) - (self.output == "gated")
        if isinstance(self.width, tuple) and len(self.width) != hidden:
            raise ValueError(f"width lists {len(self.width)} numbers; there are {hidden} hidden layers")
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each hidden layer."""
        hidden = len(self.gates) - (self.output == "gated")
        return self.width if isinstance(self.width, tuple) else (self.width,) * hidden

    @property
    def needs_labels(self) -> bool:
        return "segment" in self.gates or self.region_input

    @property
    def omega(self) -> float:
        """The factor inside every activation: SIREN's omega_0; 1 where the activation is no sine."""
        return self.omega_0 if self.activation == "sine" else 1.0

    @property
    def steady(self) -> bool:
        """Which points an expert has, only the points can tell."""
        return not self.region_input and all(gate == "dense" for gate in self.gates)

    def layers(self, dims: int, channels: int) -> list[Layer]:
        """The layers from `dims` coordinates to `channels` values, output included."""
        gates: Sequence[Gate] = [*self.gates, "dense"] if self.output == "dense" else self.gates
        sizes = [dims + self.region_input, *self.widths, channels]
        layers = []
        for i, gate in enumerate(gates):
            experts = {"dense": 1, "segment": self.regions or 0}[gate] if isinstance(gate, str) else 2**dims
            layers.append(
                Layer(
                    gate=gate,
                    fan_in=sizes[i],
                    fan_out=sizes[i + 1],
                    experts=experts,
                    biases=experts if self.bias == "per_expert" else 1,
                    activated=i < len(gates) - 1,
                )
            )
        return layers

    def a(self, gate: float) -> float:
        """Eq. (4)'s A of a gate of tiles."""
        return gate if self.largest_a is None else min(gate, self.largest_a)

    def coordinates(self, points: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """What the first layer sees: the points (n, d), and their regions on [-1, 1] where these are an input."""
        if not self.region_input:
            return points
        if labels is None or self.regions is None:
            raise ValueError("region_input needs the labels of its points")
        return np.concatenate([points, 2 * labels[:, None] / (self.regions - 1) - 1], axis=1)

    def experts(self, layer: Layer, points: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """The expert (n,) of each point (n, d): eq. (4)'s floor(A x) mod 2 per axis, or the point's region."""
        if layer.gate == "dense":
            return np.zeros(len(points), dtype=np.int64)
        if layer.gate == "segment":
            if labels is None:
                raise ValueError("a segment gate needs the labels of its points")
            return labels.astype(np.int64)
        tile = np.floor(self.a(layer.gate) * points).astype(np.int64) % 2  # numpy's % is never negative
        return tile @ 2 ** np.arange(tile.shape[1])[::-1]

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights; the definition is the papers'.

        siren: the first layer's weights U(+-1/fan_in), all others U(+-sqrt(6/fan_in)/omega_0), as in the official code,
        with the fan-in of one expert; biases, and all of pytorch: nn.Linear's default U(+-1/sqrt(fan_in)).
        """
        weights = {}
        for i, layer in enumerate(self.layers(dims, channels)):
            default = layer.fan_in**-0.5
            bound = default
            if self.init == "siren":
                bound = 1 / layer.fan_in if i == 0 else (6 / layer.fan_in) ** 0.5 / self.omega
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (layer.experts, layer.fan_in, layer.fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, (layer.biases, layer.fan_out))
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        first, last = weights["layers.0.weight"], weights[f"layers.{len(weights) // 2 - 1}.weight"]
        h = points.to(first.dtype)
        if not self.steady:
            at, regions = points.detach().cpu().numpy(), None if labels is None else labels.cpu().numpy()
        if self.region_input:
            region = self.coordinates(at, regions)[:, at.shape[1] :]
            h = torch.cat([h, torch.as_tensor(region, dtype=h.dtype, device=h.device)], dim=1)
        for i, layer in enumerate(self.layers(points.shape[1], last.shape[2])):
            weight, bias = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
            if layer.experts == 1:
                z = h @ weight[0] + bias[0]
            else:
                expert = torch.as_tensor(self.experts(layer, at, regions), device=h.device)
                z = h.new_zeros(len(h), layer.fan_out)
                for e in range(layer.experts):
                    rows = expert == e
                    z[rows] = h[rows] @ weight[e] + bias[e % layer.biases]
            h = self.activate(self.omega * z) if layer.activated else z
        return h

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs one product for the weights and one for the layer below, which the first layer does not have."""
        products = [
            (layer.fan_in * layer.fan_out, 2 if i == 0 else 3) for i, layer in enumerate(self.layers(dims, channels))
        ]
        return Cost(flop=sum(2 * size * times for size, times in products), floats=max([channels, *self.widths]))

    def activate(self, z: Tensor) -> Tensor:
        """The activation, elementwise."""
        import torch

        activations: dict[str, Any] = {
            "sine": torch.sin,
            "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, LEAK),
            "relu": torch.relu,
        }
        return activations[self.activation](z)
