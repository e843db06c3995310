"""How a field is fitted: the settings of one descent."""

import math
from typing import Literal

from pydantic import Field, model_validator

from refield.strict import Strict, added

SPANS = {"symmetric": 1.0, "unit": 2.0}  # of `Train.target`


class Train(Strict):
    """Adam; the keys of a profile's `train` in params.yaml, some of which a method may set for itself."""

    iterations: int = Field(ge=1)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    schedule: Literal["constant", "exponential", "cosine"] = "constant"
    final_factor: float = Field(0.1, gt=0, le=1)  # of learning_rate at the end; unused by `constant`
    # Adam's: of the running mean of squared gradients that each step keeps. At 0.95 a short fit is not held back by the
    # large gradients of its start.
    beta2: float = added(0.999, gt=0, lt=1)
    trace_every: int = Field(10, ge=1)  # iterations between two points of the curve
    # What the network's output stands for while it is fitted: intensities on [-1, 1] or on [0, 1].
    target: Literal["symmetric", "unit"] = "symmetric"
    batch: int | None = Field(None, ge=1)  # points of a step, drawn anew in each pass through all; all without
    engine: Literal["fast", "autograd"] = "fast"  # the fastest that can take the steps, or always the definition's
    # mixed: the operands of the hidden layers' products keep 11 significant bits (half precision, or TF32), all sums 24
    precision: Literal["float32", "mixed"] = "float32"

    @model_validator(mode="after")
    def the_definition_is_exact(self) -> "Train":
        if (self.engine == "autograd" or self.batch) and self.precision != "float32":
            raise ValueError("engine: autograd, which batches need too, computes in float32 only; remove precision")
        return self

    @property
    def span(self) -> float:
        """s, where an output y of the field stands for the intensity s y - (s - 1) on [-1, 1]."""
        return SPANS[self.target]

    def rate(self, iteration: int) -> float:
        """The learning rate of a step, counted from 0: from `learning_rate` towards `final_factor` times it."""
        t = iteration / self.iterations
        factors = {
            "constant": 1.0,
            "exponential": self.final_factor**t,
            "cosine": self.final_factor + (1 - self.final_factor) * (1 + math.cos(math.pi * t)) / 2,
        }
        return self.learning_rate * factors[self.schedule]
