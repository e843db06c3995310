"""One layer of a multilayer perceptron, as its field describes it to those who fit it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from refield.arrays import Tensor
from refield.fields.activations import ACTIVATIONS

Gate = Literal["dense", "segment"] | Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Layer:
    """One layer's shape: weight (experts, fan_in, fan_out), bias (biases, fan_out) with one row or one per expert."""

    gate: Gate
    fan_in: int
    fan_out: int
    experts: int
    biases: int
    activation: str | None = None  # none of the output
    omega: float = 1.0  # the factor inside the activation, where it is not trained
    beta: float = 0.0  # the activation's shape, where it has one that is not trained
    trained: tuple[str, ...] = ()  # the activation's trained parameters

    @property
    def outputs(self) -> int:
        """How many numbers the next layer sees."""
        return self.fan_out * (1 if self.activation is None else ACTIVATIONS[self.activation].outputs)

    def activate(self, z: Tensor, trained: Tensor | None) -> Tensor:
        """amplitude * f(omega * z + phase; beta) of z (n, m), of which what is not trained is the layer's own."""
        activation = ACTIVATIONS[str(self.activation)]
        given = {} if trained is None else dict(zip(self.trained, trained, strict=True))
        u = given.get("omega", self.omega) * z
        u = u + given["phase"] if "phase" in given else u
        h = activation.function(u, given.get("beta", self.beta)) if activation.shaped else activation.function(u)
        return given["amplitude"] * h if "amplitude" in given else h
