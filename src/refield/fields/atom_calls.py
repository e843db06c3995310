"""The functions of `atoms`, with their slopes, as calls on arrays that are there already.

Each `write_*(program, u, out, scratch, slope, ...)` adds the calls that put f(u) into `out` and, if `slope`, f'(u) into
the place of u, which is spoilt otherwise. A shape parameter `beta` is a tensor of shape (), which the calls read
whenever they are made; the slope by it comes into `by_beta`, which there need not be without `slope`. All arrays have
one shape and precision and none overlaps another. SCRATCH says how many each needs; what they hold means nothing
before and after. The calls are those that numpy and torch have in common.

A pass over memory takes up to a quarter of a sine's time. So there is no mask: `clip` keeps arguments away from
singular points, and a short series, which is exactly 0 elsewhere, leads back. (numpy's `maximum` with a number,
`copysign` and `sign` take three to five times as long as its `clip` and `divide`.)
"""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from refield.arrays import Tensor
from refield.fields import prolate
from refield.fields.atoms import LARGEST_FACTOR, prolate_table

SCRATCH = {
    "sine": 0,
    "gaussian": 0,
    "sinc": 3,
    "raised_cosine": 5,
    "root_raised_cosine": 8,
    "prolate": 2,  # and an array of int64
    "finer": 1,
    "relu": 0,
    "leaky_relu": 0,
}
TINY = 1e-18  # far below the last digit of 1


@runtime_checkable
class Program(Protocol):
    """Calls that are written down once and made many times."""

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        """A function that numpy and torch have in common."""

    def truncate(self, numbers: Tensor, out: Tensor) -> None:
        """Numbers as integers."""

    def take(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        """The numbers in places `index` of a table (m,), each at least 0 and below m."""


def write_sine(program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool) -> None:
    program.add("sin", u, out=out)
    if slope:
        program.add("cos", u, out=u)


def write_gaussian(program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool) -> None:
    program.add("clip", u, -1e18, 1e18, out=u)  # whose square is a float32 number
    program.add("multiply", u, -1.0, out=out)
    program.add("multiply", out, u, out=out)
    program.add("exp", out, out=out)
    if slope:
        program.add("multiply", u, -2.0, out=u)
        program.add("multiply", u, out, out=u)


def write_sinc(program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool) -> None:
    even = scratch[2] if slope else None
    write_sinc_parts(program, u, out, scratch, even)
    if even is not None:
        program.add("multiply", u, even, out=u)


def write_sinc_parts(
    program: Program,
    u: Tensor,
    out: Tensor,
    scratch: Sequence[Tensor],
    even: Tensor | None,
    cosine: Tensor | None = None,
) -> None:
    """sinc(u) into `out`, G = sinc'(u) / u into `even` and cos(u) into `cosine`; u is left, two arrays are scratch.

    G = (cos u - sinc u) / q with q = u^2, which loses its digits near 0, where it is P = -1/3 + q/30 - q^2/840
    + q^3/45360 - ... . So with Q = max(q, d^2), G = (cos u - sinc u) / Q + (1 - q/Q) P. Instead of q^3 stands the
    parabola that meets it at 1/8, 1/2 and 7/8 of d^2: the slope's error is below 1e-7 (float64: below 1e-16). d^2 has
    no rounding, so that the second summand is exactly 0 beyond d.
    """
    a, b = scratch[:2]
    program.add("abs", u, out=a)
    program.add("add", a, TINY, out=a)
    program.add("sin", a, out=out)
    program.add("divide", out, a, out=out)
    cosine = even if cosine is None else cosine
    if cosine is not None:
        program.add("cos", a, out=cosine)
    if even is None or cosine is None:
        return
    d = 7 / 8 if u.element_size() < 8 else 1 / 32
    square = d**2
    third = 1.5 * square / 45360 - 1 / 840
    second = 1 / 30 - 39 / 64 * square**2 / 45360
    first = 7 / 128 * square**3 / 45360 - 1 / 3
    program.add("subtract", cosine, out, out=even)
    program.add("clip", a, d, math.inf, out=a)
    program.add("divide", even, a, out=even)
    program.add("divide", even, a, out=even)
    program.add("clip", u, -d, d, out=a)
    program.add("square", a, out=a)
    program.add("subtract", a, square, out=a)  # q - Q
    program.add("multiply", a, -third / square, out=b)
    program.add("add", b, -(second + 2 * third * square) / square, out=b)
    program.add("multiply", b, a, out=b)
    program.add("add", b, -(first + second * square + third * square**2) / square, out=b)
    program.add("multiply", b, a, out=b)
    program.add("add", even, b, out=even)


def write_prolate(
    program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool, c: float, index: Tensor
) -> None:
    """`index` holds int64."""
    a, b = scratch[:2]
    spline, table = prolate.spline(c), prolate_table(c, u.dtype, u.device)
    program.add("multiply", u, 1 / spline.spacing, out=u)
    program.add("clip", u, -float(prolate.INTERVALS + 1), float(prolate.INTERVALS), out=u)
    program.add("floor", u, out=a)
    program.add("subtract", u, a, out=u)
    program.add("add", a, float(spline.first), out=a)
    program.truncate(a, out=index)
    program.add("clip", index, 0, table.shape[1] - 1, out=index)  # wherever u is no number
    program.take(table[3], index, out=a)
    program.add("multiply", a, u, out=a)
    program.take(table[2], index, out=b)
    program.add("add", b, a, out=b)
    if slope:
        program.add("add", a, b, out=a)
        program.add("multiply", a, u, out=a)
    program.add("multiply", b, u, out=b)
    program.take(table[1], index, out=out)
    program.add("add", b, out, out=b)
    if slope:
        program.add("add", a, b, out=a)
    program.add("multiply", b, u, out=b)
    program.take(table[0], index, out=out)
    program.add("add", out, b, out=out)
    if slope:
        program.add("multiply", a, 1 / spline.spacing, out=u)


def write_finer(program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool, omega: float) -> None:
    factor = scratch[0]
    program.add("abs", u, out=factor)
    program.add("divide", factor, omega, out=factor)
    program.add("add", factor, 1.0, out=factor)
    program.add("clip", factor, 1.0, LARGEST_FACTOR, out=factor)
    program.add("multiply", u, factor, out=u)
    program.add("sin", u, out=out)
    if slope:
        program.add("cos", u, out=u)
        program.add("multiply", u, factor, out=u)


def write_relu(program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool) -> None:
    program.add("clip", u, 0.0, math.inf, out=out)
    if slope:
        program.add("greater", u, 0.0, out=u)


def write_leaky_relu(
    program: Program, u: Tensor, out: Tensor, scratch: Sequence[Tensor], slope: bool, leak: float
) -> None:
    program.add("multiply", u, leak, out=out)
    program.add("maximum", u, out, out=out)
    if slope:
        program.add("greater", u, 0.0, out=u)
        program.add("multiply", u, 1 - leak, out=u)
        program.add("add", u, leak, out=u)
