"""Pixels in the order of their experts, and the places of weights."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from refield.fields.layer import Layer
from refield.fitting.latents.gating import Order, matrices_of

experts = st.integers(1, 60).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1, max_size=3)
)


@given(experts)
def test_pixels_are_in_few_runs_of_their_experts_and_come_back(experts):
    experts = np.array(experts)
    order, pixels = Order.of(experts), torch.arange(experts.shape[1])
    assert sorted(order.sorted(pixels).tolist()) == pixels.tolist()
    assert order.restored(order.sorted(pixels)).tolist() == pixels.tolist()
    most = 1
    for layer, runs in list(zip(experts, order.runs, strict=True))[::-1]:
        found = np.concatenate([np.full(run.rows.stop - run.rows.start, run.expert) for run in runs])
        np.testing.assert_array_equal(found, layer[order.sorted(pixels)])
        most *= len(set(layer))
        assert len(runs) <= most


@given(experts)
def test_pixels_that_stand_in_order_are_not_moved(experts):
    experts = np.array(experts)
    order = Order.of(experts[:, np.lexsort(experts)])
    assert (order.pixels, order.places) == (None, None)


def test_weights_lie_as_fields_name_them_one_experts_after_anothers_and_then_their_bias():
    layers = [Layer("dense", 2, 3, experts=1, biases=1), Layer("segment", 3, 2, experts=4, biases=1)]
    first, second = matrices_of(torch.arange(9.0 + 26), layers)
    assert first.whole.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert (first.weights.tolist(), first.bias.tolist()) == ([[[0, 1, 2], [3, 4, 5]]], [[6, 7, 8]])
    assert second.weights.flatten().tolist() == [*range(9, 33)]
    assert (second.weights.shape, second.bias.tolist()) == ((4, 3, 2), [[33, 34]])
