"""What a field is: a function of points with weights, which a fit finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor
from refield.strict import Described, Strict

Weights = dict[str, np.ndarray]  # by name; real, and float32 in files: a complex number is two of them


@dataclass(frozen=True)
class Cost:
    """What evaluating a field at one point takes, of which a step of a fit is some multiple."""

    flop: int  # of the matrix products of one step: forward and back
    floats: int  # the widest layer's outputs, which are held at once


@runtime_checkable
class Field(Described, Protocol):
    """A frozen pydantic model whose fields are the keys that a method of params.yaml may give it."""

    @property
    def needs_labels(self) -> bool:
        """Whether its values depend on the points' regions; then it has a key `regions`, their number."""

    @property
    def steady(self) -> bool:
        """Whether it launches the same kernels whatever the points, so that a GPU can replay a captured step."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that its values come from besides its own, which the tables of a package hide."""

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights of a field from `dims` coordinates to `channels` values.

        They are drawn with numpy, so that they are the same on every device and version of torch.
        """

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        """The values (n, c) at `points` (n, d) float64, each in [-1, 1], with regions `labels` (n,), in the weights'
        precision; differentiable in weights and points. No value depends on the other points."""

    def cost(self, dims: int, channels: int) -> Cost: ...


@runtime_checkable
class Sized(Protocol):
    """A field whose settings may be relative to the size of a signal."""

    def of_size(self, shape: tuple[int, ...]) -> "Field":
        """The field for a signal of so many samples along each axis; `UserError` if there is none."""


@runtime_checkable
class Sparse(Protocol):
    """A field whose weights are 0 in many places, which a file needs not hold."""

    def numbers(self, weights: Weights) -> int:
        """How many numbers of these weights a file needs."""

    def map_bits(self, weights: Weights) -> int:
        """The bits that say where they belong."""


def numbers(field: Field, weights: Weights) -> int:
    """How many numbers a file of a field's weights needs."""
    return field.numbers(weights) if isinstance(field, Sparse) else sum(array.size for array in weights.values())


def map_bits(field: Field, weights: Weights) -> int:
    """The bits that say where they belong."""
    return field.map_bits(weights) if isinstance(field, Sparse) else 0


class Uniform(Strict):
    """A field that is one function of all points: it follows no map, and a GPU may replay its steps."""

    needs_labels: ClassVar[bool] = False
    steady: ClassVar[bool] = True
    modules: ClassVar[tuple[str, ...]] = ()
