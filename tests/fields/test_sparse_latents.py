"""Sparse latents: the values of latents, beginning with nothing where they are sparse; what a file of them needs."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points
from pydantic import ValidationError

from refield.errors import UserError
from refield.fields.field import map_bits, numbers
from refield.fields.latents import Latents
from refield.fields.sparse_latents import SparseLatents
from refield.fitting import ways
from refield.fitting.train import Train
from refield.units.shapes import Shapes

SMALL = {"finest": (9, 7), "levels": 3, "features": (2, 1, 1), "width": 6}
FIELD = SparseLatents(**SMALL, kept=(0.3, 0.5))
TRAIN = Train(iterations=9, learning_rate=1e-2, trace_every=1)


def test_values_are_those_of_latents_with_the_same_weights():
    weights = {name: torch.tensor(array) for name, array in drawn(Latents(**SMALL), 2, 3).items()}
    points = torch.tensor(some_points(30, 2))
    assert (FIELD.evaluate(weights, points) == Latents(**SMALL).evaluate(weights, points)).all()


def test_sparse_grids_begin_with_nothing_and_all_else_as_of_latents():
    sparse, dense = drawn(FIELD, 2, 3), drawn(Latents(**SMALL), 2, 3)
    assert sparse.keys() == dense.keys()
    for name, array in dense.items():
        if name in ("latents.0", "latents.1"):
            assert array.any()
            assert not sparse[name].any()
            assert sparse[name].shape == array.shape
        else:
            assert (sparse[name] == array).all()


def test_a_file_needs_what_is_not_0_and_a_bit_for_each_node_of_a_sparse_grid():
    weights = {name: np.ones(array.shape) for name, array in drawn(FIELD, 2, 3).items()}
    weights["latents.0"][:, 2:] = 0  # two rows of seven nodes, of two numbers, are left
    weights["latents.1"][:] = 0
    weights["latents.2"][0, 0, 0] = 0  # of a grid that is not sparse
    dense = sum(array.size for name, array in weights.items() if name not in ("latents.0", "latents.1"))
    assert numbers(FIELD, weights) == 2 * 2 * 7 + dense
    assert map_bits(FIELD, weights) == 9 * 7 + 5 * 4
    assert numbers(Latents(**SMALL), weights) == sum(array.size for array in weights.values())
    assert map_bits(Latents(**SMALL), weights) == 0


def test_its_shapes_take_no_memory():
    huge = SparseLatents(finest=100_000, levels=2, width=4).initialise(2, 3, Shapes())
    assert huge["latents.0"].shape == (1, 100_000, 100_000)


@pytest.mark.parametrize("kept", [(), (0.0,), (1.1,), (0.1, 0.2, 0.3, 0.4), (float("nan"),)])
def test_shares_that_cannot_be_are_refused(kept):
    with pytest.raises(ValidationError, match="kept"):
        SparseLatents(**SMALL, kept=kept)


@pytest.mark.parametrize(("least_squares", "train"), [(False, TRAIN), (True, TRAIN.model_copy(update={"batch": 8}))])
def test_only_values_at_all_points_at_once_say_where_latents_are_needed(least_squares, train):
    with pytest.raises(UserError, match="only fitted to values, at all points at once"):
        ways.choose(FIELD, least_squares, train, "cpu")
    with pytest.raises(UserError, match="sparse latents"):
        ways.modules(FIELD, least_squares, train)
    assert ways.choose(FIELD, True, TRAIN, "cpu").module == ways.choose(FIELD, True, TRAIN, "cuda").module
