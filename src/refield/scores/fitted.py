"""A fitted field at its signal's points, and measures that ask it what an 8-bit estimate does not show."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64, Integer

from refield.arrays import Tensor
from refield.errors import UserError
from refield.fields.derivatives import jet
from refield.fields.field import Field, Weights
from refield.scores.measure import Measure
from refield.signals.signal import Signal

Where = tuple[Mapping[str, Tensor], Tensor, Tensor | None]  # weights, points (n, d) and labels (n,)

AT_ONCE = 4096  # points, whose layers' values and derivatives must fit into memory


@dataclass(frozen=True, eq=False)
class Fitted:
    """A field with its weights at points (n, d): intensities, and their derivatives by coordinates, in float32.

    All raise `UserError` where one is no finite number. torch is imported where it is used: one stage scores.
    """

    field: Field
    weights: Weights
    points: Float64[np.ndarray, "n d"]
    labels: Integer[np.ndarray, " n"] | None
    span: float  # s, where the field's y stands for the intensity s y - (s - 1) on [-1, 1]

    @functools.cached_property
    def values(self) -> Float32[np.ndarray, "n c"]:
        (values,) = self._in_parts(lambda *at: [self.field.evaluate(*at)])
        return self.span * values - (self.span - 1)

    @property
    def gradient(self) -> Float32[np.ndarray, "n c d"]:
        return self._derivatives[0]

    @property
    def laplacian(self) -> Float32[np.ndarray, "n c"]:
        return self._derivatives[1]

    @functools.cached_property
    def _derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        def derivatives(*at: *Where) -> list[Tensor]:
            found = jet(self.field, *at)
            return [found.gradient, found.laplacian]

        slopes, bends = self._in_parts(derivatives)
        return self.span * slopes, self.span * bends

    def _in_parts(self, ask: Callable[[*Where], list[Tensor]]) -> list[np.ndarray]:
        """Arrays of what is asked at all points, some at a time."""
        import torch

        weights = {name: torch.tensor(array, dtype=torch.float32) for name, array in self.weights.items()}
        points, labels = torch.tensor(self.points), None if self.labels is None else torch.tensor(self.labels)
        parts = [slice(first, first + AT_ONCE) for first in range(0, len(points), AT_ONCE)]
        with torch.no_grad():
            asked = [ask(weights, points[part], None if labels is None else labels[part]) for part in parts]
        found = [torch.cat(each).float().numpy() for each in zip(*asked, strict=True)]
        if not all(np.isfinite(array).all() for array in found):
            raise UserError("the field has values or derivatives that are no numbers")
        return found


@dataclass(frozen=True)
class FieldMeasure(Measure):
    """A measure of the fitted field itself: of its values before they are rounded, or of its derivatives."""

    of: Callable[[Signal, Fitted], float] = field(kw_only=True)
