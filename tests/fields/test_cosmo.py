"""COSMO-RC, against its published formula in torch's complex arithmetic, and where that divides by zero."""

import math

import mpmath
import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from refield.fields import build, describe
from refield.fields.cosmo import Cosmo, sinc
from refield.fitting.autograd import AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.fitting.ways import choose
from refield.signals import Image
from refield.tasks.problem import mse_to_psnr
from refield.tasks.represent import Represent

SMALL = Cosmo(width=4, hidden_layers=2)


def published_layer(z, T, c, beta, first, epsilon):
    z = z if first else z / torch.abs(z + epsilon)
    f1 = (1 / T) * torch.sinc(z / T) * torch.cos(math.pi * beta * z / T)
    out = f1 / (1 - (2 * beta * z / T) ** 2 + epsilon) * torch.exp(2 * math.pi * c * z * 1j)
    return out if first else out / torch.abs(out + epsilon)


def published(field, weights, points, epsilon=0.0):
    h = points
    for i in range(field.hidden_layers + 2):
        weight, bias = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
        if i:
            weight, bias = torch.view_as_complex(weight), torch.view_as_complex(bias)
        z = h @ weight + bias
        if i <= field.hidden_layers:
            t, s = torch.sigmoid(weights["prior"][i])
            (low, high), (lowest, highest) = field.T_range, field.c_range
            T, c = t * (high - low) + low, s * (highest - lowest) + lowest
            h = published_layer(z, T, c, field.beta, i == 0, epsilon)
    return torch.sigmoid(z.real)


SETTINGS = pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden_layers": 0, "beta": 0.0},
        {"hidden_layers": 1, "width": 1, "beta": 1.0},
        {"beta": 0.05, "T_range": [5, 7], "c_range": [1, 2]},
        {"T_range": (0.3, 0.8)},
    ],
)


@SETTINGS
@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 2)])
def test_values_and_gradients_are_those_of_the_published_formula(settings, dims, channels):
    field = Cosmo(**{"width": 8, "hidden_layers": 2, **settings})
    start = drawn(field, dims, channels)
    start["prior"] += np.random.default_rng(1).normal(size=start["prior"].shape)
    weights, points = tensors(start), torch.tensor(some_points(20, dims))
    values, expected = field.evaluate(weights, points), published(field, weights, points)
    assert values.dtype == torch.float64
    torch.testing.assert_close(values, expected, rtol=1e-7, atol=1e-7)
    towards = torch.tensor(np.random.default_rng(2).normal(size=values.shape))
    for ours, theirs in zip(
        torch.autograd.grad((values * towards).sum(), list(weights.values())),
        torch.autograd.grad((expected * towards).sum(), list(weights.values())),
        strict=True,
    ):
        assert theirs.abs().max() > 1e-4
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_the_published_guard_changes_a_modulus_at_first_by_less_than_a_third_of_a_percent():
    rng = np.random.default_rng(0)
    z = torch.complex(*torch.tensor(rng.normal(scale=0.15, size=(2, 10_000))))
    T, c = (high / (1 + math.exp(-0.3120)) for high in (10, 3))
    theirs = published_layer(z, T, c, 0.5, first=False, epsilon=1e-8)
    ours = torch.complex(*SMALL.modulated(z.real, z.imag, torch.tensor(T), torch.tensor(c)))
    assert (ours - theirs).abs().max() < 0.0033
    assert (ours.abs() - 1).abs().max() < 1e-12


