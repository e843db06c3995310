"""Activation functions and their slopes against the textbook's formulas in 60 digits, on singular points and off them;
the written calls against autograd and difference quotients, with numpy and with torch."""

import functools
import math

import numpy as np
import pytest
import torch
from mpmath import mp, mpf

from refield.fields.activations import ACTIVATIONS
from refield.fields.activations.activation import Work

BETAS = [0.0, 1e-20, 1e-3, 0.02, 0.1, 0.3, 0.5, 0.8, 1.0]
STRANGE_BETAS = [-0.4, 3.0, 50.0]
SHAPED = ["raised_cosine", "root_raised_cosine"]
TEXTBOOK = [(name, None) for name in ("sine", "gaussian", "sinc")] + [(name, beta) for name in SHAPED for beta in BETAS]
ALL = [
    *TEXTBOOK,
    *[(name, beta) for name in SHAPED for beta in STRANGE_BETAS],
    *[(name, None) for name in ("prolate", "finer", "relu", "leaky_relu")],
]
SETTINGS = {"prolate": 3.0, "finer": 1 / 30, "leaky_relu": 0.2}  # beta of those that do not train it
ROUGH = ("finer", "relu", "leaky_relu")  # their slopes are not what difference quotients say everywhere
DTYPES = [torch.float32, torch.float64]


class Calls:
    """A program for numpy or torch."""

    def __init__(self, library):
        self.library, self.calls = library, []

    def see(self, argument):
        return argument.numpy() if self.library is np and isinstance(argument, torch.Tensor) else argument

    def add(self, name, *arguments, out):
        seen = [self.see(argument) for argument in arguments]
        self.calls.append(lambda: getattr(self.library, name)(*seen, out=self.see(out)))

    def truncate(self, numbers, out):
        self.calls.append(lambda: out.copy_(numbers))

    def take(self, table, index, out):
        mode = {"mode": "wrap"} if self.library is np else {}
        self.calls.append(lambda: self.library.take(self.see(table), self.see(index), out=self.see(out), **mode))

    def __call__(self):
        for call in self.calls:
            call()


def prepared(name, beta, u, slope=True, library=np):
    """A program, and what it will fill: value, slope by u and slope by beta (None without one)."""
    activation, program = ACTIVATIONS[name], Calls(library)
    out, *scratch = (torch.full_like(u, math.nan) for _ in range(1 + activation.scratch))
    work = Work(
        scratch=scratch,
        slope=u if slope else None,
        beta=SETTINGS.get(name, 0.0) if beta is None else beta,
        by_beta=torch.full_like(u, math.nan) if slope and beta is not None else None,
        index=torch.full(u.shape, -1, dtype=torch.int64) if activation.indexed else None,
    )
    activation.write(program, u, out, work)
    return program, (out, u, work.by_beta)


def written(name, beta, u, slope=True, library=np):
    """The calls' value, slope by u and slope by beta."""
    program, filled = prepared(name, None if beta is None else u.new_tensor(beta), u.clone(), slope, library)
    program()
    return filled


def function(name, u, beta):
    """The definition's value."""
    activation = ACTIVATIONS[name]
    return (
        activation.function(u, SETTINGS[name] if beta is None else beta)
        if activation.shaped
        else activation.function(u)
    )


def defined(name, beta, u):
    """The definition's value, slope by u and slope by beta, by autograd."""
    u = u.clone().requires_grad_()
    each_beta = None if beta is None else torch.full_like(u, beta).requires_grad_()
    value = function(name, u, each_beta)
    value.sum().backward()
    return value.detach(), u.grad, None if each_beta is None else each_beta.grad


def textbook(name, u, beta):
    if name == "sine":
        return mp.sin(u)
    if name == "gaussian":
        return mp.exp(-u * u)
    if name == "sinc":
        return mp.sin(u) / u
    if name == "raised_cosine":
        return mp.sin(mp.pi * u) / (mp.pi * u) * mp.cos(mp.pi * beta * u) / (1 - (2 * beta * u) ** 2)
    numerator = mp.sin(mp.pi * u * (1 - beta)) + 4 * beta * u * mp.cos(mp.pi * u * (1 + beta))
    return numerator / (mp.pi * u * (1 - (4 * beta * u) ** 2)) / (1 - beta + 4 * beta / mp.pi)


@functools.cache
def exact(name, beta, dtype):
    """Points (n,), and there the textbook's value and slopes (2 or 3, n), of the rounded point and beta.

    A singular point is bridged by its neighbours at a distance of 1e-20, which 60 digits allow: an error of 1e-38.
    The step of beta is another, so that no pair of steps leads back to a singular point.
    """
    u, h, rows = points(name, beta, dtype), mpf(10) ** -20, []
    with mp.workdps(60):
        shape = None if beta is None else mpf(float(u.new_tensor(beta)))
        for x in map(mpf, u.tolist()):
            left, right = textbook(name, x - h, shape), textbook(name, x + h, shape)
            row = [(left + right) / 2, (right - left) / (2 * h)]
            if shape is not None:
                less, more = ([textbook(name, x + e, shape + step) for e in (-h, h)] for step in (-3 * h, 3 * h))
                row.append((sum(more) - sum(less)) / (12 * h))
            rows.append([float(number) for number in row])
    return u, torch.tensor(rows, dtype=torch.float64).T


