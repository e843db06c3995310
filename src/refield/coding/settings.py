"""How fits are coded for comparison: the keys of `coding` in params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from refield.strict import Strict

Variant = Literal["half", "uniform", "steps", "rounded", "aware"]  # the keys of `variants.VARIANTS`
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Bits = Annotated[tuple[Annotated[int, Field(ge=2, le=12)], ...], Field(min_length=1, strict=False)]
BitsPerWeight = Annotated[tuple[Annotated[float, Field(ge=1, le=16)], ...], Field(min_length=1, strict=False)]


class Coding(Strict):
    """Of one fit each variant makes a file for each of its settings, such as a number of bits."""

    variants: Annotated[tuple[Variant, ...], Field(min_length=1, strict=False)]
    bits: Bits = (8,)  # of a weight, at one step a tensor: `uniform`
    bits_per_weight: BitsPerWeight = (8.0, 7.0, 6.0, 5.0)  # of the whole file: what other quantised variants aim at
    # Learned rounding, `rounding`: Adam's steps and rate, the regulariser's weight, and its exponent at first and last.
    rounding_iterations: int = Field(1000, ge=1)
    rounding_rate: Positive = 1e-2
    rounding_regularisation: float = Field(1e-4, ge=0, allow_inf_nan=False)
    rounding_beta: Annotated[tuple[Positive, Positive], Field(strict=False)] = (20.0, 2.0)
    # Training that knows of the steps, `aware`: Adam's steps and rate.
    aware_iterations: int = Field(300, ge=1)
    aware_rate: Positive = 1e-6

    @field_validator("variants", "bits", "bits_per_weight")
    @classmethod
    def nothing_twice(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values):
            raise ValueError(f"{list(values)} is not allowed; it must have nothing twice")
        return values