def test_float32_weights_give_float32_values_from_0_to_1():
    field = Cosmo(width=64, hidden_layers=1)
    start, points = drawn(field), torch.tensor(some_points(200))
    start["layers.2.weight"] *= 100  # where the sigmoid is 0 and 1
    values = field.evaluate(tensors(start, torch.float32), points)
    assert values.dtype == torch.float32
    assert 0 <= values.min() < 0.01
    assert 0.99 < values.max() <= 1
    close = drawn(Cosmo(width=64, hidden_layers=1))
    torch.testing.assert_close(
        field.evaluate(tensors(close, torch.float32), points).double(),
        published(field, tensors(close), points),
        rtol=0,
        atol=1e-3,
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_points_are_differentiated_twice_and_then_weights(dims):
    """What a loss on gradients or Laplacians takes, as in Poisson tasks."""
    field = Cosmo(width=3, hidden_layers=1)
    weights = tensors(drawn(field, dims, 1))
    points = torch.tensor(some_points(4, dims), requires_grad=True)
    assert torch.autograd.gradcheck(lambda points: field.evaluate(weights, points), points)
    assert torch.autograd.gradgradcheck(lambda points: field.evaluate(weights, points), points)
    (slope,) = torch.autograd.grad(field.evaluate(weights, points).sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points, create_graph=True)
    (slope.square().sum() + curvature.square().sum()).backward()
    for array in (slope, curvature, *(weight.grad for weight in weights.values())):
        assert torch.isfinite(array).all()
        assert array.abs().sum() > 0


@pytest.mark.parametrize("T", [0.01, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0])
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_a_layer_is_finite_where_the_published_one_is_not(T, beta):
    """z = 0; z = T / (2 beta), where numerator and denominator are 0; z = n T, where rc is; and |exp| beyond e^88."""
    of_z = [0, 1, -1, 1j, -1j, 1e-8, -1e-8, 1e-30j, 1 + 1e-6j, 3 - 4j]
    a, b = (torch.tensor(part, dtype=torch.float32) for part in (np.real(of_z), np.imag(of_z)))
    held = [tensor.requires_grad_() for tensor in (a, b, torch.tensor(T), torch.tensor(20.0))]
    h = torch.stack(Cosmo(width=1, beta=beta).modulated(*held))
    assert torch.isfinite(h).all()
    assert (h.square().sum(dim=0) < 1 + 1e-6).all()
    for gradient in torch.autograd.grad(h.sum(), held):
        assert torch.isfinite(gradient).all()


def test_a_removable_singularity_is_removed():
    """At beta = 1, T = 2 and z = 1 cos(pi z / T) and 1 - (2 z / T)^2 are 0, and their quotient is pi / 4."""
    a, b, T, c = torch.tensor([1.0, 0.0, 2.0, 0.3], dtype=torch.float64)
    re, im = Cosmo(width=1, beta=1.0).modulated(a, b, T, c)
    expected = np.exp(0.6j * np.pi)  # rc is above 0
    assert complex(re, im) == pytest.approx(complex(expected), abs=1e-12)


def test_the_first_layer_is_finite_on_its_singularity():
    field = Cosmo(width=1, hidden_layers=0)
    weights = tensors(drawn(field, 1, 1), torch.float32)
    weights["layers.0.weight"].data.fill_(1.0)
    weights["layers.0.bias"].data.zero_()
    weights["prior"].data[0, 0] = 0.0  # T = 5: the denominator is 0 at z = 5
    points = torch.tensor([[5.0], [-5.0], [0.0]], dtype=torch.float64, requires_grad=True)
    values = field.evaluate(weights, points)
    assert torch.isfinite(values).all()
    for gradient in torch.autograd.grad(values.sum(), [points, *weights.values()]):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("factor", [0.0, 1.0, 100.0])
def test_derivatives_are_finite_at_zero_and_far_from_it(factor):
    """At factor 0 every z is 0, which has no direction."""
    field = Cosmo(width=24)
    start = {name: array * (1 if name == "prior" else factor) for name, array in drawn(field).items()}
    weights = tensors(start, torch.float32)
    points = torch.tensor(np.concatenate([np.zeros((1, 2)), some_points(50)]))
    values = field.evaluate(weights, points)
    for array in (values, *torch.autograd.grad(values.square().sum(), list(weights.values()))):
        assert torch.isfinite(array).all()


@pytest.mark.parametrize(("dtype", "of_value", "of_slope"), [(torch.float32, 1e-6, 2e-3), (torch.float64, 4e-15, 2e-8)])
def test_sinc_is_mpmaths(dtype, of_value, of_slope):
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(2, 60)) * 10 ** rng.uniform(-6, 1, 60)
    chosen = np.array([[0, 1e-9, 0, 1, 2, 0.5, 3, 10], [0, 0, 1e-9, 0, 1e-5, 0.5, -4, -10]])
    p, q = (torch.tensor(axis, dtype=dtype, requires_grad=True) for axis in np.concatenate([chosen, spread], axis=1))
    values, (re, im) = [], sinc(p, q)
    for x in zip(p.tolist(), q.tolist(), strict=True):
        with mpmath.workdps(30):

            def exact(p, q):
                return mpmath.sinc(mpmath.pi * mpmath.mpc(p, q)) / mpmath.cosh(mpmath.pi * q)

            slopes = (mpmath.diff(exact, x, order) for order in ((1, 0), (0, 1)))
            values.append([complex(exact(*x)), *map(complex, slopes)])
    value, by_p, by_q = np.array(values).T
    assert np.abs(torch.complex(re, im).detach().numpy() - value).max() < of_value
    for part, name in ((re, "real"), (im, "imag")):
        slopes = torch.autograd.grad(part.sum(), (p, q), retain_graph=True)
        for slope, expected in zip(slopes, (by_p, by_q), strict=True):
            assert np.abs(slope.numpy() - getattr(expected, name)).max() < of_slope


