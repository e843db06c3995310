"""WIRE, against its published formulas in complex arithmetic: values, derivatives, initial weights and sizes."""

import json

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from refield.fields import build, describe
from refield.fields.wire import Wire

SMALL = Wire(width=9, hidden_layers=2)  # six neurons
FORMS = pytest.mark.parametrize("form", ["complex", "real", "complex_2d"])
HIDDEN = {"weight": (181, 181, 2), "bias": (181, 2)}  # of width 256, 181 neurons


def small(form):
    """In few points and neurons, windows wide enough for none to be 0 everywhere."""
    return Wire(form=form, width=9, hidden_layers=2, omega=6.0, sigma=3.0)


def linear(weights, name, h):
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    if bias.ndim == 2:
        weight, bias = weight[..., 0] + 1j * weight[..., 1], bias[..., 0] + 1j * bias[..., 1]
    return h @ weight + bias


def published(field, weights, points):
    """A wavelet after each linear layer but the last, and the real part of that."""
    h = points
    for i in range(field.hidden_layers + 1):
        z = linear(weights, f"layers.{i}", h)
        if field.form == "complex":
            h = np.exp(1j * field.omega * z - (field.sigma * np.abs(z)) ** 2)
        else:
            v = linear(weights, f"windows.{i}", h)
            if field.form == "real":
                h = np.cos(field.omega * z) * np.exp(-((field.sigma * v) ** 2))
            else:
                squares = np.abs(z) ** 2 + np.abs(v) ** 2
                h = np.exp(1j * field.omega * z) * np.exp(-field.sigma * field.sigma * squares)
    return linear(weights, f"layers.{i + 1}", h).real


@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 2)])
@pytest.mark.parametrize(
    "settings", [{}, {"omega": 5.0, "sigma": 5.0}, {"hidden_layers": 0}, {"hidden_layers": 1, "width": 2}]
)
@FORMS
def test_values_are_those_of_the_published_formula(form, settings, dims, channels):
    field = Wire(**{"form": form, "width": 24, **settings})
    weights, points = drawn(field, dims, channels), some_points(50, dims)
    values = field.evaluate(tensors(weights), torch.tensor(points))
    assert values.dtype == torch.float64
    np.testing.assert_allclose(values.detach().numpy(), published(field, weights, points), rtol=1e-10, atol=1e-12)


@FORMS
def test_float32_weights_give_float32_values(form):
    field = Wire(form=form, width=64)
    weights, points = drawn(field), some_points(200)
    values = field.evaluate(tensors(weights, torch.float32), torch.tensor(points))
    assert values.dtype == torch.float32
    np.testing.assert_allclose(values.detach().numpy(), published(field, weights, points), atol=1e-4)


@FORMS
def test_gradient_by_weights_is_the_formulas_difference_quotient(form):
    field = small(form)
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
        assert np.abs(quotient).max() > 1e-4, name
        np.testing.assert_allclose(held[name].grad.numpy(), quotient, rtol=1e-5, atol=1e-6, err_msg=name)
    if form != "real":
        assert not held["layers.3.bias"].grad[:, 1].any()  # the one part of a weight that no value depends on


@FORMS
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_points_are_differentiated_twice_and_then_weights(form, dims):
    """What a loss on gradients or Laplacians takes, as in Poisson tasks."""
    field = small(form)
    weights = tensors(drawn(field, dims, 1))
    points = torch.tensor(some_points(6, dims), requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda points: field.evaluate(weights, points), points)
    (slope,) = torch.autograd.grad(field.evaluate(weights, points).sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points, create_graph=True)
    (slope.square().sum() + curvature.square().sum()).backward()
    for array in (slope, curvature, *(weight.grad for weight in weights.values() if weight.grad is not None)):
        assert torch.isfinite(array).all()
        assert array.abs().sum() > 0


@FORMS
@pytest.mark.parametrize("factor", [0.0, 1.0, 100.0])
def test_derivatives_are_finite_at_zero_and_far_from_it(form, factor):
    """At factor 0 every z is 0, where |z| has no derivative; at 100 nearly all wavelets are 0."""
    field = Wire(form=form, width=24)
    weights = tensors({name: factor * array for name, array in drawn(field).items()}, torch.float32)
    points = torch.tensor(np.concatenate([np.zeros((1, 2)), some_points(50)]), requires_grad=True)
    values = field.evaluate(weights, points)
    (slope,) = torch.autograd.grad(values.sum(), points, create_graph=True)
    (values.square().sum() + slope.square().sum()).backward()
    for array in (values, slope, points.grad, *(weight.grad for weight in weights.values())):
        assert torch.isfinite(array).all()


@pytest.mark.parametrize(("omega", "sigma"), [(20.0, 10.0), (20.0, 30.0), (30.0, 10.0), (5.0, 5.0)])
def test_a_wavelet_is_at_most_its_value_at_its_peak(omega, sigma):
    field, bound = Wire(width=2, omega=omega, sigma=sigma), np.exp(omega**2 / (4 * sigma**2))
    a, b = (torch.tensor(axis) / sigma for axis in np.random.default_rng(0).normal(size=(2, 10_000, 1)))
    moduli = field.wavelet(a, b).norm(dim=1)
    assert moduli.max() <= bound * (1 + 1e-12)
    peak = torch.tensor([[-omega / (2 * sigma**2)]], dtype=torch.float64)
    assert field.wavelet(torch.zeros_like(peak), peak).tolist() == [[pytest.approx(bound), 0.0]]


