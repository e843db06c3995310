"""Latents behind gates: each expert is a network of `latents`, where its gate says so."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError

from refield.errors import UserError
from refield.fields import build, describe, of_size
from refield.fields.gated_latents import GatedLatents
from refield.fields.gates import experts_of
from refield.fields.latents import Latents

SMALL = {"finest": 9, "levels": 3, "width": 6}
N = 60


def of_expert(weights, experts):
    """The weights of `latents` that one expert of each layer is."""
    layers = {f"layers.{i}.weight": weights[f"layers.{i}.weight"][expert] for i, expert in enumerate(experts)}
    biases = {f"layers.{i}.bias": weights[f"layers.{i}.bias"][0] for i in range(len(experts))}
    return {name: array for name, array in weights.items() if name.startswith("latents")} | layers | biases


@pytest.mark.parametrize("activation", ["sine", "gelu"])
@pytest.mark.parametrize("gates", [("segment",) * 3, ("dense", 4.0, "segment"), (2.0, "dense", 3.0)])
def test_a_point_sees_the_network_of_its_experts(gates, activation):
    field = GatedLatents(**SMALL, features=(1, 2, 1), gates=gates, regions=3, activation=activation)
    plain = Latents(**SMALL, features=(1, 2, 1), activation=activation)
    weights, points = tensors(drawn(field)), some_points(N)
    labels = np.random.default_rng(0).integers(0, 3, N)
    values = field.evaluate(weights, torch.tensor(points), torch.tensor(labels))
    chosen = np.stack([experts_of(gate, points, labels) for gate in gates], axis=1)
    assert len(np.unique(chosen, axis=0)) > 2
    for experts in np.unique(chosen, axis=0):
        there = (chosen == experts).all(axis=1)
        expected = plain.evaluate(of_expert(weights, experts), torch.tensor(points[there]))
        torch.testing.assert_close(values[there], expected)


def test_without_gates_it_is_latents_in_another_form():
    field = GatedLatents(**SMALL, gates=("dense",) * 3)
    assert (field.needs_labels, field.steady) == (False, True)
    weights = drawn(field)
    same = drawn(Latents(**SMALL))
    assert of_expert(weights, (0, 0, 0)).keys() == same.keys()
    for name, array in of_expert(weights, (0, 0, 0)).items():
        np.testing.assert_array_equal(array, same[name])
    assert field.cost(2, 3) == Latents(**SMALL).cost(2, 3)


@pytest.mark.parametrize(("dims", "experts"), [(2, (4, 3, 1)), (3, (8, 3, 1))])
def test_each_layer_has_as_many_weights_as_experts(dims, experts):
    field = GatedLatents(**SMALL, gates=(4.0, "segment", "dense"), regions=3)
    weights = drawn(field, dims, 2)
    assert [weights[f"layers.{i}.weight"].shape for i in range(3)] == [
        (experts[0], 3, 6),
        (experts[1], 6, 6),
        (experts[2], 6, 2),
    ]
    assert [weights[f"layers.{i}.bias"].shape for i in range(3)] == [(1, 6), (1, 6), (1, 2)]
    assert (field.needs_labels, field.steady) == (True, False)


def test_a_gate_belongs_to_every_layer_and_regions_have_a_number():
    with pytest.raises(ValidationError, match="gates lists 2; there are 3 layers, the output among them"):
        GatedLatents(**SMALL, gates=("dense", "dense"))
    with pytest.raises(ValidationError, match="a segment gate needs regions, their number"):
        GatedLatents(**SMALL, gates=("dense", "dense", "segment"))
    with pytest.raises(UserError, match="nodes_per_sample"):
        drawn(GatedLatents(nodes_per_sample=1.0, levels=2, width=4, gates=("dense",) * 3))


def test_it_keeps_its_gates_at_the_size_of_a_signal_and_in_its_description():
    field = GatedLatents(nodes_per_sample=0.5, levels=2, width=4, gates=("segment", 2.0, "dense"), regions=4)
    sized = of_size(field, (12, 20))
    assert isinstance(sized, GatedLatents)
    assert (sized.finest, sized.gates) == ((6, 10), field.gates)
    assert build(describe(sized)) == sized
