"""The two raised cosines as calls on arrays; `atom_calls` says how they are made.

By partial fractions both are sums and products of sinc and cosine (see `atoms`), and so are their slopes by u and beta.
"""

import math
from collections.abc import Sequence

from refield.arrays import Tensor
from refield.fields.atom_calls import TINY, Program, write_sinc_parts


def write_raised_cosine(
    program: Program,
    u: Tensor,
    out: Tensor,
    scratch: Sequence[Tensor],
    slope: bool,
    beta: Tensor,
    by_beta: Tensor | None = None,
) -> None:
    """sinc(p) C(b), p = pi u, b = beta p. C = pi^2/4 sinc(y) / (y + pi), y = |b| - pi/2: even, as cosine is."""
    y, sign, even = scratch[2:5]
    from_left = sign if by_beta is None else by_beta  # y + pi
    program.add("multiply", u, math.pi, out=u)
    program.add("multiply", u, beta, out=y)
    program.add("abs", y, out=from_left)
    if slope:
        program.add("add", from_left, TINY, out=sign)
        program.add("divide", y, sign, out=sign)  # of b
    program.add("subtract", from_left, math.pi / 2, out=y)
    program.add("add", from_left, math.pi / 2, out=from_left)
    write_sinc_parts(program, y, out, scratch, even if slope else None)
    program.add("divide", out, from_left, out=out)
    program.add("multiply", out, math.pi**2 / 4, out=out)  # C
    if by_beta is None:
        write_sinc_parts(program, u, y, scratch, None)
        program.add("multiply", out, y, out=out)
        return
    program.add("multiply", y, even, out=y)
    program.add("multiply", y, math.pi**2 / 4, out=y)
    program.add("subtract", y, out, out=y)
    program.add("divide", y, from_left, out=y)
    program.add("multiply", y, sign, out=y)  # C'(b)
    write_sinc_parts(program, u, sign, scratch, even)
    program.add("multiply", y, sign, out=y)
    program.add("multiply", u, y, out=by_beta)
    program.add("multiply", y, beta, out=y)
    program.add("multiply", u, even, out=u)
    program.add("multiply", u, out, out=u)
    program.add("add", u, y, out=u)
    program.add("multiply", u, math.pi, out=u)
    program.add("multiply", out, sign, out=out)


def write_root_raised_cosine(
    program: Program,
    u: Tensor,
    out: Tensor,
    scratch: Sequence[Tensor],
    slope: bool,
    beta: Tensor,
    by_beta: Tensor | None = None,
) -> None:
    """((1 - beta) sinc(r) + beta Y) / n, Y = sinc(e) cos(f) - sinc(e + pi/2) sin(f), n = 1 + (4/pi - 1) beta, with
    r = (1 - beta) p, e = beta p - pi/4 and f = p - pi/4.

    It is even: p = pi |u|, or -pi |u| if beta < 0, so that e + pi/2 is never small.
    """
    a, b, r, cos_r, e, left, right, even = scratch[:8]
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
    if slope:
        program.add("add", p, TINY, out=a)
        program.add("divide", u, a, out=u)  # the sign of u
    program.add("multiply", p, factor, out=p)
    program.add("multiply", p, rest, out=r)
    write_sinc_parts(program, r, out, scratch, even if slope else None, cos_r if slope else None)
    program.add("multiply", out, rest_per_n, out=out)
    if slope:
        program.add("multiply", r, even, out=r)
    program.add("multiply", p, beta, out=e)
    program.add("subtract", e, math.pi / 4, out=e)
    write_sinc_parts(program, e, left, scratch, even if slope else None, right)
    program.add("add", e, math.pi / 2, out=a)
    if slope:
        program.add("multiply", e, left, out=b)
        program.add("multiply", e, even, out=e)
    program.add("divide", right, a, out=right)  # sinc(e + pi/2)
    if slope:
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
