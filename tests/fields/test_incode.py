"""INCODE, against its published form as a network of torch's: values, derivatives, initial weights, and a to d."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from refield.fields import build, describe
from refield.fields.incode import Incode
from refield.fields.mlp import Mlp
from refield.fitting.autograd import AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.fitting.ways import choose
from refield.signals import Image
from refield.tasks.problem import mse_to_psnr
from refield.tasks.represent import Represent

SMALL = Incode(width=5, hidden_layers=2)
HARMONIZER = 64 * 64 + 64 + 64 * 32 + 32 + 32 * 4 + 4


def coefficients(field, weights):
    """a to d."""
    with torch.no_grad():
        return [float(number) for number in field.harmonize(tensors(weights))]


class Published(nn.Module):
    """Linear layers, and between them exp(a) sin(exp(b) omega_0 z + c) + d, with a to d from an MLP of features."""

    def __init__(self, field, weights):
        super().__init__()
        self.omega_0 = field.omega_0
        self.layers = nn.ModuleList(self.linear(weights, f"layers.{i}") for i in range(field.hidden_layers + 2))
        first, second, third = (self.linear(weights, f"harmonizer.{i}") for i in range(3))
        self.harmonizer = nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), third)
        self.features = nn.Parameter(torch.tensor(weights["features"]))

    def linear(self, weights, name):
        weight, bias = torch.tensor(weights[f"{name}.weight"]), torch.tensor(weights[f"{name}.bias"])
        layer = nn.Linear(*weight.shape, dtype=weight.dtype)
        layer.weight, layer.bias = nn.Parameter(weight.T.contiguous()), nn.Parameter(bias)
        return layer

    def forward(self, h):
        a, b, c, d = self.harmonizer(self.features[None])[0]
        for layer in self.layers[:-1]:
            h = torch.exp(a) * torch.sin(torch.exp(b) * self.omega_0 * layer(h) + c) + d
        return self.layers[-1](h)

    def gradient(self, name):
        """By the field's weight of a name, which torch has transposed."""
        if name == "features":
            return self.features.grad
        group, i, part = name.split(".")
        grad = getattr((self.layers if group == "layers" else self.harmonizer[::2])[int(i)], part).grad
        return grad.T if part == "weight" else grad


def moved(field, dims=2, channels=3):
    """Weights after a while: a to d are four numbers, and each of the harmonizer's weights has a say in them."""
    weights, rng = drawn(field, dims, channels), np.random.default_rng(1)
    return {
        name: array if name.startswith("layers") else array + rng.normal(0, 0.2, array.shape)
        for name, array in weights.items()
    }


@pytest.mark.parametrize("start", [drawn, moved])
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 2)])
@pytest.mark.parametrize("settings", [{}, {"hidden_layers": 0}, {"hidden_layers": 1, "width": 1}, {"omega_0": 5.0}])
def test_values_and_gradients_are_those_of_the_published_network(settings, dims, channels, start):
    field = Incode(**{"width": 24, **settings})
    weights, points = start(field, dims, channels), torch.tensor(some_points(50, dims))
    held, network = tensors(weights), Published(field, weights)
    values, expected = field.evaluate(held, points), network(points)
    assert values.dtype == torch.float64
    torch.testing.assert_close(values, expected, rtol=1e-9, atol=1e-9)
    towards = torch.tensor(np.random.default_rng(2).normal(size=values.shape))
    (values * towards).sum().backward()
    (expected * towards).sum().backward()
    for name, weight in held.items():
        theirs = network.gradient(name)
        assert theirs.abs().max() > 0
        torch.testing.assert_close(weight.grad, theirs, rtol=1e-7, atol=1e-7 * float(theirs.abs().max()), msg=name)


def test_float32_weights_give_float32_values():
    field = Incode(width=64)
    weights, points = drawn(field), torch.tensor(some_points(200))
    values = field.evaluate(tensors(weights, torch.float32), points)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values.double(), Published(field, weights)(points), rtol=0, atol=1e-3)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_points_are_differentiated_twice_and_then_weights(dims):
    """What a loss on gradients or Laplacians takes, as in Poisson tasks."""
    weights = tensors(moved(SMALL, dims, 1))
    points = torch.tensor(some_points(6, dims), requires_grad=True)
    assert torch.autograd.gradcheck(lambda points: SMALL.evaluate(weights, points), points)
    assert torch.autograd.gradgradcheck(lambda points: SMALL.evaluate(weights, points), points)
    (slope,) = torch.autograd.grad(SMALL.evaluate(weights, points).sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points, create_graph=True)
    (slope.square().sum() + curvature.square().sum()).backward()
    for array in (slope, curvature, *(weight.grad for weight in weights.values() if weight.grad is not None)):
        assert torch.isfinite(array).all()
        assert array.abs().sum() > 0


