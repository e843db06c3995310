"""A fitted field as a file has it: with weights in half precision, or as they were fitted."""

from dataclasses import replace
from typing import Literal

import numpy as np

from refield.errors import UserError
from refield.fields.field import map_bits, numbers
from refield.scores.fitted import Fitted
from refield.signals.image import Image, as_image
from refield.signals.signal import Signal

Precision = Literal["half", "float32"]
BITS = {"half": 16, "float32": 32}


def stored(fitted: Fitted, precision: Precision) -> Fitted:
    """The field with its weights as a file has them; `UserError` if half precision cannot hold one."""
    if precision == "float32":
        return fitted
    with np.errstate(over="ignore"):
        halves = {name: array.astype(np.float16).astype(np.float32) for name, array in fitted.weights.items()}
    if not all(np.isfinite(array).all() for array in halves.values()):
        raise UserError("the field has weights that half precision cannot hold")
    return replace(fitted, weights=halves)


def picture(signal: Signal, fitted: Fitted, precision: Precision) -> Image:
    """The 8-bit picture that a file of the field's weights decodes to."""
    return as_image(signal.with_values(stored(fitted, precision).values))


def bits(fitted: Fitted, precision: Precision) -> float:
    """Bits per pixel of the weights, a sparse field's map among them, not compressed any further."""
    count = numbers(fitted.field, fitted.weights)
    return (BITS[precision] * count + map_bits(fitted.field, fitted.weights)) / len(fitted.points)
