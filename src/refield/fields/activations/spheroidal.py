"""The prolate spheroidal wave function of order 0 and bandwidth c, and a natural cubic spline through it.

Of all functions of bandwidth c, psi(x) has the largest share of its energy in [-1, 1] (Slepian and Pollak, Bell System
Technical Journal 40(1), 1961). It solves ((1 - x^2) psi')' + (chi - c^2 x^2) psi = 0 with the smallest chi.

scipy is imported where it is used: few fields need it.
"""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

INTERVALS = 1024  # of the spline, to either side of 0: 33 kB of float32 in all, which a core's first cache holds
C_RANGE = 1e-3, 100.0  # below, psi is 1 wherever there are points; above, the table would not reach 1
VALUE_ERROR, SLOPE_ERROR = 1e-6, 1e-4  # of the spline


@dataclass(frozen=True)
class Spline:
    """psi(h (j + t)) = sum_m coefficients[j + first, m] t^m for 0 <= t < 1 and whole j; 0 in the first and last
    row, which stand for all x to the left and to the right of the table."""

    spacing: float  # h, a power of two: x / h is exact
    coefficients: Float64[np.ndarray, "rows 4"]

    @property
    def first(self) -> int:
        """The row of [0, h)."""
        return len(self.coefficients) // 2


def prolate(x: Float64[np.ndarray, " n"], c: float) -> Float64[np.ndarray, " n"]:
    """psi(x) / psi(0) at any x, to 1e-14.

    In [-1, 1] psi is a sum of Legendre polynomials, and everywhere its own Fourier integral over [-1, 1]; that of a
    Legendre polynomial is a spherical Bessel function.
    """
    from scipy.special import spherical_jn

    k, weights = _expansion(c)
    waves = spherical_jn(k[:, None], c * np.abs(x))  # real: k is even
    return (weights * (-1.0) ** (k // 2) * np.sqrt(2 * k + 1) / weights[0]) @ waves


@functools.cache
def spline(c: float) -> Spline:
    """The natural cubic spline through psi at multiples of h in [-R, R], R = 1024 h.

    The error of a cubic spline is at most 5/384 h^4 M and that of its slope h^3 M / 24, where M = max |psi''''|. As psi
    is the Fourier integral of itself over [-1, 1], where it is positive and falls from 0 on, M is psi''''(0), at most
    c^4 / 5; by the differential equation that is chi^2 - 6 chi + 2 c^2, and below 3 c^2 as chi < c. h is the largest
    power of two for which the errors are below 1e-6 and 1e-4.

    From 3/4 R, where |psi| is below 0.019 for c < 1 and less for larger c (0.0008 for c = 5, 1e-5 for c = 10), a factor
    brings psi to 0 at R. It has two continuous derivatives: beyond R value, slope and second derivative are 0, which is
    the end of a natural spline as well.
    """
    from scipy.interpolate import CubicSpline

    if not C_RANGE[0] <= c <= C_RANGE[1]:
        raise ValueError(f"c = {c} is not known; that of a prolate spheroidal wave function is in {list(C_RANGE)}")
    fourth = min(c**4 / 5, 3 * c**2)
    largest = min((VALUE_ERROR * 384 / 5 / fourth) ** (1 / 4), (SLOPE_ERROR * 24 / fourth) ** (1 / 3))
    spacing = 2.0 ** np.floor(np.log2(largest))
    j = np.arange(-INTERVALS, INTERVALS + 1)
    values = prolate(spacing * np.arange(INTERVALS + 1), c)[np.abs(j)]
    powers = CubicSpline(j, values * taper(j / INTERVALS), bc_type="natural").c[::-1].T
    return Spline(float(spacing), np.pad(powers, ((1, 1), (0, 0))))


def taper(x: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """1 up to |x| = 3/4, 0 from 1, and a polynomial between with two continuous derivatives."""
    t = np.clip(4 * np.abs(x) - 3, 0, 1)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2)


def _expansion(c: float) -> tuple[np.ndarray, np.ndarray]:
    """Even k (n,), and the weights (n,) in psi(x) = sum_k weights_k sqrt(k + 1/2) P_k(x): the differential equation's
    eigenvector of the smallest eigenvalue."""
    from scipy.linalg import eigh_tridiagonal

    k = np.arange(0, 2 * (20 + int(c)), 2)
    diagonal = k * (k + 1) + c**2 * (2 * k * (k + 1) - 1) / ((2 * k + 3) * (2 * k - 1))
    beside = c**2 * (k + 2) * (k + 1) / ((2 * k + 3) * np.sqrt((2 * k + 1) * (2 * k + 5)))
    _, weights = eigh_tridiagonal(diagonal, beside[:-1], select="i", select_range=(0, 0))
    return k, weights[:, 0]
