"""The impulse response of a raised-cosine filter, roll-off beta, without a singularity."""

import math

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work
from refield.fields.activations.sinc import TINY, sinc, write_parts


def raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    """sin(pi u) / (pi u) * cos(pi beta u) / (1 - (2 beta u)^2), roll-off beta; 1 at 0.

    By partial fractions the second factor is pi/4 (sinc(pi beta u - pi/2) + sinc(pi beta u + pi/2)).
    """
    p = math.pi * u
    b = beta * p
    return sinc(p) * (math.pi / 4 * (sinc(b - math.pi / 2) + sinc(b + math.pi / 2)))


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    """sinc(p) C(b), p = pi u, b = beta p. C = pi^2/4 sinc(y) / (y + pi), y = |b| - pi/2: even, as cosine is."""
    scratch, slope, beta, by_beta = work.scratch, work.slope, work.beta, work.by_beta
    y, sign, even = scratch[2:5]
    from_left = sign if by_beta is None else by_beta  # y + pi
    program.add("multiply", u, math.pi, out=u)
    program.add("multiply", u, beta, out=y)
    program.add("abs", y, out=from_left)
    if slope is not None:
        program.add("add", from_left, TINY, out=sign)
        program.add("divide", y, sign, out=sign)  # of b
    program.add("subtract", from_left, math.pi / 2, out=y)
    program.add("add", from_left, math.pi / 2, out=from_left)
    write_parts(program, y, out, scratch, even if slope is not None else None)
    program.add("divide", out, from_left, out=out)
    program.add("multiply", out, math.pi**2 / 4, out=out)  # C
    if by_beta is None:
        write_parts(program, u, y, scratch, None)
        program.add("multiply", out, y, out=out)
        return
    program.add("multiply", y, even, out=y)
    program.add("multiply", y, math.pi**2 / 4, out=y)
    program.add("subtract", y, out, out=y)
    program.add("divide", y, from_left, out=y)
    program.add("multiply", y, sign, out=y)  # C'(b)
    write_parts(program, u, sign, scratch, even)
    program.add("multiply", y, sign, out=y)
    program.add("multiply", u, y, out=by_beta)
    program.add("multiply", y, beta, out=y)
    program.add("multiply", u, even, out=u)
    program.add("multiply", u, out, out=u)
    program.add("add", u, y, out=u)
    program.add("multiply", u, math.pi, out=u)
    program.add("multiply", out, sign, out=out)


RAISED_COSINE = Activation(raised_cosine, write, scratch=5, shaped=True, trained=("amplitude", "omega", "beta"))
