"""What a multilayer perceptron is made of: its keys in params.yaml, and the layers that they say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field, model_validator

from refield.fields.activations import ACTIVATIONS, module_of
from refield.fields.dictionary import Dictionary
from refield.fields.encoding import Positional
from refield.fields.gates import Gate, experts_of
from refield.fields.initialisation import Drawn, Init
from refield.fields.layer import Layer
from refield.strict import Regions, Strict, added

Width = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[tuple(ACTIVATIONS)]

A = TypeVar("A", bound="Architecture")

LEAK = 0.2  # slope of leaky_relu below zero, as in the published Levels-of-Experts code


class Architecture(Strict):
    """An MLP's keys in params.yaml; its layer i uses the expert that `gates[i]` picks."""

    gates: Annotated[tuple[Gate, ...], Field(min_length=1, strict=False)]
    width: Width | Annotated[tuple[Width, ...], Field(strict=False)]  # of every hidden layer, or of each
    # Of every hidden layer, or of each; or those from which a search chooses (`units/search`).
    activation: Name | Annotated[tuple[Name, ...], Field(strict=False)] | Dictionary = "sine"
    # The factor inside what oscillates, in every hidden layer, or in each.
    omega_0: Positive | Annotated[tuple[Positive, ...], Field(strict=False)] = 30.0
    first_omega_0: Positive | None = added(None)  # of the first layer, where that is another
    sigma_0: Positive = added(10.0)  # factor in gaussian; inverse width of gabor
    roll_off: float = added(0.5, ge=0, le=1)  # beta of the raised cosines
    bandwidth: float = added(3.0, ge=1e-3, le=100)  # c of prolate
    # MIRE's dictionary: each layer has amplitude, omega, phase and beta of its own, as far as its activation has them,
    # and they are trained; they start at the values above, or are drawn. Without, nothing of an activation is trained.
    trained: Literal["base"] | Drawn | None = added(None)
    residual: bool = added(False)  # h_i has h_(i-1) added to it, where both are of one size
    skip: Annotated[int, Field(ge=1)] | None = added(None)  # every so many hidden layers, what the first one sees again
    encoding: Positional | None = added(None)  # of the points
    bias: Literal["shared", "per_expert"] = "shared"
    init: Init = "siren"  # how weights are drawn
    init_first: Init | None = added(None)  # those of the first layer; None: as `init` says
    init_hidden: Init | None = added(None)  # those of the hidden layers behind it; the output's are as `init` says
    first_bias: Positive | None = added(None)  # k: the first layer's biases are drawn from U(+-k), as FINER can
    output: Literal["dense", "gated"] = "dense"
    largest_a: float | None = Field(None, gt=0, allow_inf_nan=False)  # tiles of any larger A are as large as this one's
    regions: Regions | None = None  # K of a segment gate
    region_input: bool = False  # the point's region as a third coordinate

    @model_validator(mode="after")
    def regions_are_known(self) -> "Architecture":
        if self.needs_labels and self.regions is None:
            raise ValueError("a segment gate or region_input needs regions, their number")
        return self

    @model_validator(mode="after")
    def each_hidden_layer_has_its_own(self) -> "Architecture":
        stages = self.activation.stages if isinstance(self.activation, Dictionary) else None
        for key in ("width", "activation", "omega_0", "stages"):
            value = stages if key == "stages" else getattr(self, key)
            if isinstance(value, tuple) and len(value) != self.hidden:
                what = "names" if key == "activation" else "numbers"
                raise ValueError(f"{key} lists {len(value)} {what}; there are {self.hidden} hidden layers")
        return self

    @model_validator(mode="after")
    def the_first_factor_is_said_once(self) -> "Architecture":
        if self.first_omega_0 is not None and isinstance(self.omega_0, tuple):
            raise ValueError("first_omega_0 is the first number of omega_0, which lists one of each layer; remove it")
        return self

    @model_validator(mode="after")
    def what_is_trained_can_be(self) -> "Architecture":
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

    def sees_input(self, i: int) -> bool:
        """Whether layer i has what the first one sees beside what comes from below."""
        return self.skip is not None and 0 < i < self.hidden and i % self.skip == 0

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

    def shortened(self: A, activations: Sequence[str]) -> A:
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
        omegas = omegas if self.first_omega_0 is None else (self.first_omega_0, *omegas[1:])
        layers: list[Layer] = []
        for i, gate in enumerate(gates):
            experts = {"dense": 1, "segment": self.regions or 0}[gate] if isinstance(gate, str) else 2**dims
            layers.append(
                Layer(
                    gate=gate,
                    fan_in=layers[-1].outputs + self.sees_input(i) * fan_in if layers else fan_in,
                    fan_out=[*self.widths, channels][i],
                    experts=experts,
                    biases=experts if self.bias == "per_expert" else 1,
                    **(self._activated(i, omegas[i]) if i < self.hidden else {}),
                )
            )
        return layers

    def _activated(self, i: int, omega_0: float) -> dict[str, Any]:
        """What a hidden layer has of its activation."""
        name = self.activations[i]
        omega = {"gaussian": self.sigma_0, "relu": 1.0, "leaky_relu": 1.0}.get(name, omega_0)
        shapes = {"leaky_relu": LEAK, "finer": 1 / omega, "gabor": self.sigma_0 / omega, "prolate": self.bandwidth}
        trained = () if self.trained is None else ACTIVATIONS[name].trained
        return {"activation": name, "omega": omega, "beta": shapes.get(name, self.roll_off), "trained": trained}

    def a(self, gate: float) -> float:
        """Eq. (4)'s A of a gate of tiles."""
        return gate if self.largest_a is None else min(gate, self.largest_a)

    def experts(self, layer: Layer, points: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """The expert (n,) of each point (n, d) in a layer."""
        gate = layer.gate if isinstance(layer.gate, str) else self.a(layer.gate)
        return experts_of(gate, points, labels)