def test_parameters_are_as_many_as_the_official_composers():
    weights = drawn(Cosmo(width=64))
    assert weights.pop("prior").shape == (4, 2)
    assert sum(array.size for array in weights.values()) == 25_542


def test_initial_weights_are_the_published():
    weights = drawn(Cosmo(width=128), channels=20)
    assert [array.shape for array in weights.values()] == [
        *((4, 2), (2, 128), (128,)),
        *((128, 128, 2), (128, 2)) * 3,
        *((128, 20, 2), (20, 2)),
    ]
    T, c = 10 / (1 + np.exp(-weights["prior"][:, 0])), 3 / (1 + np.exp(-weights["prior"][:, 1]))
    np.testing.assert_allclose(T, 5.774, atol=5e-4)
    np.testing.assert_allclose(c, 1.732, atol=5e-4)
    for i in range(5):
        fan_in = 2 if i == 0 else 128
        for name, bound in (("weight", 1 / fan_in if i < 4 else fan_in**-0.5), ("bias", fan_in**-0.5)):
            array = weights[f"layers.{i}.{name}"]
            for part in (array,) if i == 0 else (array[..., 0], array[..., 1]):
                assert np.abs(part).max() <= bound
                assert np.abs(part).max() > (1 - 20 / part.size) * bound
                of_square = np.square(part / bound).mean()
                assert of_square == pytest.approx(1 / 3, abs=5 * ((1 / 5 - 1 / 9) / part.size) ** 0.5)


def test_torch_draws_both_parts_of_a_complex_weight_as_we_do():
    weight = torch.nn.init.uniform_(torch.empty(200, 200, dtype=torch.cfloat), -1 / 200, 1 / 200)
    for part in (weight.real, weight.imag):
        assert part.abs().max() == pytest.approx(1 / 200, rel=1e-3)


@pytest.mark.parametrize(("dims", "channels"), [(1, 1), (2, 3), (3, 1)])
def test_flop_are_those_that_torch_counts(dims, channels):
    n, field = 10, Cosmo(width=24)
    weights, points = tensors(drawn(field, dims, channels)), torch.tensor(some_points(n, dims))
    with FlopCounterMode(display=False) as counter:
        field.evaluate(weights, points).sum().backward()
    assert counter.get_total_flops() == n * field.cost(dims, channels).flop


def test_the_widest_layer_holds_both_parts():
    assert Cosmo(width=64).cost(2, 3).floats == 128
    assert Cosmo(width=1).cost(2, 3).floats == 3


def test_a_short_fit_on_0_to_1_gains_more_than_five_decibels():
    down, along = np.linspace(0, 1, 16)[:, None], np.linspace(0, 1, 24)
    waves = [np.cos(3 * down + 2 * along), np.cos(4 * along) + 0 * down, np.sin(5 * down * along)]
    image = Image(np.rint(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8))
    train = Train(iterations=40, learning_rate=5e-3, trace_every=40, target="unit")
    job = Job(Cosmo(width=24, hidden_layers=1), Represent().problem(image, None), train, seed=0)
    assert choose(job.field, True, train, "cpu").load() is AutogradDescent
    (fit,) = fit_together([job], "cpu")
    before, after = (mse_to_psnr(loss) for _, loss in fit.curve)
    assert after > before + 5
    assert (fit.weights["prior"] != np.float32(0.3120)).all()  # T and c are trained


def test_the_table_makes_it_from_its_description():
    field = build({"field": "cosmo", "width": 64, "T_range": [5, 7]})
    assert field == Cosmo(width=64, hidden_layers=3, beta=0.5, T_range=(5.0, 7.0), c_range=(0.0, 3.0))
    assert build(describe(field)) == field
    assert (field.needs_labels, field.steady) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": 64.0},
        {"hidden_layers": -1},
        {"beta": 1.5},
        {"beta": float("nan")},
        {"T_range": [10, 0]},
        {"T_range": [5, 5]},
        {"T_range": [-1, 5]},
        {"T_range": [0, float("inf")]},
        {"c_range": [0, float("nan")]},
        {"c_range": [0, 1, 2]},
        {"omega": 30.0},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Cosmo(**{"width": 64, **wrong})
