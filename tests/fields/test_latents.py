"""Grids of latents: interpolation against scipy's, derivatives against differences, sizes, and what is refused."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError
from scipy.interpolate import RegularGridInterpolator
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from refield.errors import UserError
from refield.fields import build, describe, of_size
from refield.fields.latent_grids import ACTIVATIONS, interpolated
from refield.fields.latents import Latents

SMALL = {"finest": 9, "levels": 3, "width": 6}
TORCHS = {"gelu": nn.GELU(approximate="tanh"), "sine": torch.sin, "relu": torch.relu}


def moved(field, dims=2, channels=3):
    """Weights after a while: no latent is near 0."""
    rng = np.random.default_rng(1)
    return {name: array + rng.normal(0, 0.5, array.shape) for name, array in drawn(field, dims, channels).items()}


@pytest.mark.parametrize("nodes", [(5,), (2,), (4, 7), (2, 3), (3, 4, 2)])
def test_interpolation_is_scipys(nodes):
    grid, points = np.random.default_rng(0).normal(size=(2, *nodes)), some_points(60, len(nodes))
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * len(nodes)), axis=-1).reshape(-1, len(nodes))
    points = np.concatenate([points, corners, np.zeros((1, len(nodes))), 1.3 * points])  # and beyond the ends
    axes = [np.linspace(-1, 1, n) for n in nodes]
    expected = [RegularGridInterpolator(axes, each, bounds_error=False, fill_value=None)(points) for each in grid]
    np.testing.assert_allclose(interpolated(torch.tensor(grid), torch.tensor(points)), expected, rtol=0, atol=1e-12)


def test_interpolation_is_torchs_with_corners_aligned():
    grid, points = torch.tensor(np.random.default_rng(0).normal(size=(3, 4, 7))), torch.tensor(some_points(50))
    sampled = nn.functional.grid_sample(grid[None], points.flip(1)[None, None], align_corners=True)  # x before y
    torch.testing.assert_close(interpolated(grid, points), sampled[0, :, 0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 2)])
def test_values_are_a_networks_of_torchs_of_what_scipy_interpolates(activation, dims, channels):
    field = Latents(**SMALL, features=(1, 2, 1), gain=(3.0, 2.0, 0.5), activation=activation)
    weights, points = moved(field, dims, channels), some_points(40, dims)
    h = torch.tensor(
        np.stack(
            [
                gain * RegularGridInterpolator([np.linspace(-1, 1, nodes)] * dims, each)(points)
                for level, (nodes, gain) in enumerate(zip((9, 5, 3), (3.0, 2.0, 0.5), strict=True))
                for each in weights[f"latents.{level}"]
            ],
            axis=1,
        )
    )
    for i in range(3):
        h = h @ torch.tensor(weights[f"layers.{i}.weight"]) + torch.tensor(weights[f"layers.{i}.bias"])
        h = TORCHS[activation](h) if i < 2 else h
    torch.testing.assert_close(field.evaluate(tensors(weights), torch.tensor(points)), h)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_weights_and_points_are_differentiated_as_differences_say(dims):
    field = Latents(finest=3, levels=2, width=2)
    weights, points = tensors(moved(field, dims, 2)), torch.tensor(some_points(5, dims), requires_grad=True)
    names = list(weights)

    def values(points, *arrays):
        return field.evaluate(dict(zip(names, arrays, strict=True)), points)

    assert torch.autograd.gradcheck(values, (points, *weights.values()), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda points: field.evaluate(weights, points), points, fast_mode=True)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_of_as_many_pixels_as_nodes_has_each_node_on_a_pixel(channels):
    """Of a network that makes their sine, the values at the pixels are the sines of the finest latents."""
    field = Latents(finest=(4, 6), levels=1, width=1, hidden_layers=0, activation="sine", gain=1.0)
    weights = {name: np.zeros_like(array) for name, array in drawn(field, 2, channels).items()}
    weights["latents.0"] = np.random.default_rng(0).uniform(0, 1, (1, 4, 6))
    weights["layers.0.weight"][:], weights["layers.1.weight"][:] = 1, 1
    pixels = np.stack(np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 6), indexing="ij"), axis=-1)
    values = field.evaluate(tensors(weights), torch.tensor(pixels.reshape(-1, 2)))
    for channel in values.detach().numpy().T:
        np.testing.assert_allclose(channel.reshape(4, 6), np.sin(weights["latents.0"][0]), atol=1e-12)


def test_each_grid_has_half_the_nodes_of_the_one_before():
    assert Latents(finest=(512, 768), levels=7, width=8).sizes(2) == [
        *((512, 768), (256, 384), (128, 192), (64, 96), (32, 48), (16, 24), (8, 12))
    ]
    assert Latents(finest=9, levels=4, width=8).sizes(3) == [(9,) * 3, (5,) * 3, (3,) * 3, (2,) * 3]


def test_a_full_image_takes_as_many_numbers_as_published_grids_do():
    """C3's seven grids of a Kodak image have 524,256 latents."""
    weights = drawn(Latents(finest=(512, 768), levels=7, width=24))
    assert sum(array.size for name, array in weights.items() if name.startswith("latents")) == 524_256
    assert sum(array.size for array in weights.values()) == 524_256 + 7 * 24 + 24 + 24 * 24 + 24 + 24 * 3 + 3


