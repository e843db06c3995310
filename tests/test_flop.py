from small import unit

from refield.fields.gated import Gated
from refield.flop import flop, flop_per_point


def test_flop_are_those_of_the_products():
    field = Gated(gates=("dense", "dense"), width=5)  # 2 -> 5 -> 5 -> 3
    forward, to_weights, to_layers = (2 * (2 * 5 + 5 * 5 + 5 * 3),) * 2 + (2 * (5 * 5 + 5 * 3),)
    assert flop_per_point(field) == forward + to_weights + to_layers
    assert flop(unit(0, iterations=7)) == flop_per_point(unit(0).field) * 12 * 16 * 7
