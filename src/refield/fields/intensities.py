"""A field with its weights, as the function of points that a loss is of."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor
from refield.fields.field import Field


@dataclass(frozen=True)
class Intensities:
    """What a field's values stand for: intensities in [-1, 1]."""

    field: Field
    weights: Mapping[str, Tensor]
    span: float = 1.0  # of intensities over one of values: 2 of a field that is fitted to [0, 1]

    def __call__(
        self, points: Float64[Tensor, "n d"], labels: Integer[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n c"]:
        """The intensities at points; differentiable in weights and points."""
        values = self.field.evaluate(self.weights, points, labels)
        return values if self.span == 1 else self.span * values - (self.span - 1)
