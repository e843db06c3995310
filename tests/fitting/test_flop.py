"""The products of a step, counted: of an MLP's point, and of a whole fit."""

import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units.unit import Unit

FIELD = Mlp(gates=("dense", "dense"), width=5)  # 2 -> 5 -> 5 -> 3


def test_flop_are_those_of_the_products():
    forward, to_weights, to_layers = (2 * (2 * 5 + 5 * 5 + 5 * 3),) * 2 + (2 * (5 * 5 + 5 * 3),)
    assert FIELD.cost(2, 3).flop == forward + to_weights + to_layers
    assert FIELD.cost(2, 3).floats == 5


@pytest.mark.parametrize(("batch", "points"), [(None, 12 * 16), (50, 50), (1000, 12 * 16)])
def test_a_fits_are_those_of_its_steps_points(batch, points):
    train = Train(iterations=7, learning_rate=1e-3, batch=batch)
    unit = Unit("one", Image(np.zeros((12, 16, 3), np.uint8)), None, Represent(), FIELD, train, 0)
    assert unit.flop == FIELD.cost(2, 3).flop * points * 7
