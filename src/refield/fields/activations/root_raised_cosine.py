"""The impulse response of a root-raised-cosine filter, roll-off beta, 1 at 0, without a singularity."""

import math

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work
from refield.fields.activations.sinc import TINY, sinc, write_parts


def root_raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    """h(u) / h(0), h(u) = (sin(pi u (1 - beta)) + 4 beta u cos(pi u (1 + beta))) / (pi u (1 - (4 beta u)^2)), roll-off
    beta; h(0) = 1 + (4/pi - 1) beta, which is 0 at beta = -3.66.

    By partial fractions h(u) = (1 - beta) sinc((1 - beta) p) + beta (sinc(beta p - pi/4) cos(p - pi/4)
    + sinc(beta p + pi/4) cos(p + pi/4)) with p = pi u.
    """
    import torch

    p, eighth = math.pi * u, math.pi / 4
    b = beta * p
    left, right = sinc(b - eighth) * torch.cos(p - eighth), sinc(b + eighth) * torch.cos(p + eighth)
    return ((1 - beta) * sinc((1 - beta) * p) + beta * (left + right)) / (1 + (4 / math.pi - 1) * beta)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    """((1 - beta) sinc(r) + beta Y) / n, Y = sinc(e) cos(f) - sinc(e + pi/2) sin(f), n = 1 + (4/pi - 1) beta, with
    r = (1 - beta) p, e = beta p - pi/4 and f = p - pi/4.

    It is even: p = pi |u|, or -pi |u| if beta < 0, so that e + pi/2 is never small.
    """
    scratch, slope, beta, by_beta = work.scratch, work.slope, work.beta, work.by_beta
    assert not isinstance(beta, float)
    a, b, r, cos_r, e, left, right, even = scratch
    p = cos_r if by_beta is None else by_beta
    slope_of_n = 4 / math.pi - 1
    factor, rest, per_n, rest_per_n, shrink = (number.view(()) for number in u.new_empty(5).split(1))
    program.add("copysign", u.new_tensor(math.pi), beta, out=factor)
    program.add("multiply", beta, -1.0, out=rest)
    program.add("add", rest, 1.0, out=rest)
    program.add("multiply", beta, slope_of_n, out=per_n)
    program.add("add", per_n, 1.0, out=per_n)
    program.add("reciprocal", per_n, out=per_n)
    program.add("multiply", rest, per_n, out=rest_per_n)
    program.add("multiply", per_n, slope_of_n, out=shrink)

    program.add("abs", u, out=p)
    if slope is not None:
        program.add("add", p, TINY, out=a)
        program.add("divide", u, a, out=u)  # the sign of u
    program.add("multiply", p, factor, out=p)
    program.add("multiply", p, rest, out=r)
    write_parts(program, r, out, scratch, even if slope is not None else None, cos_r if slope is not None else None)
    program.add("multiply", out, rest_per_n, out=out)
    if slope is not None:
        program.add("multiply", r, even, out=r)
    program.add("multiply", p, beta, out=e)
    program.add("subtract", e, math.pi / 4, out=e)
    write_parts(program, e, left, scratch, even if slope is not None else None, right)
    program.add("add", e, math.pi / 2, out=a)
    if slope is not None:
        program.add("multiply", e, left, out=b)
        program.add("multiply", e, even, out=e)
    program.add("divide", right, a, out=right)  # sinc(e + pi/2)
    if slope is not None:
        program.add("add", b, right, out=b)
        program.add("divide", b, a, out=b)  # -sinc'(e + pi/2)
    program.add("subtract", p, math.pi / 4, out=a)
    program.add("cos", a, out=even)
    program.add("sin", a, out=a)
    program.add("multiply", even, per_n, out=even)
    program.add("multiply", a, per_n, out=a)
    if by_beta is None:
        program.add("multiply", left, even, out=left)
        program.add("multiply", right, a, out=right)
        program.add("subtract", left, right, out=left)
        program.add("multiply", left, beta, out=left)
        program.add("add", out, left, out=out)
        return

    # Y, its derivative by e and its derivative by -f, each over n
    program.add("multiply", e, even, out=e)
    program.add("multiply", b, a, out=b)
    program.add("add", e, b, out=e)
    program.add("multiply", left, even, out=b)
    program.add("multiply", left, a, out=left)
    program.add("multiply", a, right, out=a)
    program.add("subtract", b, a, out=b)
    program.add("multiply", right, even, out=right)
    program.add("add", left, right, out=left)

    program.add("multiply", b, beta, out=a)
    program.add("add", out, a, out=out)

    program.add("multiply", r, rest_per_n, out=r)
    program.add("multiply", r, rest, out=r)
    program.add("multiply", e, beta, out=e)
    program.add("subtract", e, left, out=left)
    program.add("multiply", left, beta, out=left)
    program.add("add", r, left, out=r)
    program.add("multiply", r, factor, out=r)
    program.add("multiply", u, r, out=u)

    program.add("multiply", by_beta, e, out=by_beta)
    program.add("add", by_beta, b, out=by_beta)
    program.add("multiply", cos_r, per_n, out=cos_r)
    program.add("subtract", by_beta, cos_r, out=by_beta)
    program.add("multiply", out, shrink, out=a)
    program.add("subtract", by_beta, a, out=by_beta)


ROOT_RAISED_COSINE = Activation(
    root_raised_cosine, write, scratch=8, shaped=True, trained=("amplitude", "omega", "phase", "beta")
)
