"""A field's derivatives are those of its finite differences in float64, in either mode, and so are their own."""

import numpy as np
import pytest
import torch
from fields.draws import drawn, some_points, tensors

from refield.fields.activations import ACTIVATIONS
from refield.fields.cosmo import Cosmo
from refield.fields.derivatives import gradient, jet, laplacian
from refield.fields.field import Field
from refield.fields.incode import Incode
from refield.fields.intensities import Intensities
from refield.fields.mfn import Mfn
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire


def mlp(*gates: str | float, **settings: object) -> Mlp:
    return Mlp(**{"gates": gates or ("dense", "dense"), "width": 6, "omega_0": 2.0, "sigma_0": 1.5, **settings})


PLAIN = {name: mlp(activation=name) for name in ACTIVATIONS}
MLPS = {
    **PLAIN,
    "one linear map": mlp("dense", output="gated"),
    "tiles and regions": mlp(3.0, "segment", "dense", regions=3, bias="per_expert"),
    "regions as input": mlp(regions=3, region_input=True, activation="gaussian"),
    "encoded": mlp(encoding={"octaves": 2}, activation="relu"),
    "residual": mlp("dense", "dense", "dense", residual=True),
    "input again": mlp(*["dense"] * 5, skip=2, residual=True, encoding={"octaves": 1}),
    "trained": mlp(activation=("gabor", "raised_cosine"), trained={"uniform": [0.5, 1.5]}),
}
OTHERS = {
    "wire": Wire(width=8, omega=2.0, sigma=1.0),
    "wire 2d": Wire(form="complex_2d", width=8, omega=2.0, sigma=1.0),
    "mfn": Mfn(width=6, input_scale=4.0),
    "cosmo": Cosmo(width=4, hidden_layers=1),
    "incode": Incode(width=6, omega_0=2.0),
}
FIELDS = MLPS | OTHERS
POINTS, LABELS = torch.tensor(some_points(12)), torch.arange(12) % 3
STEP = 1e-3


def function_of(field: Field, channels: int = 3):
    weights = tensors(drawn(field, channels=channels))
    return weights, lambda points, labels: field.evaluate(weights, points, labels)


def differences(field: Field) -> tuple[np.ndarray, np.ndarray]:
    """The gradient (n, c, d) and the Laplacian (n, c), by differences of fourth order."""
    _, function = function_of(field)
    slopes, bends = [], []
    for step in STEP * torch.eye(2, dtype=torch.float64):
        with torch.no_grad():
            back2, back, here, ahead, ahead2 = (function(POINTS + k * step, LABELS) for k in range(-2, 3))
        slopes.append((8 * (ahead - back) - (ahead2 - back2)) / (12 * STEP))
        bends.append((16 * (ahead + back) - (ahead2 + back2) - 30 * here) / (12 * STEP**2))
    return torch.stack(slopes, dim=2).numpy(), sum(bends).numpy()


def assert_close(found: torch.Tensor, expected: np.ndarray, tolerance: float = 1e-6) -> None:
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=tolerance * scale)


# A cubic spline has no third derivative at its knots, which the differences of fourth order step over.
SPLINED = {"prolate": 1e-3}


@pytest.mark.parametrize("name", FIELDS)
def test_are_finite_differences_by_the_best_mode(name: str) -> None:
    field = FIELDS[name]
    weights, function = function_of(field)
    slope, bend = differences(field)
    found = jet(field, weights, POINTS, LABELS)
    torch.testing.assert_close(found.values, function(POINTS, LABELS))
    assert_close(found.gradient, slope, SPLINED.get(name, 1e-6))
    assert_close(found.laplacian, bend, SPLINED.get(name, 1e-6))
    assert np.abs(slope).max() > 0.01


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - {"finer"}))
def test_are_finite_differences_in_reverse_mode(name: str) -> None:
    _, function = function_of(FIELDS[name])
    slope, bend = differences(FIELDS[name])
    assert_close(gradient(function, POINTS, LABELS), slope, SPLINED.get(name, 1e-6))
    assert_close(laplacian(function, POINTS, LABELS), bend, SPLINED.get(name, 1e-6))


