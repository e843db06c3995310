"""MLPs: the paper's geometry and sizes, and what makes SIREN, Levels-of-Experts and a segment layer one thing."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from refield.fields.mlp import Mlp

FTC, SIREN = (128.0, 8.0, 4.0, 2.0), ("dense",) * 4


def grid(*sizes):
    """Points (n, d) in [-1, 1], row by row, both ends of each axis among them."""
    axes = [np.linspace(-1, 1, size) for size in sizes]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(sizes))


def tensors(weights):
    return {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}


def tile_lengths(scale: float, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels between changes of expert, down the middle column and along the middle row."""
    field = Mlp(gates=(scale,), width=4)
    experts = field.experts(field.layers(2, 3)[0], grid(height, width), None).reshape(height, width)
    down, along = experts[:, width // 2], experts[height // 2]
    return np.diff(np.flatnonzero(np.diff(down))), np.diff(np.flatnonzero(np.diff(along)))


@pytest.mark.parametrize(
    ("scale", "shape", "tile"),
    [
        (128, (512, 768), (2, 3)),
        (8, (512, 768), (32, 48)),
        (4, (512, 768), (64, 96)),
        (2, (512, 768), (128, 192)),
        (2, (768, 512), (192, 128)),
    ],
)
def test_tiles_measure_what_the_paper_says(scale, shape, tile):
    """Oh and Bae print 3x2 pixels for A = 128 and 192x128 for A = 2; axes end on pixels, so one may be missing."""
    for lengths, expected in zip(tile_lengths(scale, *shape), tile, strict=True):
        assert np.abs(lengths - expected).max() <= 1
        assert lengths.mean() == pytest.approx(expected, abs=0.5)


def test_tile_of_each_point_is_the_floor_modulo_two_of_each_axis():
    field = Mlp(gates=(8.0,), width=4, largest_a=2.0)
    points = grid(9, 14)
    expected = [2 * (int(np.floor(2 * row)) % 2) + int(np.floor(2 * column)) % 2 for row, column in points]
    assert field.experts(field.layers(2, 3)[0], points, None).tolist() == expected
    assert set(expected) == {0, 1, 2, 3}  # a remainder that could be negative would show here
    assert expected[-1] == 0  # both axes at +1: floor(2) mod 2, a tile that exists


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"gates": SIREN}, 198_915),
        ({"gates": FTC}, 790_275),
        ({"gates": FTC, "bias": "per_expert"}, 793_347),
        ({"gates": FTC, "output": "gated"}, 530_179),
        ({"gates": FTC[:3]}, 527_875),
        ({"gates": SIREN, "width": 512}, 791_043),
        ({"gates": (128.0, 8.0, 4.0, "segment"), "regions": 4}, 790_275),
    ],
)
def test_parameter_counts_of_the_readings_of_the_paper(settings, count):
    weights = Mlp(**{"width": 256, **settings}).initialise(2, 3, np.random.default_rng(0))
    assert sum(array.size for array in weights.values()) == pytest.approx(count, abs=12)


def test_siren_counts_exactly():
    weights = Mlp(gates=SIREN, width=256).initialise(2, 3, np.random.default_rng(0))
    assert sum(array.size for array in weights.values()) == 2 * 256 + 256 + 3 * (256**2 + 256) + 256 * 3 + 3


def test_siren_pre_activations_have_unit_variance():
    """Sitzmann et al., section 3.2; without biases, whose default draw is not part of the argument."""
    field = Mlp(gates=SIREN, width=512)
    weights = field.initialise(2, 3, np.random.default_rng(0))
    h = np.random.default_rng(1).uniform(-1, 1, (2000, 2))
    for i in range(4):
        z = 30 * h @ weights[f"layers.{i}.weight"][0]
        if i:
            assert z.std() == pytest.approx(1, abs=0.15)
        h = np.sin(z)


def test_every_expert_has_its_own_draw_within_one_experts_fan_in():
    weights = Mlp(gates=FTC, width=64).initialise(2, 3, np.random.default_rng(0))
    assert np.abs(weights["layers.0.weight"]).max() <= 1 / 2
    bound = (6 / 64) ** 0.5 / 30
    for i in (1, 2, 3):
        experts = weights[f"layers.{i}.weight"]
        assert 0.9 * bound < np.abs(experts).max() <= bound
        assert len(np.unique(experts[:, 0, 0])) == 4


@pytest.mark.parametrize("bias", ["shared", "per_expert"])
@pytest.mark.parametrize("gates", [FTC, ("segment", 8.0, "dense", 2.0), (128.0, 8.0, 4.0, "segment")])
def test_equal_experts_are_a_plain_siren(gates, bias):
    plain, gated = Mlp(gates=SIREN, width=12), Mlp(gates=gates, width=12, bias=bias, regions=3)
    weights = plain.initialise(2, 3, np.random.default_rng(0))
    copied = {
        name: np.repeat(weights[name], len(array), axis=0)
        for name, array in gated.initialise(2, 3, np.random.default_rng(1)).items()
    }
    points = torch.tensor(grid(7, 11))
    labels = torch.tensor(np.random.default_rng(2).integers(0, 3, 77))
    values = gated.evaluate(tensors(copied), points, labels)
    torch.testing.assert_close(values, plain.evaluate(tensors(weights), points, labels))