@pytest.mark.parametrize("factor", [0.0, 1.0, 10.0])
def test_derivatives_are_finite_without_weights_and_with_large_ones(factor):
    field = Incode(width=24)
    weights = tensors({name: factor * array for name, array in drawn(field).items()}, torch.float32)
    points = torch.tensor(np.concatenate([np.zeros((1, 2)), some_points(50)]), requires_grad=True)
    values = field.evaluate(weights, points)
    values.square().sum().backward()
    for array in (values, points.grad, *(weight.grad for weight in weights.values())):
        assert torch.isfinite(array).all()


def test_only_sines_and_their_arguments_are_kept_for_the_way_back():
    """The published form also keeps them before and after the factors; so it takes longer, too."""
    field, n, sizes = Incode(width=16), 5000, []  # more than the harmonizer has weights
    points = torch.tensor(some_points(n))
    with torch.autograd.graph.saved_tensors_hooks(lambda kept: sizes.append(kept.numel()) or kept, lambda kept: kept):
        field.evaluate(tensors(drawn(field)), points)
        ours = sorted(size for size in sizes if size >= n)
        sizes.clear()
        Published(field, drawn(field))(points)
    assert ours == [n * 2] + [n * 16] * 8
    assert sum(ours) < sum(size for size in sizes if size >= n)


def test_parameters_are_as_many_as_the_official_networks():
    weights = drawn(Incode(width=64))
    assert weights.pop("features").size == 64
    assert sum(array.size for name, array in weights.items() if name.startswith("layers")) == 12_867
    assert sum(array.size for name, array in weights.items() if name.startswith("harmonizer")) == HARMONIZER == 6_372


def test_its_layers_start_as_a_sirens_do():
    weights = drawn(Incode(width=16))
    for name, array in drawn(Mlp(width=16, gates=("dense",) * 4)).items():
        np.testing.assert_array_equal(weights[name], array[0])


def test_the_harmonizer_starts_as_published():
    weights = drawn(Incode(width=8))
    for i, size in enumerate([(64, 64), (64, 32), (32, 4)]):
        weight = weights[f"harmonizer.{i}.weight"]
        assert weight.shape == size
        assert weight.std() == pytest.approx(0.001, rel=5 / (2 * weight.size) ** 0.5)
        assert (weights[f"harmonizer.{i}.bias"] == 0.3120).all()
    assert weights["features"].mean() == pytest.approx(1.3, abs=0.07)
    assert weights["features"].std() == pytest.approx(0.1, abs=0.05)
    assert coefficients(Incode(width=8), weights) == pytest.approx([0.3120] * 4, abs=0.005)


def test_torchs_truncated_normal_distribution_is_not_truncated_here():
    torch.manual_seed(0)
    weight = nn.init.trunc_normal_(torch.empty(300, 300), std=0.001)
    assert weight.std() == pytest.approx(0.001, rel=0.01)
    assert weight.abs().max() > 0.004  # truncated at two deviations it would be 0.002


@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 1)])
def test_flop_are_those_that_torch_counts_for_each_further_point(dims, channels):
    field, counts = Incode(width=24), []
    for n in (10, 20):
        weights, points = tensors(drawn(field, dims, channels)), torch.tensor(some_points(n, dims))
        with FlopCounterMode(display=False) as counter:
            field.evaluate(weights, points).sum().backward()
        counts.append(counter.get_total_flops())
    assert counts[1] - counts[0] == 10 * field.cost(dims, channels).flop


def test_the_widest_layer_may_be_the_output():
    assert Incode(width=64).cost(2, 3).floats == 64
    assert Incode(width=2).cost(2, 3).floats == 3


def test_a_short_fit_moves_a_to_d_by_little_and_not_below_0():
    """So that the penalties which are left out would have been 0."""
    down, along = np.linspace(0, 1, 16)[:, None], np.linspace(0, 1, 24)
    waves = [np.cos(3 * down + 2 * along), np.cos(4 * along) + 0 * down, np.sin(5 * down * along)]
    image = Image(np.rint(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8))
    train = Train(iterations=60, learning_rate=9e-4, trace_every=60, target="unit")
    job = Job(Incode(width=32), Represent().problem(image, None), train, seed=0)
    assert choose(job.field, True, train, "cpu").load() is AutogradDescent
    (fit,) = fit_together([job], "cpu")
    before, after = (mse_to_psnr(loss) for _, loss in fit.curve)
    assert after > before + 5
    start, end = coefficients(job.field, drawn(job.field)), coefficients(job.field, fit.weights)
    moves = np.abs(np.subtract(end, start))
    assert 0.01 < moves.max() < 0.2
    assert min(end) > 0
    assert all((fit.weights[name] != array.astype(np.float32)).any() for name, array in drawn(job.field).items())


def test_the_table_makes_it_from_its_description():
    field = build({"field": "incode", "width": 64})
    assert field == Incode(width=64, hidden_layers=3, omega_0=30.0)
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": 64.0},
        {"hidden_layers": -1},
        {"omega_0": 0.0},
        {"omega_0": float("inf")},
        {"omega": 30.0},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Incode(**{"width": 64, **wrong})
