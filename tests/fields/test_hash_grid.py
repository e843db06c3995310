"""Hashed grids: against loops over corners, against dense interpolation, derivatives, sizes, and what is refused."""

from itertools import product

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from fitting.descents import a_job
from pydantic import ValidationError
from scipy.interpolate import RegularGridInterpolator
from torch.utils.flop_counter import FlopCounterMode

from refield.errors import UserError
from refield.fields import build, describe
from refield.fields.hash_grid import HashGrid, seen
from refield.fitting.fit import fit_together

SMALL = HashGrid(levels=4, features=3, log2_table=5, coarsest=2, finest=17, width=6)


def hashed(node):
    """In the paper's 32 bits, one number after the other."""
    found = np.uint32(0)
    for x, prime in zip(node, (1, 2654435761, 805459861), strict=False):
        found ^= np.uint32((int(x) * prime) % 2**32)
    return int(found)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_levels_numbers_are_those_of_a_loop_over_corners(dims):
    table, cells, points = np.random.default_rng(0).normal(size=(32, 3)), 9, some_points(25, dims)
    expected = np.zeros((25, 3))
    for i, point in enumerate(points):
        at = (point + 1) / 2 * cells
        for steps in product((0, 1), repeat=dims):
            node = np.floor(at) + steps
            expected[i] += np.prod(1 - np.abs(at - node)) * table[hashed(node) % 32]
    np.testing.assert_allclose(seen(torch.tensor(table), torch.tensor(points), cells), expected, atol=1e-12)


@pytest.mark.parametrize(("dims", "cells"), [(1, 6), (2, 4), (3, 2)])
def test_a_level_with_an_entry_for_each_node_is_a_plain_grid(dims, cells):
    size = (cells + 1,) * dims
    table, points = np.random.default_rng(0).normal(size=((cells + 1) ** dims, 2)), some_points(40, dims)
    points = np.concatenate([points, np.ones((1, dims)), -np.ones((1, dims))])
    axes = [np.linspace(-1, 1, cells + 1)] * dims
    expected = RegularGridInterpolator(axes, table.reshape(*size, 2))(points)
    np.testing.assert_allclose(seen(torch.tensor(table), torch.tensor(points), cells), expected, atol=1e-12)


def test_levels_are_the_papers():
    cells = HashGrid(width=64).cells
    assert (cells[0], cells[-1], len(cells)) == (16, 512, 16)
    growth = np.divide(cells[1:], cells[:-1])
    assert np.abs(growth - 2 ** (5 / 15)).max() < 0.06  # whole numbers of cells
    assert HashGrid(levels=1, width=4).cells == [16]


def test_tables_have_no_more_entries_than_nodes():
    weights = drawn(SMALL)
    assert SMALL.cells == [2, 4, 8, 17]
    assert [weights[f"tables.{level}"].shape for level in range(4)] == [(9, 3), (25, 3), (32, 3), (32, 3)]
    assert all(np.abs(weights[f"tables.{level}"]).max() < 1e-4 for level in range(4))
    assert not any(weights[f"layers.{i}.bias"].any() for i in range(3))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_weights_and_points_are_differentiated_as_differences_say(dims):
    field = HashGrid(levels=2, features=1, log2_table=3, coarsest=1, finest=5, width=2, activation="gelu")
    rng, start = np.random.default_rng(1), drawn(field, dims, 2)
    weights = tensors({name: array + rng.normal(0, 0.5, array.shape) for name, array in start.items()})
    points, names = torch.tensor(some_points(5, dims), requires_grad=True), list(weights)

    def values(points, *arrays):
        return field.evaluate(dict(zip(names, arrays, strict=True)), points)

    assert torch.autograd.gradcheck(values, (points, *weights.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda points: field.evaluate(weights, points), points, fast_mode=True)


def test_flop_are_those_that_torch_counts_for_each_further_point():
    counts = []
    for n in (10, 20):
        weights, points = tensors(drawn(SMALL)), torch.tensor(some_points(n))
        with FlopCounterMode(display=False) as counter:
            SMALL.evaluate(weights, points).sum().backward()
        counts.append(counter.get_total_flops())
    assert counts[1] - counts[0] == 10 * SMALL.cost(2, 3).flop
    assert SMALL.cost(2, 3).floats == 12


def test_a_short_fit_descends():
    (fit,) = fit_together([a_job(SMALL, iterations=60, learning_rate=1e-2, trace_every=60)], "cpu")
    assert fit.curve[-1][1] < 0.8 * fit.curve[0][1]


def test_the_table_makes_it_from_its_description():
    field = build({"field": "hash_grid", "width": 64})
    assert field == HashGrid(width=64, levels=16, features=2, log2_table=14, coarsest=16, finest=512)
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"coarsest": 600}, "coarsest = 600 is above finest = 512"),
        ({"log2_table": 25}, "less than or equal to 24"),
        ({"levels": 0}, "greater than or equal to 1"),
        ({"table": 3}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        HashGrid(**{"width": 8, **wrong})


def test_axes_without_a_prime_are_refused():
    with pytest.raises(UserError, match="a hash_grid has at most 3 axes; the signal has 4"):
        drawn(SMALL, dims=4)