def singular(name, beta):
    """Where the textbook divides by 0, within [-30, 30]."""
    at = 1 / (beta * {"raised_cosine": 2, "root_raised_cosine": 4}[name]) if beta else math.inf
    return [0.0, at, -at] if abs(at) < 30 else [0.0]


def points(name, beta, dtype):
    """On singular points, around them, and on [-30, 30]."""
    steps = [0.0, *(sign * 10.0**-k for k in (1, 2, 3, 4, 5, 6, 7, 8, 12) for sign in (1, -1)), 0.25, -0.25, 0.4, -0.4]
    around = [place + torch.tensor(steps, dtype=torch.float64) for place in singular(name, beta)]
    return torch.cat([*around, torch.linspace(-30, 30, 61), torch.linspace(-2, 2, 62)]).to(dtype)


@pytest.mark.parametrize("form", [written, defined])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "beta"), TEXTBOOK)
def test_values_and_slopes_are_the_textbooks(name, beta, dtype, form):
    """In float32 to 1e-6 around singular points, and of a slope of up to 2.5, a root raised cosine's, to 1e-6 of that.

    The slope by beta is about a sine of (1 - beta) pi u, and that angle's rounding alone 1e-7 of it.
    """
    u, expected = exact(name, beta, dtype)
    got = [each for each in form(name, beta, u) if each is not None]
    assert len(got) == len(expected)
    error = torch.stack(got).double() - expected
    if dtype == torch.float64:
        assert error.abs().max() < 1e-13
        return
    around = torch.stack([(u - place).abs() < 0.41 for place in singular(name, beta)]).any(0)
    assert error[0].abs().max() < 1e-6
    steepest = expected[1].abs().max().clamp(min=1)
    assert error[1].abs().max() < 1.3e-6 * steepest
    assert error[1, around].abs().max() < 1e-6 * steepest
    if beta is not None:
        assert (error[2].abs() < 1e-6 + 1.2e-7 * math.pi * u.abs()).all()


@pytest.mark.parametrize(("name", "beta"), TEXTBOOK)
def test_single_precision_keeps_its_digits_everywhere(name, beta):
    """Against double precision of the same rounded numbers, on many more points: no gap between them loses digits."""
    u = torch.cat([torch.linspace(-30, 30, 20_001), torch.linspace(-1.5, 1.5, 20_001)])
    rounded = None if beta is None else float(torch.tensor(beta))
    expected = written(name, rounded, u.double())
    value, slope, by_beta = (
        None if got is None else (got.double() - other).abs()
        for got, other in zip(written(name, beta, u), expected, strict=True)
    )
    assert value.max() < 4e-7
    assert slope.max() < {"raised_cosine": 1e-6, "root_raised_cosine": 1.3e-6}.get(name, 2.4e-7)
    assert by_beta is None or (by_beta < 1e-6 + 1.2e-7 * math.pi * u.abs()).all()


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize(("name", "beta"), ALL)
def test_written_slopes_are_autograds(name, beta, library):
    """In float64, for a beta that no pulse has as well; powers of it are factors of the slopes."""
    u = points(name, beta, torch.float64).reshape(-1, 1).repeat(1, 2)
    for got, expected in zip(written(name, beta, u, library=library), defined(name, beta, u), strict=True):
        if expected is None:
            assert got is None
        else:
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-13 * (1 + (beta or 0) ** 2))


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize("name", SETTINGS)
def test_written_slopes_are_autograds_in_single_precision(name, library):
    u = points(name, None, torch.float32)
    for got, expected in zip(written(name, None, u, library=library)[:2], defined(name, None, u)[:2], strict=True):
        torch.testing.assert_close(got, expected, rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize(("name", "beta"), [pair for pair in ALL if pair[0] not in ROUGH])
def test_written_slopes_are_difference_quotients(name, beta):
    u, h = points(name, beta, torch.float64), 1e-5 / max(1, abs(beta or 0))

    def quotient(by_u, by_beta):
        left, right = (
            written(name, None if beta is None else beta + sign * by_beta, u + sign * by_u, slope=False)[0]
            for sign in (-1, 1)
        )
        return (right - left) / (2 * h)

    _, slope, by_beta = written(name, beta, u)
    torch.testing.assert_close(slope, quotient(h, 0.0), rtol=1e-7, atol=2e-7)
    if beta is not None:
        torch.testing.assert_close(by_beta, quotient(0.0, h), rtol=1e-7, atol=2e-6)


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "beta"), ALL)
def test_a_value_is_the_same_without_its_slope(name, beta, dtype, library):
    u = points(name, beta, dtype)
    value, _, by_beta = written(name, beta, u, slope=False, library=library)
    assert by_beta is None
    assert torch.equal(value, written(name, beta, u, library=library)[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "beta"), ALL)