def test_of_finer_lack_what_its_published_factor_hides() -> None:
    """sin((|x| + 1) x) at 1: autograd has 2 cos 2, and the slope is 3 cos 2."""
    field = mlp("dense", activation="finer", omega_0=1.0, width=1)
    one = {"layers.0.weight": [[[1.0]]], "layers.0.bias": [[0.0]], "layers.1.weight": [[[1.0]]]}
    weights = {key: torch.tensor(value, dtype=torch.float64) for key, value in one.items()}
    weights["layers.1.bias"] = torch.zeros(1, 1, dtype=torch.float64)
    at = torch.ones(1, 1, dtype=torch.float64)
    assert jet(field, weights, at).gradient.item() == pytest.approx(3 * np.cos(2))
    assert jet(field, weights, at).laplacian.item() == pytest.approx(2 * np.cos(2) - 9 * np.sin(2))
    seen = gradient(lambda points, labels: field.evaluate(weights, points, labels), at)
    assert seen.item() == pytest.approx(2 * np.cos(2))


@pytest.mark.parametrize("name", ["sine", "gabor", "relu", "tiles and regions", "wire"])
def test_have_the_same_derivatives_by_weights_in_both_modes(name: str) -> None:
    """So that either may stand in a loss."""
    field = FIELDS[name]
    weights, function = function_of(field)
    carried = jet(field, weights, POINTS, LABELS)
    both = {"forward": (carried.gradient, carried.laplacian)}
    both["reverse"] = gradient(function, POINTS, LABELS), laplacian(function, POINTS, LABELS)
    found = {}
    for mode, (slope, bend) in both.items():
        error = slope.square().sum() + (bend - 1).square().sum()
        found[mode] = torch.autograd.grad(error, list(weights.values()), materialize_grads=True)
    for one, other in zip(found["forward"], found["reverse"], strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["sine", "finer", "residual", "input again", "tiles and regions", "wire"])
def test_of_intensities_are_those_of_what_they_are_made_of(name: str, channels: int) -> None:
    """By whichever mode is faster, and with FINER's whole slope."""
    field = FIELDS[name]
    weights, _ = function_of(field, channels)
    found, two = jet(field, weights, POINTS, LABELS), Intensities(field, weights, span=2.0)
    torch.testing.assert_close(two(POINTS, LABELS), 2 * found.values - 1)
    torch.testing.assert_close(gradient(two, POINTS, LABELS), 2 * found.gradient)
    torch.testing.assert_close(laplacian(two, POINTS, LABELS), 2 * found.laplacian)


@pytest.mark.parametrize("name", ["sine", "relu", "wire"])
def test_without_gradients_are_the_same_numbers_without_a_graph(name: str) -> None:
    field = FIELDS[name]
    weights, function = function_of(field)
    expected = jet(field, weights, POINTS, LABELS)
    with torch.no_grad():
        found = jet(field, weights, POINTS, LABELS)
        again = gradient(function, POINTS, LABELS), laplacian(function, POINTS, LABELS)
    for ours, theirs in (*zip(vars(found).values(), vars(expected).values(), strict=True), (again[0], found.gradient)):
        torch.testing.assert_close(ours, theirs.detach())
    assert not any(each.requires_grad for each in (*vars(found).values(), *again))


def test_of_a_plane_are_its_slopes_and_nothing() -> None:
    slopes = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64)
    found = gradient(lambda points, _: points @ slopes, POINTS)
    torch.testing.assert_close(found, slopes.T.expand(12, 3, 2))
    assert not laplacian(lambda points, _: points @ slopes, POINTS).any()


def test_of_a_rectifier_have_no_laplacian() -> None:
    """It is linear almost everywhere: no fit can give it second derivatives."""
    field = mlp(activation="relu")
    assert not jet(field, function_of(field)[0], POINTS).laplacian.any()


@pytest.mark.parametrize("name", ["sine", "wire"])
def test_take_a_field_of_single_precision(name: str) -> None:
    field = FIELDS[name]
    single = {key: tensor.detach().float() for key, tensor in function_of(field)[0].items()}
    slope, bend = differences(field)
    found = jet(field, single, POINTS)
    assert_close(found.gradient, slope, 1e-4)
    assert_close(found.laplacian, bend, 1e-4)
