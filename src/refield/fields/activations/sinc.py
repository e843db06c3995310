"""sin(u) / u without a singularity, and the calls that other activations are made of."""

import math
from collections.abc import Sequence

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work

TINY = 1e-18  # far below the last digit of 1


def sinc(u: Tensor) -> Tensor:
    """sin(u) / u, 1 at 0."""
    import torch

    near = u.abs() < (1 / 2 if u.element_size() < 8 else 1 / 32)  # where the series is as good as the quotient
    q = torch.where(near, u, 0).square()
    far = torch.where(near, 1, u)
    return torch.where(near, ((-q / 5040 + 1 / 120) * q - 1 / 6) * q + 1, torch.sin(far) / far)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    even = work.scratch[2] if work.slope is not None else None
    write_parts(program, u, out, work.scratch, even)
    if even is not None:
        program.add("multiply", u, even, out=u)


def write_parts(
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


SINC = Activation(sinc, write, scratch=3, trained=("omega",))