@pytest.mark.parametrize(
    ("form", "neurons", "count"), [("complex", 45, 12_831), ("complex_2d", 32, 13_062), ("real", 64, 25_539)]
)
def test_parameters_are_as_many_as_the_official_networks(form, neurons, count):
    field = Wire(form=form, width=64)
    assert field.neurons == neurons
    assert sum(array.size for array in drawn(field).values()) == count


def test_initial_weights_are_torchs_defaults_for_both_parts():
    weights = drawn(Wire(width=256))
    hidden = {f"layers.{i}.{name}": shape for i in (1, 2, 3) for name, shape in HIDDEN.items()}
    shapes = {"layers.0.weight": (2, 181), "layers.0.bias": (181,), **hidden}
    shapes |= {"layers.4.weight": (181, 3, 2), "layers.4.bias": (3, 2)}
    assert {name: array.shape for name, array in weights.items()} == shapes
    for name, array in weights.items():
        bound = (2 if name.startswith("layers.0") else 181) ** -0.5
        assert np.abs(array).max() <= bound
        if shapes[name] == HIDDEN["weight"]:
            for part in (array[..., 0], array[..., 1]):
                assert np.abs(part).max() > 0.99 * bound
                assert part.mean() == pytest.approx(0, abs=0.02 * bound)
                assert part.std() == pytest.approx(bound / 3**0.5, rel=0.02)
            assert np.corrcoef(array[..., 0].ravel(), array[..., 1].ravel())[0, 1] == pytest.approx(0, abs=0.03)
    assert np.abs(weights["layers.0.weight"]).max() > 0.9 * 2**-0.5


@pytest.mark.parametrize("form", ["real", "complex_2d"])
def test_the_windows_initial_weights_are_draws_of_their_own(form):
    weights = drawn(Wire(form=form, width=256))
    for i in range(4):
        for name in ("weight", "bias"):
            array, first = weights[f"windows.{i}.{name}"], weights[f"layers.{i}.{name}"]
            bound = (2 if i == 0 else Wire(form=form, width=256).neurons) ** -0.5
            assert array.shape == first.shape
            assert 0.9 * bound < np.abs(array).max() <= bound
            assert array.std() == pytest.approx(bound / 3**0.5, rel=0.1)
    assert "windows.4.weight" not in weights
    every = np.concatenate([array.ravel() for array in weights.values()])
    assert np.unique(every).size == every.size


def test_the_two_dimensional_form_starts_alive_at_its_own_constants_only():
    deviations = []
    for omega, sigma in ((10.0, 10.0), (20.0, 30.0)):
        field = Wire(form="complex_2d", width=64, omega=omega, sigma=sigma)
        values = field.evaluate(tensors(drawn(field)), torch.tensor(some_points(500)))
        deviations.append(values.std(dim=0).max().item())
    assert deviations[0] > 0.01
    assert deviations[1] < 1e-6


def test_initial_weights_are_the_seeds():
    for name, array in drawn(SMALL).items():
        assert np.array_equal(array, drawn(SMALL)[name])
        assert not np.array_equal(array, drawn(SMALL, seed=1)[name])


def test_a_point_does_not_depend_on_the_others_nor_on_their_order():
    weights, points = tensors(drawn(SMALL)), torch.tensor(some_points(40))
    whole = SMALL.evaluate(weights, points)
    order = torch.tensor(np.random.default_rng(0).permutation(40))
    torch.testing.assert_close(SMALL.evaluate(weights, points[order]), whole[order])
    torch.testing.assert_close(torch.cat([SMALL.evaluate(weights, part) for part in points.split(7)]), whole)


@FORMS
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 1)])
def test_flop_are_those_that_torch_counts(form, dims, channels):
    n, field = 10, Wire(form=form, width=24)
    weights, points = tensors(drawn(field, dims, channels)), torch.tensor(some_points(n, dims))
    with FlopCounterMode(display=False) as counter:
        field.evaluate(weights, points).sum().backward()
    assert counter.get_total_flops() == n * field.cost(dims, channels).flop


def test_the_widest_layer_holds_both_parts():
    assert Wire(width=64).cost(2, 3).floats == 90
    assert Wire(width=2).cost(2, 3).floats == 3
    assert Wire(form="real", width=64).cost(2, 3).floats == 128  # of both maps
    assert Wire(form="complex_2d", width=64).cost(2, 3).floats == 128


def test_the_table_makes_it_from_its_description():
    field = build({"field": "wire", "width": 64, "sigma": 10})
    assert field == Wire(width=64, hidden_layers=3, omega=20.0, sigma=10.0)
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


def test_a_description_names_the_form_only_where_it_is_not_the_complex_one():
    described = '{"field": "wire", "width": 64, "hidden_layers": 3, "omega": 20.0, "sigma": 30.0}'
    assert json.dumps(describe(Wire(width=64))) == described  # as before there were other forms
    for form in ("real", "complex_2d"):
        field = Wire(form=form, width=64)
        assert describe(field)["form"] == form
        assert build(json.loads(json.dumps(describe(field)))) == field


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 1},  # no neuron
        {"width": 64.0},
        {"hidden_layers": -1},
        {"omega": 0.0},
        {"omega": float("inf")},
        {"sigma": -1.0},
        {"sigma": float("nan")},
        {"omega_0": 30.0},
        {"form": "complex2d"},
        {"form": None},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Wire(**{"width": 64, **wrong})
