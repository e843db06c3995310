import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors

from refield.fields.layerwise import layerwise
from refield.fields.mlp import Mlp
from refield.scores.laws import distribution

POINTS, LABELS = torch.tensor(some_points(30)), torch.arange(30) % 3
FIELDS = {
    "sines": Mlp(gates=("dense",) * 3, width=6),
    "tiles and regions": Mlp(gates=(3.0, "segment"), width=6, regions=3, bias="per_expert"),
    "trained and encoded": Mlp(
        gates=("dense",) * 2,
        width=6,
        activation=("sine", "gabor"),
        trained={"uniform": [0.5, 1.5]},
        encoding={"octaves": 1},
    ),
    "residual": Mlp(gates=("dense",) * 3, width=6, activation="relu", residual=True),
    "input again": Mlp(gates=("dense",) * 4, width=6, skip=3, encoding={"octaves": 1}),
}


@pytest.mark.parametrize("name", FIELDS)
def test_each_layers_numbers_are_those_that_the_field_is_made_of(name: str) -> None:
    """The last layer of what they lead to has the field's own values."""
    field = FIELDS[name]
    weights = tensors(drawn(field))
    found = layerwise(field, weights, POINTS, LABELS)
    assert len(found) == field.hidden
    h = found[-1].activations + (found[-2].activations + found[-3].activations if field.residual else 0)
    last = f"layers.{field.hidden}"
    expected = field.evaluate(weights, POINTS, LABELS)
    torch.testing.assert_close(h @ weights[f"{last}.weight"][0] + weights[f"{last}.bias"][0], expected)
    assert not any(each.arguments.requires_grad or each.activations.requires_grad for each in found)


def test_arguments_are_those_of_the_activation() -> None:
    sines, trained = FIELDS["sines"], FIELDS["trained and encoded"]
    for numbers in layerwise(sines, tensors(drawn(sines)), POINTS):
        torch.testing.assert_close(torch.sin(numbers.arguments), numbers.activations)
    numbers, _ = layerwise(trained, tensors(drawn(trained)), POINTS)
    torch.testing.assert_close(torch.sin(numbers.arguments), numbers.activations)


def test_a_siren_without_biases_keeps_its_laws_at_any_depth() -> None:
    """And a network whose hidden weights are a third as large does not: its numbers shrink from layer to layer."""
    field = Mlp(gates=("dense",) * 5, width=256)
    weights = tensors({k: 0 * a if k.endswith("bias") else a for k, a in drawn(field).items()}, torch.float32)
    points = torch.tensor(some_points(400))
    for numbers in layerwise(field, weights, points)[1:]:
        arguments = distribution(numbers.arguments.numpy(), "normal")
        assert arguments.deviation == pytest.approx(1, abs=0.15)
        assert arguments.distance < 0.06
        assert distribution(numbers.activations.numpy(), "arcsine").distance < 0.1
    small = {name: weight / 3 if name != "layers.0.weight" else weight for name, weight in weights.items()}
    shrunk = [distribution(each.arguments.numpy(), "normal") for each in layerwise(field, small, points)[1:]]
    assert all(np.diff([each.deviation for each in shrunk]) < 0)
    assert shrunk[-1].distance > 0.3
