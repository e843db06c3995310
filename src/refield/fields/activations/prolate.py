"""The prolate spheroidal wave function of order 0, by the natural cubic spline of `spheroidal`."""

import functools
from typing import Any

from refield.arrays import Tensor
from refield.fields.activations import spheroidal
from refield.fields.activations.activation import Activation, Program, Work


def prolate(u: Tensor, beta: float) -> Tensor:
    """The prolate spheroidal wave function of order 0 and bandwidth beta, 1 at 0: the natural cubic spline."""
    import torch

    spline, table = spheroidal.spline(beta), prolate_table(beta, u.dtype, u.device)
    s = u / spline.spacing
    whole = torch.floor(s.detach())
    t = s - whole
    row = whole.clamp(-spheroidal.INTERVALS - 1, spheroidal.INTERVALS).add(spline.first).long()
    first, second, third, fourth = table[:, row.clamp(0, table.shape[1] - 1)]  # for what is no number, a row as well
    return ((fourth * t + third) * t + second) * t + first


@functools.cache
def prolate_table(c: float, dtype: Any, device: Any) -> Tensor:
    """The spline's coefficients (4, rows); kept, as a captured graph goes on to read them."""
    import torch

    return torch.as_tensor(spheroidal.spline(c).coefficients.T.copy(), dtype=dtype, device=device)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    (a, b), slope, index = work.scratch, work.slope, work.index
    assert isinstance(work.beta, float)
    assert index is not None
    spline, table = spheroidal.spline(work.beta), prolate_table(work.beta, u.dtype, u.device)
    program.add("multiply", u, 1 / spline.spacing, out=u)
    program.add("clip", u, -float(spheroidal.INTERVALS + 1), float(spheroidal.INTERVALS), out=u)
    program.add("floor", u, out=a)
    program.add("subtract", u, a, out=u)
    program.add("add", a, float(spline.first), out=a)
    program.truncate(a, out=index)
    program.add("clip", index, 0, table.shape[1] - 1, out=index)  # wherever u is no number
    program.take(table[3], index, out=a)
    program.add("multiply", a, u, out=a)
    program.take(table[2], index, out=b)
    program.add("add", b, a, out=b)
    if slope is not None:
        program.add("add", a, b, out=a)
        program.add("multiply", a, u, out=a)
    program.add("multiply", b, u, out=b)
    program.take(table[1], index, out=out)
    program.add("add", b, out, out=b)
    if slope is not None:
        program.add("add", a, b, out=a)
    program.add("multiply", b, u, out=b)
    program.take(table[0], index, out=out)
    program.add("add", out, b, out=out)
    if slope is not None:
        program.add("multiply", a, 1 / spline.spacing, out=u)


PROLATE = Activation(prolate, write, scratch=2, shaped=True, trained=("amplitude", "omega"), indexed=True)