def test_everything_is_finite_at_tiny_and_at_huge_arguments(name, beta, dtype):
    """And numpy warns of nothing."""
    tiny = torch.finfo(dtype).smallest_normal
    sizes = [0.0, tiny * torch.finfo(dtype).eps, tiny / 3, tiny, 1e-20, 1e-12, 1e10, 1e19, 1e30]
    u = torch.tensor([sign * size for size in sizes for sign in (1, -1)], dtype=dtype)
    for form in (written, functools.partial(written, library=torch), defined):
        for array in form(name, beta, u):
            assert array is None or array.isfinite().all()
    peak = 0.0 if name in ("sine", *ROUGH) else 1.0
    assert written(name, beta, u[:2])[0].tolist() == pytest.approx([peak, peak], rel=4e-7)


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize(("name", "beta"), [pair for pair in ALL if pair[1] in (None, 0.5)])
def test_what_is_no_number_stays_so(name, beta, library):
    """And the numbers beside it stay as they are."""
    u = torch.tensor([0.3, math.nan, -2.0])
    value, slope, _ = written(name, beta, u, library=library)
    assert value.isnan().tolist() == [False, True, False]
    assert torch.equal(value[::2], written(name, beta, u[::2], library=library)[0])
    assert slope[::2].isfinite().all()


@pytest.mark.parametrize("name", SHAPED)
def test_calls_read_beta_whenever_they_are_made(name):
    u, beta = points(name, 0.5, torch.float32), torch.tensor(0.1)
    place = u.clone()
    program, filled = prepared(name, beta, place)
    for now in (0.1, 0.7, -0.2):
        beta.fill_(now)
        place.copy_(u)
        program()
        for got, expected in zip(filled, written(name, now, u), strict=True):
            assert torch.equal(got, expected)


@pytest.mark.parametrize(
    ("name", "beta"), [pair for pair in ALL if pair[0] not in ROUGH and pair[1] in (None, 0.0, 0.3, 1.0, -0.4)]
)
def test_definitions_can_be_differentiated_twice(name, beta):
    """On singular points and beside them too."""
    places = [place + step for place in singular(name, beta) for step in (0.0, 1e-9, 0.01, 0.3, -0.7)]
    u = torch.tensor(places, dtype=torch.float64)
    inputs = (u.requires_grad_(), *([] if beta is None else [u.new_tensor(beta).requires_grad_()]))

    def of(u, beta=None):
        return function(name, u, beta)

    assert torch.autograd.gradcheck(of, inputs)
    assert torch.autograd.gradgradcheck(of, inputs)


def test_finers_factor_is_a_constant_for_its_slope():
    u = points("finer", None, torch.float64)
    factor = u.abs() / 30 + 1
    for form in (written, defined):
        value, slope, _ = form("finer", None, u)
        torch.testing.assert_close(value, torch.sin(30 * (u.abs() / 30 + 1) * (u / 30)), rtol=0, atol=1e-12)
        torch.testing.assert_close(slope, factor * torch.cos(factor * u), rtol=0, atol=1e-12)


def gabor_written(u, beta, library):
    """The calls' parts, and their slopes by u and by beta: each (n, 2m)."""
    program, m = Calls(library), u.shape[1]
    out, slope, by_beta = (torch.full((len(u), 2 * m), math.nan, dtype=u.dtype) for _ in range(3))
    slope[:, :m] = u
    scratch = [torch.full_like(u, math.nan) for _ in range(ACTIVATIONS["gabor"].scratch)]
    work = Work(scratch=scratch, slope=slope, beta=u.new_tensor(beta), by_beta=by_beta)
    ACTIVATIONS["gabor"].write(program, slope[:, :m], out, work)
    program()
    return out, slope, by_beta


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("beta", [0.0, 0.5, -1.5, 3.0])
def test_gabor_is_the_complex_formula_and_its_slopes_are_its_derivatives(beta, dtype, library):
    u = 3 * torch.randn(20, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)
    u[0] = 0.0
    z = u.double().numpy()
    wave = np.exp(1j * z - (beta * z) ** 2)
    expected = [wave, (1j - 2 * beta**2 * z) * wave, -2 * beta * z**2 * wave]
    tolerance = {"rtol": 0, "atol": 3e-6 if dtype == torch.float32 else 1e-13}
    for got, formula in zip(gabor_written(u, beta, library), expected, strict=True):
        np.testing.assert_allclose(got, np.concatenate([formula.real, formula.imag], axis=1), **tolerance)
    np.testing.assert_allclose(
        ACTIVATIONS["gabor"].function(u, beta), np.concatenate([wave.real, wave.imag], axis=1), **tolerance
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_gabor_is_finite_far_away(dtype):
    u = torch.tensor([[0.0, 1e-45, 1.0, -1.0, 1e6, -1e6]], dtype=dtype)
    for beta in (0.5, 30.0):
        assert all(array.isfinite().all() for array in gabor_written(u, beta, np))
