"""The prolate spheroidal wave function against scipy's in [-1, 1] and its own Fourier integral anywhere; its spline."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import pro_ang1, pro_cv, spherical_jn

from refield.fields.activations.spheroidal import C_RANGE, INTERVALS, prolate, spline, taper

BANDWIDTHS = [0.5, 1.0, 3.0, 5.0, 10.0, 20.0]


def evaluate(table, x, dtype=np.float64):
    """Value and slope of a spline at x, in the arithmetic of a dtype."""
    x, table_of = x.astype(dtype), table.coefficients.astype(dtype)
    s = x / dtype(table.spacing)
    j = np.floor(s)
    a, b, c, d = table_of[np.clip(j.astype(int) + table.first, 0, len(table_of) - 1)].T
    t = s - j
    return ((d * t + c) * t + b) * t + a, ((3 * d * t + 2 * c) * t + b) / dtype(table.spacing)


def around_knots(table):
    """Points on knots and beside them, between them, on the table's ends and beyond."""
    h, last = table.spacing, table.spacing * INTERVALS
    knots = np.array([0, 1, 2, 7, INTERVALS // 2, INTERVALS * 3 // 4, INTERVALS - 2, INTERVALS - 1, INTERVALS]) * h
    knots = np.concatenate([-knots, knots])
    beside = (knots[:, None] + h * np.array([0, 1e-6, -1e-6, 1e-3, -1e-3, 0.21, 0.5])).ravel()
    return np.concatenate([beside, np.linspace(-1.1 * last, 1.1 * last, 701), np.linspace(-3, 3, 701)])


@pytest.mark.parametrize("c", BANDWIDTHS)
def test_inside_it_is_scipys(c):
    x = np.concatenate([np.linspace(0, 0.999, 50), [1e-300, 1e-9, 1 - 1e-9]])
    expected = pro_ang1(0, 0, c, x)[0] / pro_ang1(0, 0, c, 0.0)[0]
    np.testing.assert_allclose(prolate(x, c), expected, atol=2e-12)
    np.testing.assert_array_equal(prolate(-x, c), prolate(x, c))


@pytest.mark.parametrize("c", [*BANDWIDTHS, *C_RANGE])
def test_it_is_its_own_fourier_integral(c):
    """Over [-1, 1], but for a factor: inside, on the edge and far outside, where scipy has no values."""
    t, weights = np.polynomial.legendre.leggauss(400)
    x = np.concatenate([np.linspace(0, 3, 40), [1 - 1e-12, 1 + 1e-12, 300 / max(c, 1)]])
    integral = (weights * prolate(t, c)) @ np.cos(c * np.outer(t, x))
    np.testing.assert_allclose(integral / (weights @ prolate(t, c)), prolate(x, c), atol=1e-13)


@pytest.mark.parametrize("c", BANDWIDTHS)
def test_it_solves_the_differential_equation_of_the_smallest_eigenvalue(c):
    x, h = np.linspace(0, 4, 41), 1e-3
    left, middle, right = (prolate(np.abs(x + step), c) for step in (-h, 0, h))
    first, second = (right - left) / (2 * h), (right - 2 * middle + left) / h**2
    residual = (1 - x**2) * second - 2 * x * first + (pro_cv(0, 0, c) - (c * x) ** 2) * middle
    assert np.abs(residual).max() < 1e-5 * max(c, 1) ** 4


def test_a_small_bandwidth_is_sinc():
    x = np.linspace(0, 30_000, 101)
    np.testing.assert_allclose(prolate(x, 1e-3), spherical_jn(0, 1e-3 * x), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("c", [*BANDWIDTHS, *C_RANGE])
def test_the_spline_is_as_exact_as_it_says(c, dtype):
    table = spline(c)
    last, h = table.spacing * INTERVALS, 1e-4 * table.spacing
    x = around_knots(table).astype(dtype).astype(float)

    def target(x):
        return np.where(np.abs(x) <= 0.75 * last, 1, taper(x / last)) * prolate(x, c)

    value, slope = evaluate(table, x, dtype)
    assert value.dtype == slope.dtype == dtype
    assert np.abs(value - target(x)).max() < 1e-6
    assert np.abs(slope - (target(x + h) - target(x - h)) / (2 * h)).max() < 1e-4


@pytest.mark.parametrize("c", [*BANDWIDTHS, *C_RANGE])
def test_single_precision_evaluates_scipys_natural_spline(c):
    """Its values and, where the spline's own slope is the wave's to 1e-4 only, that slope: both to 1e-6."""
    table = spline(c)
    knots = table.spacing * np.arange(-INTERVALS, INTERVALS + 1)
    at_knots = table.coefficients[1:, 0]
    assert len(at_knots) == len(knots)
    x = around_knots(table)
    x = x[np.abs(x) < knots[-1]].astype(np.float32)
    natural = CubicSpline(knots, at_knots, bc_type="natural")
    value, slope = evaluate(table, x, np.float32)
    steepest = max(1.0, np.abs(natural(x.astype(float), 1)).max())
    assert np.abs(value - natural(x.astype(float))).max() < 1e-6
    assert np.abs(slope - natural(x.astype(float), 1)).max() < 1e-6 * steepest


@pytest.mark.parametrize("c", [*BANDWIDTHS, *C_RANGE])
def test_the_spline_is_natural_and_smooth_and_zero_beyond_its_ends(c):
    a, b, c2, d = spline(c).coefficients[1:-1].T
    for left, right in [
        (a + b + c2 + d, a),
        (b + 2 * c2 + 3 * d, b),
        (2 * c2 + 6 * d, 2 * c2),
    ]:
        np.testing.assert_allclose(left[:-1], right[1:], atol=1e-15)
    assert abs(c2[0]) < 1e-15
    assert abs(c2[-1] + 3 * d[-1]) < 1e-15
    assert a[0] == 0
    assert abs(a[-1] + b[-1] + c2[-1] + d[-1]) < 1e-15
    table = spline(c)
    assert not table.coefficients[[0, -1]].any()
    assert table.coefficients[table.first, 0] == 1
    assert np.log2(table.spacing) % 1 == 0


@pytest.mark.parametrize(("c", "largest"), [(1e-3, 0.019), (0.5, 0.019), (1.0, 0.019), (5.0, 0.0008), (10.0, 1.1e-5)])
def test_what_the_ends_cut_off_is_small(c, largest):
    table = spline(c)
    last = table.spacing * INTERVALS
    assert last >= 1
    assert np.abs(prolate(np.linspace(0.75 * last, 2 * last, 5000), c)).max() < largest


def test_a_table_is_small_and_made_once():
    assert spline(3.0) is spline(3.0)
    assert spline(3.0).coefficients.astype(np.float32).nbytes < 33_000


@pytest.mark.parametrize("c", [0.0, -1.0, 101.0, float("nan"), float("inf")])
def test_an_unknown_bandwidth_is_refused(c):
    with pytest.raises(ValueError, match=r"in \[0\.001, 100\.0\]"):
        spline(c)
