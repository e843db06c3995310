"""Multiplicative filter networks, against their published formula in numpy: values, derivatives, initial weights."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from refield.fields import build, describe
from refield.fields.mfn import Mfn
from refield.fitting.autograd import AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.fitting.ways import choose
from refield.signals import Image
from refield.tasks.problem import mse_to_psnr
from refield.tasks.represent import Represent

BOTH = pytest.mark.parametrize("filter", ["fourier", "gabor"])


def small(filter):
    return Mfn(filter=filter, width=5, layers=2, input_scale=8.0)


def published(field, weights, points):
    """y = W z + b, with z_1 = g_1(x) and z_(i+1) = (W_i z_i + b_i) * g_(i+1)(x)."""
    for i in range(field.layers + 1):
        of_filter = {name: weights[f"filters.{i}.{name}"] for name in "Ap"}
        g = np.sin(points @ of_filter["A"] + of_filter["p"])
        if field.filter == "gabor":
            gamma, mu = weights[f"filters.{i}.gamma"], weights[f"filters.{i}.mu"]
            distances = np.linalg.norm(points[:, :, None] - mu, axis=1)
            g = g * np.exp(-gamma / 2 * distances**2)
        z = g if i == 0 else y * g
        y = z @ weights[f"layers.{i}.weight"] + weights[f"layers.{i}.bias"]
    return y


@BOTH
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 2)])
@pytest.mark.parametrize("settings", [{}, {"layers": 0}, {"layers": 1, "width": 1}, {"input_scale": 1.0, "alpha": 1.0}])
def test_values_are_those_of_the_published_formula(filter, settings, dims, channels):
    field = Mfn(**{"filter": filter, "width": 24, **settings})
    start, points, rng = drawn(field, dims, channels), some_points(50, dims), np.random.default_rng(1)
    anywhere = {name: rng.normal(size=array.shape) for name, array in start.items()}  # half of the gammas below 0
    for weights in (start, anywhere):
        values = field.evaluate(tensors(weights), torch.tensor(points))
        assert values.dtype == torch.float64
        np.testing.assert_allclose(values.detach().numpy(), published(field, weights, points), rtol=1e-10, atol=1e-12)


@BOTH
def test_float32_weights_give_float32_values(filter):
    field = Mfn(filter=filter, width=64)
    weights, points = drawn(field), some_points(200)
    values = field.evaluate(tensors(weights, torch.float32), torch.tensor(points))
    assert values.dtype == torch.float32
    np.testing.assert_allclose(values.detach().numpy(), published(field, weights, points), atol=1e-4)


@BOTH
def test_gradient_by_weights_is_the_formulas_difference_quotient(filter):
    field = small(filter)
    weights, points = drawn(field), some_points(20)
    towards = np.random.default_rng(1).normal(size=(20, 3))
    held = tensors(weights)
    (field.evaluate(held, torch.tensor(points)) * torch.tensor(towards)).sum().backward()
    for name, array in weights.items():
        quotient = np.empty_like(array)
        for index in np.ndindex(array.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = array.copy()
                moved[index] += step
                ends.append((published(field, {**weights, name: moved}, points) * towards).sum())
            quotient[index] = (ends[0] - ends[1]) / 2e-6
        assert np.abs(quotient).max() > 1e-4, name  # everything is trained
        np.testing.assert_allclose(held[name].grad.numpy(), quotient, rtol=1e-5, atol=1e-7, err_msg=name)


@BOTH
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_points_are_differentiated_twice_and_then_weights(filter, dims):
    """What a loss on gradients or Laplacians takes, as in Poisson tasks."""
    field = small(filter)
    weights = tensors(drawn(field, dims, 1))
    points = torch.tensor(some_points(6, dims), requires_grad=True)
    assert torch.autograd.gradcheck(lambda points: field.evaluate(weights, points), points)
    assert torch.autograd.gradgradcheck(lambda points: field.evaluate(weights, points), points)
    (slope,) = torch.autograd.grad(field.evaluate(weights, points).sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points, create_graph=True)
    (slope.square().sum() + curvature.square().sum()).backward()
    for array in (slope, curvature, *(weight.grad for weight in weights.values() if weight.grad is not None)):
        assert torch.isfinite(array).all()
        assert array.abs().sum() > 0


@BOTH
@pytest.mark.parametrize("factor", [0.0, 1.0, 100.0])
def test_derivatives_are_finite_at_the_windows_centres_and_far_from_them(filter, factor):
    """At factor 0 a point is the centre of all windows; at 100 the windows are nearly all 0."""
    field = Mfn(filter=filter, width=24)
    weights = tensors({name: factor * array for name, array in drawn(field).items()}, torch.float32)
    points = torch.tensor(np.concatenate([np.zeros((1, 2)), some_points(50)]), requires_grad=True)
    values = field.evaluate(weights, points)
    (slope,) = torch.autograd.grad(values.sum(), points, create_graph=True)
    (values.square().sum() + slope.square().sum()).backward()
    for array in (values, slope, points.grad, *(weight.grad for weight in weights.values())):
        assert torch.isfinite(array).all()


@BOTH
def test_nothing_larger_than_one_layers_outputs_is_kept_for_the_way_back(filter):
    """The differences x - mu of all points and neurons would be as many numbers times the axes."""
    field, n, sizes = Mfn(filter=filter, width=16), 500, []
    with torch.autograd.graph.saved_tensors_hooks(lambda kept: sizes.append(kept.numel()) or kept, lambda kept: kept):
        field.evaluate(tensors(drawn(field)), torch.tensor(some_points(n)))
    assert max(sizes) == n * field.cost(2, 3).floats


@pytest.mark.parametrize(("filter", "count"), [("fourier", 13_443), ("gabor", 14_211)])
def test_parameters_are_as_many_as_the_official_networks(filter, count):
    assert sum(array.size for array in drawn(Mfn(filter=filter, width=64)).values()) == count


def assert_uniform(array, bound):
    """U(+-bound): its ends, and mean and variance within five standard deviations of theirs."""
    of_bound = array.ravel() / bound
    n = of_bound.size
    assert 1 - 20 / n < np.abs(of_bound).max() <= 1
    assert of_bound.mean() == pytest.approx(0, abs=5 / (3 * n) ** 0.5)
    assert np.square(of_bound).mean() == pytest.approx(1 / 3, abs=5 * ((1 / 5 - 1 / 9) / n) ** 0.5)


@BOTH
@pytest.mark.parametrize(
    ("dims", "settings", "frequency", "hidden", "shape", "rate"),
    [
        (2, {}, 128 / 2**0.5, 1 / 16, 1.5, 1.0),
        (3, {"layers": 1, "input_scale": 10.0, "weight_scale": 4.0}, 10 / 6**0.5, 2 / 16, 3.0, 1.0),
        (1, {"layers": 2, "input_scale": 1.0, "alpha": 1.5, "beta": 4.0}, 1 / 3**0.5, 1 / 16, 0.5, 4.0),
    ],
)
def test_initial_weights_are_the_published(filter, dims, settings, frequency, hidden, shape, rate):
    field = Mfn(**{"filter": filter, "width": 256, **settings})
    weights, last = drawn(field, dims, channels=20), field.layers
    shapes = {"A": (dims, 256), "p": (256,)} | ({"gamma": (256,), "mu": (dims, 256)} if filter == "gabor" else {})
    shapes = {f"filters.{i}.{name}": size for i in range(last + 1) for name, size in shapes.items()}
    for i in range(last + 1):
        fan_out = 20 if i == last else 256
        shapes |= {f"layers.{i}.weight": (256, fan_out), f"layers.{i}.bias": (fan_out,)}
    assert {name: array.shape for name, array in weights.items()} == shapes
    every = np.concatenate([array.ravel() for array in weights.values()])
    assert np.unique(every).size == every.size  # each its own draw

    def of_filters(name):
        return np.stack([weights[f"filters.{i}.{name}"] for i in range(last + 1)])

    gammas = of_filters("gamma") if filter == "gabor" else np.ones((last + 1, 256))
    assert_uniform(of_filters("A") / np.sqrt(gammas)[:, None], frequency)
    assert_uniform(of_filters("p"), np.pi)
    for i in range(last + 1):
        assert_uniform(weights[f"layers.{i}.weight"], 1 / 16 if i == last else hidden)
        assert_uniform(weights[f"layers.{i}.bias"], 1 / 16)
    if filter == "gabor":
        assert_uniform(of_filters("mu"), 1)
        scaled = rate * gammas
        assert scaled.min() >= 0
        assert scaled.mean() == pytest.approx(shape, abs=5 * (shape / scaled.size) ** 0.5)
        of_variance = ((2 * shape**2 + 6 * shape) / scaled.size) ** 0.5
        assert np.square(scaled - shape).mean() == pytest.approx(shape, abs=5 * of_variance)


@BOTH
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 1)])
@pytest.mark.parametrize("layers", [0, 3])
def test_flop_are_those_that_torch_counts(filter, dims, channels, layers):
    n, field = 10, Mfn(filter=filter, width=24, layers=layers)
    weights, points = tensors(drawn(field, dims, channels)), torch.tensor(some_points(n, dims))
    with FlopCounterMode(display=False) as counter:
        field.evaluate(weights, points).sum().backward()
    assert counter.get_total_flops() == n * field.cost(dims, channels).flop


def test_the_widest_layer_may_be_the_output():
    assert Mfn(width=64).cost(2, 3).floats == 64
    assert Mfn(width=2).cost(2, 3).floats == 3


@BOTH
def test_a_short_fit_gains_more_than_five_decibels(filter):
    down, along = np.linspace(0, 1, 16)[:, None], np.linspace(0, 1, 24)
    waves = [np.cos(3 * down + 2 * along), np.cos(4 * along) + 0 * down, np.sin(5 * down * along)]
    image = Image(np.rint(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8))
    train = Train(iterations=40, learning_rate=1e-2, trace_every=40)
    job = Job(Mfn(filter=filter, width=64), Represent().problem(image, None), train, seed=0)
    assert choose(job.field, True, train, "cpu").load() is AutogradDescent
    (fit,) = fit_together([job], "cpu")
    before, after = (mse_to_psnr(loss) for _, loss in fit.curve)
    assert after > before + 5


@BOTH
def test_the_table_makes_it_from_its_description(filter):
    field = build({"field": "mfn", "filter": filter, "width": 64, "beta": 2})
    assert field == Mfn(filter=filter, width=64, layers=3, input_scale=256.0, weight_scale=1.0, alpha=6.0, beta=2.0)
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": "wavelet"},
        {"width": 0},
        {"width": 2**20 + 1},
        {"width": 64.0},
        {"layers": -1},
        {"input_scale": 0.0},
        {"weight_scale": -1.0},
        {"alpha": float("inf")},
        {"beta": float("nan")},
        {"hidden_layers": 3},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Mfn(**{"width": 64, **wrong})
