"""Multilayer perceptrons: an encoding, layers whose weights are chosen at every point by a gate, and activations.

SIREN (Sitzmann et al., NeurIPS 2020, https://arxiv.org/abs/2006.09661), Levels-of-Experts (Hao et al., NeurIPS 2022)
and the segmentation layer of Oh and Bae (JBE 29(7), 2024) differ only in their gates:

    h_i = f(omega_0 * (W_i[g_i(p)] h_(i-1) + b_i)),   y = W h_L + b        (Oh and Bae, eq. (3) and (4))

GAUSS, FINER and MIRE differ in f, ReLU with positional encoding in h_0 as well. Any gate may meet any activation.

`evaluate` is the definition, in the textbook form of a mask, a gather, a product and a scatter per expert. The fitting
engine computes the same, faster. Torch is imported where it is used: every stage reads these settings, one fits.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field, model_validator

from refield.arrays import Tensor
from refield.fields.activations import ACTIVATIONS, module_of
from refield.fields.dictionary import Dictionary
from refield.fields.encoding import Positional
from refield.fields.field import Cost, Weights
from refield.fields.initialisation import Drawn, Init, bound_of, draw_parameters
from refield.fields.layer import Gate, Layer
from refield.strict import Strict, added

Width = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[tuple(ACTIVATIONS)]

LEAK = 0.2  # slope of leaky_relu below zero, as in the published Levels-of-Experts code


class Mlp(Strict):
    """An MLP whose layer i uses the expert that `gates[i]` picks; each constructor argument is a key of params.yaml."""

    gates: Annotated[tuple[Gate, ...], Field(min_length=1, strict=False)]
    width: Width | Annotated[tuple[Width, ...], Field(strict=False)]  # of every hidden layer, or of each
    # Of every hidden layer, or of each; or those from which a search chooses (`units/search`).
    activation: Name | Annotated[tuple[Name, ...], Field(strict=False)] | Dictionary = "sine"
    omega_0: Positive | Annotated[tuple[Positive, ...], Field(strict=False)] = (
        30.0  # factor in what oscillates; of each
    )
    sigma_0: Positive = added(10.0)  # factor in gaussian; inverse width of gabor
    roll_off: float = added(0.5, ge=0, le=1)  # beta of the raised cosines
    bandwidth: float = added(3.0, ge=1e-3, le=100)  # c of prolate
    # MIRE's dictionary: each layer has amplitude, omega, phase and beta of its own, as far as its activation has them,
    # and they are trained; they start at the values above, or are drawn. Without, nothing of an activation is trained.
    trained: Literal["base"] | Drawn | None = added(None)
    residual: bool = added(False)  # h_i has h_(i-1) added to it, where both are of one size
    encoding: Positional | None = added(None)  # of the points
    bias: Literal["shared", "per_expert"] = "shared"
    init: Init = "siren"
    first_bias: Positive | None = added(
        None
    )  # k, where the first layer's biases are drawn from U(+-k): FINER's range of biases
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
    def each_hidden_layer_has_its_own(self) -> "Mlp":
        stages = self.activation.stages if isinstance(self.activation, Dictionary) else None
        for key in ("width", "activation", "omega_0", "stages"):
            value = stages if key == "stages" else getattr(self, key)
            if isinstance(value, tuple) and len(value) != self.hidden:
                what = "names" if key == "activation" else "numbers"
                raise ValueError(f"{key} lists {len(value)} {what}; there are {self.hidden} hidden layers")
        return self

    @model_validator(mode="after")
    def what_is_trained_can_be(self) -> "Mlp":
        names = self.searched.dictionary if self.searched else self.activations
        if self.trained is not None and (plain := [name for name in names if not ACTIVATIONS[name].trained]):
            raise ValueError(f"trained: activation {plain[0]} has no parameters to train")
        return self

    @property
    def hidden(self) -> int:
        """How many hidden layers there are."""
        return len(self.gates) - (self.output == "gated")

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each hidden layer."""
        return self.width if isinstance(self.width, tuple) else (self.width,) * self.hidden

    @property
    def searched(self) -> Dictionary | None:
        """What a search chooses the activations from; None if they are given."""
        return self.activation if isinstance(self.activation, Dictionary) else None

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer; while none is chosen, the dictionary's first."""
        if isinstance(self.activation, Dictionary):
            return self.activation.dictionary[:1] * self.hidden
        return self.activation if isinstance(self.activation, tuple) else (self.activation,) * self.hidden

    @property
    def needs_labels(self) -> bool:
        return "segment" in self.gates or self.region_input

    @property
    def steady(self) -> bool:
        """Which points an expert has, only the points can tell."""
        return not self.region_input and all(gate == "dense" for gate in self.gates)

    @property
    def modules(self) -> tuple[str, ...]:
        names = self.searched.dictionary if self.searched else self.activations
        return tuple(sorted({module_of(name) for name in names}))

    def shortened(self, activations: Sequence[str]) -> "Mlp":
        """The network of only the first hidden layers, with an activation each, and the output behind them."""
        count = len(activations)
        of_each = {key: value[:count] for key in ("width", "omega_0") if isinstance(value := getattr(self, key), tuple)}
        gates = self.gates[:count] if self.output == "dense" else (*self.gates[:count], self.gates[-1])
        return self.model_copy(update={**of_each, "gates": gates, "activation": tuple(activations)})

    def layers(self, dims: int, channels: int) -> list[Layer]:
        """The layers from `dims` coordinates to `channels` values, output included."""
        gates: Sequence[Gate] = [*self.gates, "dense"] if self.output == "dense" else self.gates
        fan_in = self.region_input + (dims if self.encoding is None else self.encoding.size(dims))
        omegas = self.omega_0 if isinstance(self.omega_0, tuple) else (self.omega_0,) * self.hidden
        layers: list[Layer] = []
        for i, gate in enumerate(gates):
            experts = {"dense": 1, "segment": self.regions or 0}[gate] if isinstance(gate, str) else 2**dims
            layers.append(
                Layer(
                    gate=gate,
                    fan_in=layers[-1].outputs if layers else fan_in,
                    fan_out=[*self.widths, channels][i],
                    experts=experts,
                    biases=experts if self.bias == "per_expert" else 1,
                    **(self._activation(self.activations[i], omegas[i]) if i < self.hidden else {}),
                )
            )
        return layers

    def _activation(self, name: str, omega_0: float) -> dict[str, Any]:
        """What a layer has of its activation."""
        omega = {"gaussian": self.sigma_0, "relu": 1.0, "leaky_relu": 1.0}.get(name, omega_0)
        beta = {
            "leaky_relu": LEAK,
            "finer": 1 / omega,
            "gabor": self.sigma_0 / omega,
            "prolate": self.bandwidth,
        }.get(name, self.roll_off)
        trained = () if self.trained is None else ACTIVATIONS[name].trained
        return {"activation": name, "omega": omega, "beta": beta, "trained": trained}

    def a(self, gate: float) -> float:
        """Eq. (4)'s A of a gate of tiles."""
        return gate if self.largest_a is None else min(gate, self.largest_a)

    def inputs(self, points: Float64[Tensor, "n d"], labels: np.ndarray | None) -> Float64[Tensor, "n f"]:
        """What the first layer sees: encoded points, and their regions on [-1, 1] where these are an input."""
        import torch

        seen = points if self.encoding is None else self.encoding.encode(points)
        if not self.region_input:
            return seen
        if labels is None or self.regions is None:
            raise ValueError("region_input needs the labels of its points")
        region = torch.as_tensor(2 * labels[:, None] / (self.regions - 1) - 1, device=points.device)
        return torch.cat([seen, region], dim=1)

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
        """Initial float64 weights, as `init`, `first_bias` and `trained` say."""
        weights, layers = {}, self.layers(dims, channels)
        for i, layer in enumerate(layers):
            omega = layer.omega if layer.activation else layers[i - 1].omega
            bound = bound_of(self.init, layer.fan_in, omega, first=i == 0)
            bias = self.first_bias if self.first_bias and i == 0 else layer.fan_in**-0.5
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (layer.experts, layer.fan_in, layer.fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-bias, bias, (layer.biases, layer.fan_out))
            if layer.trained:
                weights[f"layers.{i}.activation"] = draw_parameters(layer, self.trained, rng)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        last = weights[f"layers.{len(self.gates) - (self.output == 'gated')}.weight"]
        at = None if self.steady else points.detach().cpu().numpy()
        regions = None if labels is None else labels.cpu().numpy()
        h = self.inputs(points, regions).to(last.dtype)
        for i, layer in enumerate(self.layers(points.shape[1], last.shape[2])):
            weight, bias = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
            if layer.experts == 1:
                z = h @ weight[0] + bias[0]
            else:
                assert at is not None
                expert = torch.as_tensor(self.experts(layer, at, regions), device=h.device)
                z = h.new_zeros(len(h), layer.fan_out)
                for e in range(layer.experts):
                    rows = expert == e
                    z[rows] = h[rows] @ weight[e] + bias[e % layer.biases]
            if layer.activation is None:
                return z
            below, h = h, layer.activate(z, weights.get(f"layers.{i}.activation"))
            h = h + below if self.residual and below.shape == h.shape else h
        return z

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs one product for the weights and one for the layer below, which the first layer does not have.

        Of a search it is the mean over its iterations.
        """
        if self.searched:
            stages = self.searched.stages
            costs = [self.shortened(self.activations[: i + 1]).cost(dims, channels) for i in range(len(stages))]
            mean = sum(stage * cost.flop for stage, cost in zip(stages, costs, strict=True)) // sum(stages)
            return Cost(flop=mean, floats=costs[-1].floats)
        layers = self.layers(dims, channels)
        products = [(layer.fan_in * layer.fan_out, 2 if i == 0 else 3) for i, layer in enumerate(layers)]
        return Cost(flop=sum(2 * size * times for size, times in products), floats=max(each.outputs for each in layers))
