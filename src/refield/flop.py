"""How much a fit computes: the matrix products, which are nearly all of it."""

from refield.fields.gated import Gated
from refield.units import Unit


def flop_per_point(field: Gated, channels: int = 3) -> int:
    """Of the matrix products of one step at one point: forward, and twice that back.

    Back costs one product for the weights and one for the layer below, which the first layer does not have.
    """
    products = [(layer.fan_in * layer.fan_out, 2 if i == 0 else 3) for i, layer in enumerate(field.layers(channels))]
    return sum(2 * size * times for size, times in products)


def flop(unit: Unit) -> float:
    """Of a whole fit's matrix products."""
    height, width, channels = unit.image.shape
    return float(flop_per_point(unit.field, channels) * height * width * unit.train.iterations)