def test_the_input_comes_again_every_few_layers():
    """Written out for five layers, of which the third and the fifth see it; the output never does."""
    field = Mlp(gates=SIREN[:1] * 5, width=18, activation="relu", init="pytorch", skip=2, encoding={"octaves": 12})
    weights = field.initialise(2, 1, np.random.default_rng(0))
    assert sum(array.size for array in weights.values()) == 4105  # of 4,320: SINCO's
    points = np.random.default_rng(1).uniform(-1, 1, (9, 2))
    seen = field.encoding.encode(torch.from_numpy(points)).numpy()
    h = seen
    for i in range(5):
        x = np.concatenate([h, seen], axis=1) if i in (2, 4) else h
        h = np.maximum(x @ weights[f"layers.{i}.weight"][0] + weights[f"layers.{i}.bias"][0], 0)
    expected = h @ weights["layers.5.weight"][0] + weights["layers.5.bias"][0]
    values = field.evaluate(tensors(weights), torch.from_numpy(points))
    np.testing.assert_allclose(values.detach(), expected, rtol=1e-12)


def test_a_point_does_not_depend_on_the_others():
    field = Mlp(gates=(8.0, "segment"), width=8, regions=2)
    weights = tensors(field.initialise(2, 1, np.random.default_rng(0)))
    points, labels = torch.tensor(grid(5, 8)), torch.arange(40) % 2
    some = torch.tensor([3, 17, 31])
    whole = field.evaluate(weights, points, labels)
    torch.testing.assert_close(field.evaluate(weights, points[some], labels[some]), whole[some])


def test_every_expert_in_use_gets_a_gradient_and_no_other():
    field = Mlp(gates=(8.0, "segment"), width=8, regions=3)
    weights = tensors(field.initialise(2, 1, np.random.default_rng(0)))
    labels = torch.arange(40) % 2  # region 2 is empty
    field.evaluate(weights, torch.tensor(grid(5, 8)), labels).square().sum().backward()
    used = weights["layers.1.weight"].grad.abs().sum(dim=(1, 2)) > 0
    assert used.tolist() == [True, True, False]


@pytest.mark.parametrize("bias", ["shared", "per_expert"])
def test_tiles_in_three_dimensions_are_eight_experts(bias):
    """Eq. (3) and (4) of Oh and Bae, point by point, with a third axis."""
    field = Mlp(gates=(4.0, 2.0), width=6, bias=bias)
    weights = field.initialise(3, 2, np.random.default_rng(0))
    points = grid(6, 7, 8)
    expected, used = [], set()
    for point in points:
        h = point
        for i, scale in enumerate((4.0, 2.0)):
            expert = 0
            for coordinate in point:
                expert = 2 * expert + int(np.floor(scale * coordinate)) % 2
            used.add((i, expert))
            weight, biases = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
            h = np.sin(30 * (h @ weight[expert] + biases[expert if bias == "per_expert" else 0]))
        expected.append(h @ weights["layers.2.weight"][0] + weights["layers.2.bias"][0])
    assert [len(weights[f"layers.{i}.weight"]) for i in range(3)] == [8, 8, 1]
    assert used == {(i, expert) for i in range(2) for expert in range(8)}
    values = field.evaluate(tensors(weights), torch.tensor(points)).detach().numpy()
    np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"gates": ("dense",) * 2},
        {"gates": (8.0, "segment"), "regions": 3},
        {"gates": (8.0, 2.0, "segment"), "regions": 3, "output": "gated", "bias": "per_expert"},
        {"gates": ("dense", 4.0), "regions": 3, "region_input": True},
        {"gates": ("dense", "dense"), "regions": 3, "region_input": True, "activation": "relu"},
    ],
)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_values_are_differentiable_by_points(settings, dims):
    """Within a tile: the gates themselves jump, and a point's region does not move with it."""
    field = Mlp(width=8, **settings)
    weights = tensors(field.initialise(dims, 2, np.random.default_rng(0)))
    points = torch.tensor(np.random.default_rng(1).uniform(-1, 1, (20, dims)), requires_grad=True)
    labels = torch.arange(20) % 3
    assert torch.autograd.gradcheck(lambda points: field.evaluate(weights, points, labels), points)
    (slope,) = torch.autograd.grad(field.evaluate(weights, points, labels).sum(), points, create_graph=True)
    assert slope.abs().sum() > 0
    slope.square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in weights.values() if weight.grad is not None)
    assert weights["layers.0.weight"].grad.abs().sum() > 0


def test_a_segment_gate_needs_labels_and_their_number():
    with pytest.raises(ValidationError, match="regions"):
        Mlp(gates=("segment",), width=8)
    field = Mlp(gates=("segment",), width=8, regions=2)
    with pytest.raises(ValueError, match="labels"):
        field.experts(field.layers(2, 3)[0], grid(3, 4), None)


@pytest.mark.parametrize(
    "wrong", [{"gates": ()}, {"gates": (0.0,)}, {"gates": ("tile",)}, {"omega": 3.0}, {"width": 0}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Mlp(**{"gates": SIREN, "width": 8, **wrong})