@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 1)])
def test_flop_are_those_that_torch_counts_for_each_further_point(dims, channels):
    field, counts = Latents(**SMALL, features=2), []
    for n in (10, 20):
        weights, points = tensors(drawn(field, dims, channels)), torch.tensor(some_points(n, dims))
        with FlopCounterMode(display=False) as counter:
            field.evaluate(weights, points).sum().backward()
        counts.append(counter.get_total_flops())
    assert counts[1] - counts[0] == 10 * field.cost(dims, channels).flop
    assert field.cost(dims, channels).floats == 6


@pytest.mark.parametrize(("activation", "bound"), [("sine", 1), ("gelu", 6**0.5), ("relu", 6**0.5)])
def test_weights_start_as_they_are_drawn(activation, bound):
    weights = drawn(Latents(finest=64, levels=2, width=80, deviation=0.3, activation=activation))
    assert weights["latents.0"].std() == pytest.approx(0.3, rel=0.05)
    for i, fan_in in enumerate((2, 80, 80)):
        assert np.abs(weights[f"layers.{i}.weight"]).max() == pytest.approx(bound / fan_in**0.5, rel=0.05)
        assert np.abs(weights[f"layers.{i}.bias"]).max() <= 1 / fan_in**0.5
    assert not drawn(Latents(**SMALL, deviation=0.0))["latents.0"].any()


def test_the_table_makes_it_from_its_description():
    field = build({"field": "latents", "width": 8, "finest": [12, 20], "features": [1, 2, 2], "levels": 3})
    assert (field.finest, field.features) == ((12, 20), (1, 2, 2))
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"levels": 4, "finest": [8, 768]}, "levels = 4 is too many: of 8 nodes, 3 are left with 2 or more"),
        ({"levels": 5}, "levels = 5 is too many: of 9 nodes, 4 are left with 2 or more"),
        ({"features": [1, 2]}, "features lists 2 numbers; there are 3 levels"),
        ({"gain": [1.0]}, "gain lists 1 numbers; there are 3 levels"),
        ({"finest": 1}, "greater than or equal to 2"),
        ({"finest": []}, "at least 1 item"),
        ({"deviation": -1.0}, "greater than or equal to 0"),
        ({"activation": "tanh"}, "'sine', 'gelu' or 'relu'"),
        ({"depth": 3}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(wrong, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Latents(**{**SMALL, **wrong})


def test_sizes_of_other_axes_are_refused():
    with pytest.raises(UserError, match=r"finest = \[9, 9\] lists 2 axes; the signal has 3"):
        drawn(Latents(finest=(9, 9), levels=2, width=4), dims=3)


@pytest.mark.parametrize(
    ("share", "shape", "nodes"),
    [(0.5, (40, 60), (20, 30)), (1.0, (60, 40), (60, 40)), (0.3, (9, 5, 70), (3, 2, 21)), (None, (60, 40), 9)],
)
def test_the_finest_grid_may_be_relative_to_the_signal(share, shape, nodes):
    field = of_size(Latents(finest=9, nodes_per_sample=share, levels=1, width=4), shape)
    assert (field.finest, field.nodes_per_sample) == (nodes, None)
    assert build(describe(field)) == field


def test_what_is_relative_to_a_signal_needs_one_that_is_large_enough():
    field = Latents(nodes_per_sample=0.5, levels=3, width=4)
    with pytest.raises(UserError, match=r"nodes_per_sample = 0\.5 needs a signal"):
        field.sizes(2)
    with pytest.raises(UserError, match=r"nodes_per_sample = 0\.5 of 6 x 60: .*levels = 3 is too many: of 3 nodes, 2"):
        of_size(field, (6, 60))
