"""A fit that this machine's memory can never hold is refused before it starts."""

import math
from collections.abc import Sequence

import psutil

from refield.errors import UserError
from refield.fields.field import Field
from refield.signals import Volume
from refield.units.shapes import Shapes
from refield.units.unit import Unit

# At least so many bytes: of a weight as it starts (float64) and, on a CPU, as it is fitted, scaled, its gradient, the
# two means of that in Adam and one partial sum (float32); of each coordinate and value of a sample (float64).
OF_WEIGHT = {"cpu": 8 + 6 * 4, "cuda": 8}
OF_NUMBER = 8
GIB = 2**30


def require(units: Sequence[Unit], device: str) -> None:
    """`UserError` if a unit needs more memory than there is at all, by what each fit has at least."""
    there = psutil.virtual_memory().total
    for unit in units:
        dims, channels, samples = len(unit.signal.shape), unit.signal.channels, unit.samples
        if isinstance(unit.signal, Volume):  # of which no more than a batch is held
            samples = min(samples, unit.train.batch or samples)
        weights = count_weights(unit.field, dims, channels)
        needed = OF_WEIGHT[device] * weights + OF_NUMBER * (dims + channels) * samples
        if needed > there:
            size = f"{needed / GIB:,.0f} GiB" if needed < math.inf else "more than can be counted"
            raise UserError(
                f"{unit.name}: its fit needs a memory of {size} at least, and this machine has {there / GIB:,.0f} GiB; "
                "lower the field's width, or the size of images"
            )


def count_weights(field: Field, dims: int, channels: int) -> float:
    """How many numbers a field's weights are; infinite where no array could hold them."""
    try:
        return sum(array.size for array in field.initialise(dims, channels, Shapes()).values())
    except (ValueError, OverflowError):
        return math.inf
